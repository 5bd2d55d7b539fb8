"""What every channel must do, whoever provides it: written once, inherited by the tests of each channel.

class TestTwilioKeepsTheContract(ChannelContract):
    @pytest.fixture
    def stage(self) -> Iterator[ChannelStage]:
        yield ...
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest

from bot.channels.channel import (
    STATUS_PATH,
    Ambiguous,
    Channel,
    DeliveryStatus,
    FailureAction,
    FaultOf,
    Form,
    Found,
    MediaRefused,
    NotThere,
    Rejected,
    RetryLater,
    SendOutcomeUnknown,
    SetAside,
    TooLateToSend,
    WebhookRefused,
    WebhookRequest,
)
from bot.channels.message_text import units
from memory.conversations.channel_messages import Button, DeliveryState, Inbound, Media, OutboxRow, Outgoing

PERSON = "+34600000001"
BUTTONS = (Button("Yes, order", "yes"), Button("No", "no"))


class ChannelStage(Protocol):
    """A channel with its provider and one person (PERSON) who chats; the person has written nothing yet."""

    channel: Channel
    ours: str  # our number

    def now(self) -> datetime:
        """The time at the provider and at the channel."""

    def hours_pass(self, hours: float) -> None: ...

    def person_writes(self, text: str) -> WebhookRequest:
        """What the provider posts to us, once it was posted."""

    def person_sends_picture(self, content: bytes) -> WebhookRequest: ...

    def person_presses(self, title: str) -> WebhookRequest:
        """A button of the newest message that has it."""

    def person_blocks_us(self) -> None: ...

    def person_heard(self, count: int) -> list[str]:
        """The bodies that reached the person, in order, as soon as there are `count`."""

    def statuses(self, count: int) -> list[WebhookRequest]:
        """The status requests that the provider posted, in order, as soon as there are `count`."""

    def lose_next_answer(self) -> None:
        """The next message is taken, and we never hear so."""

    def drop_next_message(self) -> None:
        """The connection breaks before the next message is taken."""

    def throttle_next_message(self, seconds: int) -> None: ...

    def approved_template(self, body: str) -> str:
        """The id of a template; its variables are {{1}}, {{2}}."""


class ChannelContract:
    """Inherit it, and say in a fixture `stage` how the channel is set up."""

    @pytest.fixture
    def stage(self) -> Any:
        raise NotImplementedError("each channel sets up its own stage")

    # What comes in

    def test_a_message_is_signed_and_read(self, stage: ChannelStage) -> None:
        posted = stage.person_writes("hola 👋")
        stage.channel.check_request(posted)
        message = read_message(stage, posted)
        assert (message.body, message.kind, message.urgent) == ("hola 👋", "text", False)
        assert (message.sender.raw, message.sender.phone, message.to) == (f"whatsapp:{PERSON}", PERSON, stage.ours)
        assert message.received_at == stage.now()
        assert message.raw == dict(posted.form)

    def test_two_messages_have_two_ids_and_one_has_one(self, stage: ChannelStage) -> None:
        posted = stage.person_writes("again")
        first, second = read_message(stage, posted), read_message(stage, stage.person_writes("again"))
        assert first.provider_id != second.provider_id
        assert read_message(stage, posted).provider_id == first.provider_id

    def test_what_the_provider_did_not_sign_is_refused(self, stage: ChannelStage) -> None:
        posted = stage.person_writes("hello")
        for forged in (
            replace(posted, headers={}),
            replace(posted, form=[*posted.form, ("Extra", "1")]),
            replace(posted, form=list(posted.form)[1:]),
            replace(posted, path=STATUS_PATH),
            replace(posted, query="outbox=1"),
        ):
            with pytest.raises(WebhookRefused):
                stage.channel.check_request(forged)

    @pytest.mark.parametrize("form", [[], [("a", "b")], [("", "")], [("Body", "\x00"), ("Body", "é" * 5000)]])
    def test_a_form_that_says_nothing_is_set_aside(self, stage: ChannelStage, form: Form) -> None:
        assert isinstance(stage.channel.read_form(form), SetAside)

    def test_of_a_real_form_any_part_may_be_missing(self, stage: ChannelStage) -> None:
        posted = stage.person_writes("hello")
        provider_id = read_message(stage, posted).provider_id
        for left_out in range(len(posted.form)):
            read = stage.channel.read_form([*posted.form[:left_out], *posted.form[left_out + 1 :]])
            assert isinstance(read, SetAside) or (isinstance(read, Inbound) and read.provider_id == provider_id)

    def test_stop_is_urgent(self, stage: ChannelStage) -> None:
        assert read_message(stage, stage.person_writes("STOP")).urgent

    def test_a_picture_is_fetched(self, stage: ChannelStage) -> None:
        message = read_message(stage, stage.person_sends_picture(b"\xff\xd8picture"))
        assert message.kind == "image"
        [picture] = message.media
        assert picture.content_type == "image/jpeg"
        assert stage.channel.fetch_media(picture) == b"\xff\xd8picture"

    @pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "file:///etc/passwd", "https://evil.example/x"])
    def test_nothing_is_fetched_from_elsewhere(self, stage: ChannelStage, url: str) -> None:
        with pytest.raises(MediaRefused):
            stage.channel.fetch_media(Media(url, "image/jpeg"))

    # What goes out

    def test_a_message_arrives_and_its_statuses_name_our_row(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        provider_id = stage.channel.send(a_row(stage, "Buenos días"), at_any_time)
        assert stage.person_heard(1) == ["Buenos días"]
        statuses = [read_status(stage, posted) for posted in stage.statuses(2)]
        assert {(each.provider_id, each.outbox_id, each.error_code) for each in statuses} == {(provider_id, 7, None)}
        assert [each.state for each in statuses] == [DeliveryState.SENT, DeliveryState.DELIVERED]

    def test_a_long_text_arrives_in_parts_that_fit(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        text = " ".join(f"sentence {n} 👍." for n in range(400))
        parts = stage.channel.limits.parts(Outgoing(text, buttons=BUTTONS))
        assert [bool(part.buttons) for part in parts] == [False] * (len(parts) - 1) + [True]
        assert units(parts[-1].body) <= stage.channel.limits.text_with_buttons
        for number, part in enumerate(parts, 1):
            stage.channel.send(a_row(stage, part.body, id=number), at_any_time)
            assert len(stage.person_heard(number)) == number
        assert " ".join(stage.person_heard(len(parts))) == text

    def test_a_text_over_the_limit_is_our_fault(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        with pytest.raises(Rejected) as rejected:
            stage.channel.send(a_row(stage, "x" * (stage.channel.limits.text + 1)), at_any_time)
        verdict = rejected.value.verdict
        assert (verdict.action, verdict.fault_of) == (FailureAction.GIVE_UP, FaultOf.PROGRAM)

    def test_a_pressed_button_comes_back_with_its_payload(self, stage: ChannelStage) -> None:
        stage.person_writes("one please")
        provider_id = stage.channel.send(a_row(stage, "Order it?", buttons=BUTTONS), at_any_time)
        stage.person_heard(1)
        pressed = read_message(stage, stage.person_presses("Yes, order"))
        assert (pressed.kind, pressed.payload, pressed.urgent) == ("button", "yes", True)
        assert pressed.replied_to == provider_id

    def test_buttons_that_do_not_fit_are_written_out(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        many = tuple(Button(f"Number {n}", str(n)) for n in range(stage.channel.limits.buttons + 1))
        stage.channel.send(a_row(stage, "Which?", buttons=many), at_any_time)
        [body] = stage.person_heard(1)
        assert all(button.title in body for button in many)

    def test_typing_never_fails(self, stage: ChannelStage) -> None:
        message = read_message(stage, stage.person_writes("hi"))
        stage.channel.show_typing(message.provider_id)
        stage.channel.show_typing("no such message")

    # What fails

    def test_a_throttled_message_waits_as_long_as_asked(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        stage.throttle_next_message(17)
        with pytest.raises(RetryLater) as later:
            stage.channel.send(a_row(stage), at_any_time)
        assert later.value.after_seconds == 17
        assert PERSON not in str(later.value)

    def test_a_lost_answer_is_looked_up_and_found(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        before = stage.channel.send(a_row(stage), at_any_time)
        stage.lose_next_answer()
        with pytest.raises(SendOutcomeUnknown):
            stage.channel.send(a_row(stage), at_any_time)
        found = stage.channel.look_up(a_row(stage), {before})
        assert isinstance(found, Found)
        assert found.provider_id != before
        undecided = stage.channel.look_up(a_row(stage), set())
        assert isinstance(undecided, Ambiguous)
        assert set(undecided.provider_ids) == {before, found.provider_id}
        assert stage.channel.look_up(a_row(stage, "Other words"), set()) == NotThere()
        later = a_row(stage, first_tried_at=stage.now() + timedelta(days=2))
        assert stage.channel.look_up(later, set()) == NotThere()

    def test_nothing_is_sent_once_it_is_too_late(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        for buttons in ((), BUTTONS):
            with pytest.raises(TooLateToSend):
                stage.channel.send(a_row(stage, buttons=buttons), too_late)
        stage.channel.send(a_row(stage, "in time"), at_any_time)
        assert stage.person_heard(1) == ["in time"]
        assert stage.channel.look_up(a_row(stage), set()) == NotThere()

    def test_the_time_is_checked_after_the_connection_is_made(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        asked: list[str] = []
        stage.channel.send(a_row(stage), lambda: asked.append("asked"))
        assert asked, "the message went out unchecked"

    def test_a_template_in_doubt_is_found_whatever_its_text(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        template = stage.approved_template("Your order {{1}} is ready, {{2}}")
        row = a_row(stage, "your order is ready", template_id=template, template_variables={"1": "A7", "2": "Maria"})
        sent = stage.channel.send(row, at_any_time)
        assert stage.channel.look_up(row, set()) == Found(sent)

    def test_what_was_sent_before_the_last_known_message_is_not_taken_for_a_new_one(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        stage.channel.send(a_row(stage), at_any_time)  # of a database that was lost
        stage.hours_pass(1)
        known = stage.channel.send(a_row(stage, "Anything else?"), at_any_time)
        assert stage.channel.look_up(a_row(stage), {known}) == NotThere()

    def test_a_message_that_was_not_taken_is_not_there(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        stage.drop_next_message()
        with pytest.raises((SendOutcomeUnknown, RetryLater)):
            stage.channel.send(a_row(stage), at_any_time)
        assert stage.channel.look_up(a_row(stage), set()) == NotThere()

    def test_outside_the_window_only_a_template_goes_out(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        stage.hours_pass(25)
        assert failed_action(stage, a_row(stage)) is FailureAction.NEEDS_TEMPLATE
        template = stage.approved_template("Your order {{1}} is ready, {{2}}")
        stage.channel.send(
            a_row(stage, "", template_id=template, template_variables={"1": "A7", "2": "Maria"}), at_any_time
        )
        assert stage.person_heard(1) == ["Your order A7 is ready, Maria"]

    def test_a_template_that_does_not_exist_is_used_no_more(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        template_id = stage.approved_template("Hello")
        unknown = template_id[:-1] + ("0" if template_id[-1] != "0" else "1")
        assert failed_action(stage, a_row(stage, "", template_id=unknown)) is FailureAction.TEMPLATE_UNUSABLE

    def test_a_person_who_blocked_us_has_opted_out(self, stage: ChannelStage) -> None:
        stage.person_writes("hi")
        stage.person_blocks_us()
        assert failed_action(stage, a_row(stage)) is FailureAction.BLOCKED

    def test_an_address_of_nobody_is_unreachable(self, stage: ChannelStage) -> None:
        assert failed_action(stage, a_row(stage, to="whatsapp:+0")) is FailureAction.UNREACHABLE

    def test_an_error_that_nobody_knows_is_given_up(self, stage: ChannelStage) -> None:
        assert stage.channel.verdict(987654).action is FailureAction.GIVE_UP
        assert stage.channel.verdict(None).action is FailureAction.GIVE_UP

    # What is there

    def test_missed_messages_are_listed_in_order(self, stage: ChannelStage) -> None:
        stage.person_writes("too old")
        stage.hours_pass(2)
        since = stage.now() - timedelta(hours=1)
        for number in range(5):
            stage.person_writes(f"message {number}")
        picture = read_message(stage, stage.person_sends_picture(b"picture"))
        stage.channel.send(a_row(stage), at_any_time)
        listed = list(stage.channel.list_inbound(since, stage.ours))
        assert [each.body for each in listed] == [*(f"message {number}" for number in range(5)), ""]
        assert (listed[-1].provider_id, listed[-1].sender) == (picture.provider_id, picture.sender)
        assert stage.channel.fetch_media(listed[-1].media[0]) == b"picture"

    def test_a_message_is_fetched_as_the_provider_has_it(self, stage: ChannelStage) -> None:
        message = read_message(stage, stage.person_writes("approve 7"))
        found = stage.channel.fetch_inbound(message.provider_id)
        assert found is not None
        assert (found.provider_id, found.sender.phone, found.to, found.body) == (
            message.provider_id, PERSON, stage.ours, "approve 7",
        )  # fmt: skip
        picture = read_message(stage, stage.person_sends_picture(b"picture"))
        fetched = stage.channel.fetch_inbound(picture.provider_id)
        assert fetched is not None
        assert stage.channel.fetch_media(fetched.media[0]) == b"picture"

    def test_what_we_sent_and_what_nobody_sent_is_no_inbound_message(self, stage: ChannelStage) -> None:
        message = read_message(stage, stage.person_writes("hi"))
        ours = stage.channel.send(a_row(stage), at_any_time)
        other = message.provider_id[:-4] + ("0000" if not message.provider_id.endswith("0000") else "1111")
        assert [stage.channel.fetch_inbound(each) for each in (ours, other, "", "../Accounts")] == [None] * 4

    def test_a_deleted_message_is_gone_and_may_be_deleted_again(self, stage: ChannelStage) -> None:
        message = read_message(stage, stage.person_writes("forget me"))
        since = stage.now() - timedelta(hours=1)
        assert list(stage.channel.list_inbound(since, stage.ours)) != []
        stage.channel.delete(message.provider_id)
        assert list(stage.channel.list_inbound(since, stage.ours)) == []
        stage.channel.delete(message.provider_id)

    def test_the_doctor_finds_nothing_wrong(self, stage: ChannelStage) -> None:
        findings = stage.channel.examine()
        assert findings
        assert [each for each in findings if not each.ok] == []


def at_any_time() -> None:
    """No time is too late to send."""


def too_late() -> None:
    raise TooLateToSend("this process was held up")


def a_row(stage: ChannelStage, body: str = "Hello", to: str = f"whatsapp:{PERSON}", **more: Any) -> OutboxRow:
    """An outbox row that is tried now."""
    row = {"id": 7, "to": to, "sender": stage.ours, "body": body, "first_tried_at": stage.now()}
    return OutboxRow(**{**row, **more})


def read_message(stage: ChannelStage, posted: WebhookRequest) -> Inbound:
    read = stage.channel.read_form(posted.form, posted.query)
    assert isinstance(read, Inbound)
    return read


def read_status(stage: ChannelStage, posted: WebhookRequest) -> DeliveryStatus:
    stage.channel.check_request(posted)
    read = stage.channel.read_form(posted.form, posted.query)
    assert isinstance(read, DeliveryStatus)
    return read


def failed_action(stage: ChannelStage, row: OutboxRow) -> FailureAction:
    """What to do about a message that fails, whether the provider says so at once or with a status."""
    try:
        stage.channel.send(row, at_any_time)
    except Rejected as rejected:
        return rejected.verdict.action
    status = read_status(stage, stage.statuses(1)[-1])
    assert status.state in (DeliveryState.FAILED, DeliveryState.UNDELIVERED)
    return stage.channel.verdict(status.error_code).action
