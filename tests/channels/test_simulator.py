"""The real SDK against the small Twilio over HTTP, and the small Twilio against a real webhook."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request
from werkzeug.serving import make_server

from bot.channels.channel import (
    Ambiguous,
    FailureAction,
    Found,
    MediaRefused,
    NotThere,
    Rejected,
    RetryLater,
    SendOutcomeUnknown,
)
from bot.channels.simulator import InjectedFault, serving
from bot.channels.simulator.chat_store import Letter
from bot.channels.twilio import VERDICTS, TwilioAccount, TwilioChannel
from bot.channels.twilio.rest_client import RestTransport, client
from bot.settings import Settings
from memory.conversations.channel_messages import Button, Media, OutboxRow
from tests.channels.channel_contract import at_any_time
from tests.channels.small_twilio import MARIA, NOW, OURS, Clock, TwilioWorld, a_row, twilio_world


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[TwilioWorld]:
    with twilio_world(**getattr(request, "param", {})) as world:
        yield world


# Conversation


def test_a_message_comes_signed_and_the_answer_arrives_with_its_statuses(world: TwilioWorld) -> None:
    maria = world.twilio.customer(MARIA, "Maria")
    maria.opens()
    sent = maria.says("hola 👋")
    assert sent.answers == (200,)
    heard = world.webhook.inbound[0]
    assert (heard.body, heard.sender.phone, heard.profile_name, heard.to) == ("hola 👋", MARIA, "Maria", OURS)
    sid = world.channel.send(a_row("Buenos días"), at_any_time)
    assert maria.wait_for_reply(sent)[0].body == "Buenos días"
    world.webhook.wait(3)
    assert [(one.provider_id, one.outbox_id, one.state) for one in world.webhook.statuses] == [
        (sid, 7, "sent"),
        (sid, 7, "delivered"),
        (sid, 7, "read"),
    ]


@pytest.mark.parametrize("world", [{"algorithm": "HMAC_SHA256"}], indirect=True)
def test_a_sha256_signature_is_accepted(world: TwilioWorld) -> None:
    assert world.twilio.customer(MARIA).says("hi").answers == (200,)


@pytest.mark.parametrize("world", [{"webhook_overrides": "#rc=2&rp=5xx"}], indirect=True)
def test_the_fragment_is_neither_sent_nor_signed_and_says_how_often_to_try(world: TwilioWorld) -> None:
    world.webhook.answers = [503, 500]
    assert world.twilio.customer(MARIA).says("hi").answers == (200,)
    assert len(world.webhook.inbound) == 1


def test_a_quick_reply_shows_its_buttons_and_comes_back_when_pressed(world: TwilioWorld) -> None:
    maria = world.twilio.customer(MARIA)
    sent = maria.says("one please")
    buttons = (Button("Yes, order", "yes"), Button("No", "no"))
    for body in ("Order it?", "Sure?"):
        sid = world.channel.send(a_row(body, buttons=buttons), at_any_time)
    assert [one.body for one in maria.wait_for_reply(sent, count=2)] == ["Order it?", "Sure?"]
    assert len(world.twilio.chats.contents) == 1
    maria.presses("Yes, order")
    pressed = world.webhook.inbound[-1]
    assert (pressed.kind, pressed.payload, pressed.replied_to, pressed.urgent) == ("button", "yes", sid, True)


def test_another_process_finds_the_quick_replies_that_exist(world: TwilioWorld) -> None:
    world.twilio.customer(MARIA).says("hi")
    world.channel.send(a_row(buttons=(Button("Yes", "yes"),)), at_any_time)
    other = TwilioChannel(Settings.from_environment({}), world.clock, world.twilio.account)
    other.send(a_row(buttons=(Button("Yes", "yes"),)), at_any_time)
    assert len(world.twilio.chats.contents) == 1


def test_where_content_cannot_be_made_the_buttons_are_numbered(world: TwilioWorld) -> None:
    maria = world.twilio.customer(MARIA)
    sent = maria.says("hi")
    world.twilio.faults.add(InjectedFault("error_500", address="content"))
    world.channel.send(a_row("Order?", buttons=(Button("Yes", "yes"), Button("No", "no"))), at_any_time)
    assert maria.wait_for_reply(sent)[0].body == "Order?\n\n1. Yes\n2. No"


@pytest.mark.parametrize(
    ("body", "buttons"),
    [
        ("Which?", tuple(Button(f"Number {n}", str(n)) for n in range(4))),
        ("Which?", (Button("a title of over twenty characters", "x"),)),
        ("long " * 240, (Button("Yes", "yes"),)),
    ],
)
def test_what_does_not_fit_a_quick_reply_is_numbered(
    world: TwilioWorld, body: str, buttons: tuple[Button, ...]
) -> None:
    maria = world.twilio.customer(MARIA)
    sent = maria.says("hi")
    world.channel.send(a_row(body, buttons=buttons), at_any_time)
    reply = maria.wait_for_reply(sent)[0]
    assert reply.buttons == []
    assert f"1. {buttons[0].title}" in reply.body


def test_a_person_without_a_phone_number_chats_too(world: TwilioWorld) -> None:
    hidden = world.twilio.customer("IN.AbC123", "Hidden")
    sent = hidden.says("hi")
    sender = world.webhook.inbound[0].sender
    assert (sender.raw, sender.phone, sender.user_id) == ("whatsapp:IN.AbC123", None, "IN.AbC123")
    world.channel.send(a_row(to="whatsapp:IN.AbC123"), at_any_time)
    assert hidden.wait_for_reply(sent)[0].body == "Hello"


def test_a_click_on_an_ad_is_told_once(world: TwilioWorld) -> None:
    maria = world.twilio.customer(MARIA)
    maria.arrives_through({"ReferralSourceId": "123", "ReferralSourceType": "ad", "ReferralCtwaClid": "AR9"}).says("hi")
    maria.says("more")
    first, second = world.webhook.inbound
    assert first.referral is not None
    assert (first.referral.source_id, first.referral.clid) == ("123", "AR9")
    assert second.referral is None


def test_typing_shows_and_marks_the_message_as_read_and_never_fails(world: TwilioWorld) -> None:
    maria = world.twilio.customer(MARIA)
    sent = maria.says("hi")
    world.channel.show_typing(sent.sid)
    assert world.twilio.chats.letters[sent.sid].status == "read"
    world.channel.show_typing("SMunknown")


# The window, blocking, templates


def test_outside_24_hours_free_text_is_taken_and_fails_and_a_template_goes_out(world: TwilioWorld) -> None:
    world.twilio.customer(MARIA).says("hi")
    world.clock.now += timedelta(hours=24)
    world.channel.send(a_row(), at_any_time)
    world.webhook.wait(1)
    assert (world.webhook.statuses[0].state, world.webhook.statuses[0].error_code) == ("failed", 63016)
    content = world.twilio.template("Your order {{1}} is ready, {{2}}")
    world.channel.send(a_row("", template_id=content, template_variables={"1": "A7", "2": "Maria"}), at_any_time)
    world.webhook.wait(3)
    assert world.twilio.customer(MARIA).heard() == ["Your order A7 is ready, Maria"]


def test_one_who_blocked_us_cannot_be_reached(world: TwilioWorld) -> None:
    maria = world.twilio.customer(MARIA)
    maria.says("hi")
    maria.blocks()
    world.channel.send(a_row(), at_any_time)
    world.webhook.wait(1)
    assert VERDICTS[world.webhook.statuses[0].error_code or 0].action is FailureAction.BLOCKED


# Refusals

TABLE = {
    FailureAction.STOP_SENDING: [20003, 63038],
    FailureAction.UNREACHABLE: [21211, 21614, 63024],
    FailureAction.OPTED_OUT: [21610],
    FailureAction.BLOCKED: [63014],
    FailureAction.LINK_INSTEAD_OF_MEDIA: [21620, 21623, 63019, 11751],
    FailureAction.TEMPLATE_UNUSABLE: [21655, 21656, 63027, 63028, 63021, 63040, 63041],
    FailureAction.NEEDS_TEMPLATE: [63016],
    FailureAction.NO_MARKETING: [63032, 63049],
    FailureAction.GIVE_UP: [
        *(21408, 21606, 21910, 63007, 63031, 21617, 63013, 63015),
        *(11200, 11205, 11235, 11237, 12100, 12200, 12300, 39999),
    ],
}
TRIES_LEFT = {  # code → how many more tries; None: the outbox's own limit
    **dict.fromkeys([20429, 21611, 30001, 63017, 63018], None),
    **dict.fromkeys([63001, 63002, 63003, 63005, 63008, 63010, 63012, 63020, 63022], 5),
    30008: 1,
}


@pytest.mark.parametrize(("action", "code"), [(action, code) for action, codes in TABLE.items() for code in codes])
def test_a_refusal_asks_for_its_action(world: TwilioWorld, action: FailureAction, code: int) -> None:
    world.twilio.fail("refuse", code=code)
    with pytest.raises(Rejected) as refused:
        world.channel.send(a_row(), at_any_time)
    assert (refused.value.verdict.action, refused.value.code) == (action, code)
    assert MARIA not in str(refused.value)


@pytest.mark.parametrize(("code", "attempts"), TRIES_LEFT.items())
def test_what_may_be_tried_again_says_when(world: TwilioWorld, code: int, attempts: int | None) -> None:
    world.twilio.fail("refuse", code=code)
    with pytest.raises(RetryLater) as later:
        world.channel.send(a_row(), at_any_time)
    assert later.value.attempts == attempts
    assert later.value.after_seconds > 0


def test_each_code_of_the_table_is_tried_here() -> None:
    tried = {code for codes in TABLE.values() for code in codes} | set(TRIES_LEFT) | {20500, 20503}
    assert set(VERDICTS) == tried - {39999}


@pytest.mark.parametrize(
    ("row", "action"),
    [
        (a_row("x" * 1601), FailureAction.GIVE_UP),
        (a_row("👍" * 801), FailureAction.GIVE_UP),
        (a_row(to="whatsapp:+0"), FailureAction.UNREACHABLE),
        (a_row(sender="+15005550006"), FailureAction.GIVE_UP),
        (a_row("", template_id="HX" + "0" * 32), FailureAction.TEMPLATE_UNUSABLE),
        (a_row(""), FailureAction.GIVE_UP),
    ],
)
def test_the_small_twilio_refuses_what_twilio_refuses(
    world: TwilioWorld, row: OutboxRow, action: FailureAction
) -> None:
    with pytest.raises(Rejected) as refused:
        world.channel.send(row, at_any_time)
    assert refused.value.verdict.action is action
    assert world.twilio.chats.letters == {}


def test_a_wrong_token_stops_the_sender_and_the_doctor_says_so(world: TwilioWorld) -> None:
    wrong = TwilioAccount(
        world.twilio.account.sid, ("wrong",), OURS, "https://shop.example.com", world.twilio.account.api_url
    )
    stranger = TwilioChannel(Settings.from_environment({}), world.clock, wrong)
    with pytest.raises(Rejected) as refused:
        stranger.send(a_row(), at_any_time)
    assert refused.value.verdict.action is FailureAction.STOP_SENDING
    with pytest.raises(Rejected) as unlisted:
        list(stranger.list_inbound(NOW, OURS))
    assert unlisted.value.verdict.action is FailureAction.STOP_SENDING
    assert [one.ok for one in stranger.examine() if one.name == "token"] == [False]
    assert all(one.ok for one in world.channel.examine())


def test_the_doctor_tells_to_start_the_program_that_serves_the_simulator(world: TwilioWorld) -> None:
    with make_server("127.0.0.1", 0, Flask("gone")) as gone:
        port = gone.server_port
    nowhere = TwilioAccount("AC1", ("t",), OURS, "http://x", f"http://127.0.0.1:{port}")
    found = TwilioChannel(Settings.from_environment({}), world.clock, nowhere).examine()
    assert ["start the program" in one.sentence for one in found if one.name == "token"] == [True]


# Trouble on the way


def test_throttled_waits_as_long_as_asked(world: TwilioWorld) -> None:
    world.twilio.fail("throttle", seconds=17)
    with pytest.raises(RetryLater) as later:
        world.channel.send(a_row(), at_any_time)
    assert later.value.after_seconds == 17


def test_a_closed_port_is_tried_again_since_nothing_left(world: TwilioWorld) -> None:
    with make_server("127.0.0.1", 0, Flask("gone")) as gone:
        port = gone.server_port
    nowhere = TwilioAccount("AC1", ("t",), OURS, "http://x", f"http://127.0.0.1:{port}")
    with pytest.raises(RetryLater):
        TwilioChannel(Settings.from_environment({}), world.clock, nowhere).send(a_row(), at_any_time)


@pytest.mark.parametrize("kind", ["error_500", "error_503", "drop"])
def test_an_unknown_outcome_that_was_not_taken_is_not_there(world: TwilioWorld, kind: str) -> None:
    world.twilio.fail(kind)
    with pytest.raises(SendOutcomeUnknown):
        world.channel.send(a_row(), at_any_time)
    assert world.channel.look_up(a_row(), set()) == NotThere()


def test_a_lost_answer_is_found(world: TwilioWorld) -> None:
    before = world.channel.send(a_row(), at_any_time)
    world.twilio.fail("lose_answer")
    with pytest.raises(SendOutcomeUnknown):
        world.channel.send(a_row(), at_any_time)
    found = world.channel.look_up(a_row(), {before})
    assert isinstance(found, Found)
    assert found.provider_id in world.twilio.chats.letters
    assert found.provider_id != before
    assert isinstance(world.channel.look_up(a_row(), set()), Ambiguous)
    assert world.channel.look_up(a_row("Other words"), set()) == NotThere()
    assert world.channel.look_up(a_row(first_tried_at=NOW + timedelta(days=2)), set()) == NotThere()


def test_no_answer_in_time_is_an_unknown_outcome(world: TwilioWorld) -> None:
    impatient = TwilioChannel(Settings.from_environment({}), world.clock, world.twilio.account)
    impatient._client.http_client.timeout = (1, 0.2)
    world.twilio.fail("answer_late", seconds=1)
    with pytest.raises(SendOutcomeUnknown):
        impatient.send(a_row(), at_any_time)
    assert isinstance(world.channel.look_up(a_row(), set()), Found)


def test_the_environment_does_not_bend_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    made = client(TwilioAccount("AC1", ("secret",), OURS, "https://shop.example.com"))
    assert made.get_hostname("https://api.twilio.com/x") == "https://api.twilio.com/x"


def test_a_look_up_leaves_no_number_in_the_log(world: TwilioWorld, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world.channel.look_up(a_row(), set())
    lines = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]  # the test's own server
    assert not [line for line in lines if MARIA.removeprefix("+") in line]


def test_every_call_has_a_timeout_and_no_retries(world: TwilioWorld) -> None:
    transport = world.channel._client.http_client
    assert isinstance(transport, RestTransport)
    assert transport.timeout == (3.0, 8.0)
    adapters: list[Any] = list(transport.session.adapters.values())
    assert all(adapter.max_retries.total == 0 for adapter in adapters)


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        ("callbacks_reversed", ["delivered", "sent"]),
        ("callbacks_twice", ["sent", "sent", "delivered", "delivered"]),
    ],
)
def test_callbacks_come_as_badly_as_they_can(world: TwilioWorld, kind: str, statuses: list[str]) -> None:
    world.twilio.customer(MARIA).says("hi")
    world.twilio.fail(kind)
    world.channel.send(a_row(), at_any_time)
    world.webhook.wait(len(statuses))
    assert [one.state for one in world.webhook.statuses] == statuses


@pytest.mark.parametrize(("kind", "count"), [("webhook_twice", 2), ("webhook_at_once", 2), ("webhook_never", 0)])
def test_a_webhook_comes_twice_or_never(world: TwilioWorld, kind: str, count: int) -> None:
    world.twilio.fail(kind)
    sent = world.twilio.customer(MARIA).says("hi")
    assert [one.provider_id for one in world.webhook.inbound] == [sent.sid] * count


# What is there


def test_what_the_webhook_never_delivered_is_listed_in_order_with_its_files(world: TwilioWorld) -> None:
    maria = world.twilio.customer(MARIA)
    maria.says("too old")
    world.clock.now += timedelta(hours=1)
    for number in range(60):
        maria.says(f"message {number}")
        world.clock.now += timedelta(seconds=1)
    picture = maria.sends_picture(b"\xff\xd8picture", "look")
    world.channel.send(a_row(), at_any_time)
    listed = list(world.channel.list_inbound(NOW + timedelta(minutes=30), OURS))
    assert [one.body for one in listed] == [*(f"message {number}" for number in range(60)), "look"]
    assert (listed[-1].provider_id, listed[-1].kind, listed[-1].sender.phone) == (picture.sid, "image", MARIA)
    assert world.channel.fetch_media(listed[-1].media[0]) == b"\xff\xd8picture"


def test_an_unreadable_listed_message_keeps_no_other_out(world: TwilioWorld) -> None:
    odd = Letter("SM" + "0" * 32, "inbound", "whatsapp:nobody", f"whatsapp:{OURS}", "?", "received", NOW.isoformat())
    odd.sent = odd.created
    world.twilio.chats.keep(odd)
    world.clock.now += timedelta(seconds=1)
    world.twilio.customer(MARIA).says("hello")
    assert [one.body for one in world.channel.list_inbound(NOW - timedelta(hours=1), OURS)] == ["hello"]


def test_an_attachment_that_is_not_there_at_first_is_fetched_at_the_third_try(world: TwilioWorld) -> None:
    waits: list[float] = []
    patient = TwilioChannel(Settings.from_environment({}), world.clock, world.twilio.account, sleep=waits.append)
    world.twilio.customer(MARIA).sends_voice(b"OggS voice")
    voice = world.webhook.inbound[0]
    assert (voice.kind, voice.body, voice.media[0].content_type) == ("audio", "", "audio/ogg")
    world.twilio.fail("media_late", times=2)
    assert patient.fetch_media(voice.media[0]) == b"OggS voice"
    assert waits == [1.0, 3.0]
    world.twilio.fail("media_late", times=3)
    with pytest.raises(MediaRefused):
        patient.fetch_media(voice.media[0])


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://api.twilio.com.evil.example/x",
        "https://api.twilio.com@evil.example/x",
        "https://evil.example/?api.twilio.com",
        "http://api.twilio.com/x",
        "https://s3-external-1.amazonaws.com/other-bucket/x",
        "file:///etc/passwd",
    ],
)
def test_a_foreign_address_is_never_fetched(world: TwilioWorld, url: str) -> None:
    with pytest.raises(MediaRefused, match="not one of Twilio's"):
        world.channel.fetch_media(Media(url, "image/jpeg"))


@pytest.fixture
def cdn() -> Iterator[tuple[str, list[Any]]]:
    """A host that redirects, and one that sends too much; it keeps the headers it was sent."""
    seen: list[Any] = []
    app = Flask("cdn")

    @app.get("/<path:path>")
    def anything(path: str) -> Response:
        seen.append((path, request.authorization))
        if path == "away":
            return Response(status=302, headers={"Location": "http://127.0.0.1:9/secret"})
        return Response((b"x" * 1024 * 1024 for _ in range(17)), mimetype="image/jpeg")

    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


def test_a_redirect_to_a_foreign_host_and_an_endless_file_are_refused(cdn: tuple[str, list[Any]]) -> None:
    url, seen = cdn
    whatsapp = TwilioChannel(
        Settings.from_environment({}), Clock(), TwilioAccount("AC1", ("secret",), OURS, "http://x", url)
    )
    with pytest.raises(MediaRefused, match="not one of Twilio's"):
        whatsapp.fetch_media(Media("https://api.twilio.com/away", "image/jpeg"))
    with pytest.raises(MediaRefused, match="16 MB"):
        whatsapp.fetch_media(Media("https://api.twilio.com/large", "image/jpeg"))
    assert all(given.password == "secret" for _path, given in seen)


def test_deleting_removes_the_message_and_its_files_at_the_provider(world: TwilioWorld) -> None:
    picture = world.twilio.customer(MARIA).sends_picture(b"picture")
    world.channel.delete(picture.sid)
    assert picture.sid not in world.twilio.chats.letters
    assert world.twilio.chats.attachments == {}
    world.channel.delete(picture.sid)


def test_chats_and_the_token_outlive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "simulator.db"
    with serving("http://127.0.0.1:9", Clock(), path=file) as first:
        first.customer(MARIA, "Maria").sends_picture(b"picture", "look")
        first.template("Hello {{1}}")
    with serving("http://127.0.0.1:9", Clock(), path=file) as second:
        assert second.account.tokens == first.account.tokens
        assert [one.body for one in second.customer(MARIA).transcript()] == ["look"]
        assert [one.content for one in second.chats.attachments.values()] == [b"picture"]
        assert second.chats.contents == first.chats.contents
