"""What was posted becomes messages and statuses: in order, once, and whatever fails keeps nothing else back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bot.channels.twilio import sign
from bot.delivery.sorter import Sorter
from memory.conversations.channel_messages import Outgoing
from memory.intake.received_forms import SetAsideReason
from tests.delivery.message_path import BRAND, PHONE, Line, open_line
from tests.waiting import HANG_SECONDS


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with open_line(tmp_path, running=False) as line:
        yield line


def arrive(line: Line, sid: str, *, body: str = "hello", query: str = "", **more: str) -> None:
    """A signed form, kept and not sorted."""
    values = {
        "MessageSid": sid,
        "AccountSid": line.twilio.account.sid,
        "From": f"whatsapp:{PHONE}",
        "To": f"whatsapp:{line.twilio.account.sender}",
        "Body": body,
        **more,
    }
    pairs = list(values.items())
    identity = line.channel.identify(pairs)
    assert identity is not None
    line.forms.keep([line.forms.arrived(identity, pairs, query)])


def contents(line: Line) -> list[str]:
    return [row["content"] for row in line.db.all("SELECT content FROM messages WHERE role = 'user' ORDER BY id")]


def spoil(line: Line, sid: str) -> None:
    """A form that cannot be read back."""
    line.db.run("UPDATE received_forms SET form = '[[' WHERE provider_id = :sid", sid=sid)


def test_the_request_keeps_the_form_and_nothing_else(line: Line) -> None:
    line.sorter.sort_all = lambda: 0  # type: ignore[method-assign]  # the worker is elsewhere
    values = {"MessageSid": "SM1", "AccountSid": line.twilio.account.sid, "From": f"whatsapp:{PHONE}", "Body": "hi"}
    url = line.twilio.webhook_url
    signed = sign(line.twilio.account.tokens[0], url, values, "HMAC_SHA1")
    assert requests.post(url, data=values, headers=signed, timeout=HANG_SECONDS).status_code == 200
    tables = ("received_forms", "messages", "contacts", "sessions", "identities", "tallies")
    assert [line.db.value(f"SELECT count(*) FROM {table}") for table in tables] == [1, 0, 0, 0, 0, 0]


def test_messages_are_made_in_the_order_of_arrival_with_their_time(line: Line) -> None:
    for n in range(120):
        arrive(line, f"SM{n}", body=str(n), From=f"whatsapp:+1415555{n % 7:04d}")
    assert line.sorter.sort_all() == 120
    assert contents(line) == [str(n) for n in range(120)]
    differs = "SELECT count(*) FROM received_forms f JOIN messages m ON m.provider_id = f.provider_id"
    assert line.db.value(f"{differs} WHERE f.received_at <> m.at OR f.contact_id <> m.contact_id") == 0


def test_a_form_that_fails_is_set_aside_and_its_neighbours_go_on(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    for n in range(5):
        arrive(line, f"SM{n}", body=str(n))
    spoil(line, "SM2")
    line.sorter.sort_all()
    assert contents(line) == ["0", "1", "3", "4"]
    assert [(form.provider_id, form.set_aside) for form in line.forms.set_aside()] == [
        ("SM2", SetAsideReason.KEEPS_FAILING)
    ]
    assert PHONE not in caplog.text


def test_a_status_is_applied_though_another_fails(line: Line) -> None:
    arrive(line, "SM1")
    line.sorter.sort_all()
    contact = line.contacts.find(BRAND, PHONE)
    broken, sent = (line.messages.put_out(contact.id, Outgoing(text)) for text in ("a", "b"))
    line.db.run("UPDATE messages SET outgoing = '{}' WHERE id = :id", id=broken)
    for message_id, sid, state in ((broken, "SMa", "failed"), (sent, "SMb", "delivered"), (sent, "SMb", "read")):
        arrive(line, sid, query=f"outbox={message_id}", MessageStatus=state, ErrorCode="63019")
    line.sorter.sort_all()
    assert line.messages.get(sent).state == "read"
    [aside] = line.forms.set_aside()
    assert (aside.provider_id, aside.set_aside) == ("SMa", SetAsideReason.KEEPS_FAILING)
    assert line.db.value("SELECT count(*) FROM received_forms WHERE contact_id = :id", id=contact.id) == 3


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"From": ""}, "no_sender"),
        ({"From": "whatsapp:"}, "unreadable_sender"),
        ({"From": "+14155550101"}, "other_channel"),
        ({"From": "whatsapp:not-a-phone", "WaId": "14155550101"}, "unreadable_sender"),
        ({"From": "whatsapp:@maria", "WaId": "14155550101", "ExternalUserId": "IN.AbC123"}, "unreadable_sender"),
        ({"MessageStatus": "evaporated", "SmsStatus": "evaporated"}, "unknown_status"),
        ({"CallSid": "CA1", "MessageSid": ""}, "not_a_message"),
    ],
)
def test_what_cannot_be_read_is_set_aside_with_its_reason(line: Line, more: dict[str, str], reason: str) -> None:
    arrive(line, "SM1", **more)
    line.sorter.sort_all()
    assert [form.set_aside for form in line.forms.set_aside()] == [reason]
    assert contents(line) == []


def sort_together(line: Line, sorters: int) -> None:
    """Several sorters, as in as many processes, until nothing waits."""
    working = [Sorter(line.sorter._parts, threading.Event(), threading.Event()) for _ in range(sorters)]
    for sorter in working:
        sorter.start()
    line.until(lambda: line.forms.count_waiting() == 0)
    for sorter in working:
        sorter.stop()


def test_several_sorters_make_each_message_once_and_in_order(line: Line) -> None:
    for n in range(150):
        arrive(line, f"SM{n}", body=str(n))
    sort_together(line, 3)
    assert contents(line) == [str(n) for n in range(150)]


def test_a_message_that_an_update_can_read_is_answered_when_sorted_again(line: Line) -> None:
    arrive(line, "SM1", body="", MessageType="poll")
    line.sorter.sort_all()
    [aside] = line.forms.set_aside()
    contact = line.contacts.find(BRAND, PHONE)
    assert (aside.set_aside, aside.contact_id) == (SetAsideReason.UNKNOWN_KIND, contact.id)
    line.db.run("UPDATE messages SET state = 'handled'")
    assert line.forms.sort_again() == 1
    line.sorter.sort_all()
    [message] = line.messages.history(contact.id)
    assert (message.state, len(line.forms.set_aside())) == ("handled", 1), "nobody can read it yet"
    # What a newer program makes of it, this one makes of another form.
    line.db.run("UPDATE received_forms SET form = replace(form, 'poll', 'text')")
    line.db.run('UPDATE received_forms SET form = replace(form, \'["Body", ""]\', \'["Body", "which one?"]\')')
    line.forms.sort_again()
    line.sorter.sort_all()
    [message] = line.messages.history(contact.id)
    assert (message.state, message.content, line.forms.set_aside()) == ("waiting", "which one?", [])
