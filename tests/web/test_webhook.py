"""What Twilio may send us, and what anybody else may not."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.twilio import sign
from bot.web.failed_attempts import MOST_FAILURES, WINDOW_SECONDS
from memory.intake.received_forms import SetAsideReason
from tests.delivery.message_path import PHONE, Line, open_line
from tests.waiting import HANG_SECONDS


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with open_line(tmp_path, running=False) as line:
        yield line


def form(line: Line, **more: str) -> dict[str, str]:
    return {
        "MessageSid": "SM" + "1" * 32,
        "AccountSid": line.twilio.account.sid,
        "From": f"whatsapp:{PHONE}",
        "To": f"whatsapp:{line.twilio.account.sender}",
        "Body": "hello",
        "NumMedia": "0",
    } | more


def post(line: Line, values: dict[str, str], *, algorithm: str = "HMAC_SHA1", **headers: str) -> requests.Response:
    url = line.twilio.webhook_url
    signed = sign(line.twilio.account.tokens[0], url, values, algorithm)
    return requests.post(url, data=values, headers=signed | headers, timeout=HANG_SECONDS)


def stored(line: Line) -> int:
    return int(line.db.value("SELECT count(*) FROM messages"))


@pytest.mark.parametrize("algorithm", ["HMAC_SHA1", "HMAC_SHA256"])
def test_a_signed_message_is_stored_and_thanked_for_with_empty_twiml(line: Line, algorithm: str) -> None:
    answer = post(line, form(line), algorithm=algorithm)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/xml")
    assert answer.text.endswith("<Response/>")
    assert stored(line) == 1


@pytest.mark.parametrize("signature", [None, ""])
def test_without_a_signature_nothing_is_stored(line: Line, signature: str | None) -> None:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    answer = requests.post(line.twilio.webhook_url, data=form(line), headers=headers, timeout=HANG_SECONDS)
    assert answer.status_code == 403
    assert stored(line) == 0


@pytest.mark.parametrize("signature", ["nonsense", "RSOYDt4T1cUTdK1PDd93/VVr8B8="])
def test_with_a_wrong_signature_nothing_is_stored(line: Line, signature: str, caplog: pytest.LogCaptureFixture) -> None:
    headers = {"X-Twilio-Signature": signature}
    with caplog.at_level(logging.WARNING):
        answer = requests.post(line.twilio.webhook_url, data=form(line), headers=headers, timeout=HANG_SECONDS)
    assert answer.status_code == 403
    assert stored(line) == 0
    assert line.twilio.webhook_url in caplog.text
    assert PHONE not in caplog.text


def test_a_changed_form_is_refused(line: Line) -> None:
    url = line.twilio.webhook_url
    signed = sign(line.twilio.account.tokens[0], url, form(line), "HMAC_SHA1")
    answer = requests.post(url, data=form(line, Body="send me a refund"), headers=signed, timeout=HANG_SECONDS)
    assert answer.status_code == 403
    assert stored(line) == 0


def test_headers_of_a_proxy_do_not_change_what_was_signed(line: Line) -> None:
    forged = {"X-Forwarded-Host": "evil.example.com", "X-Forwarded-Proto": "https", "Host": "evil.example.com"}
    assert post(line, form(line), **forged).status_code == 200


def test_another_account_is_refused_even_when_signed(line: Line) -> None:
    assert post(line, form(line, AccountSid="AC" + "0" * 32)).status_code == 403
    assert stored(line) == 0


def test_a_message_without_an_id_is_kept_once_and_set_aside(line: Line) -> None:
    values = form(line)
    del values["MessageSid"]
    assert [post(line, values).status_code for _ in range(2)] == [200, 200]
    [kept] = line.forms.set_aside()
    assert (kept.set_aside, dict(kept.pairs())) == (SetAsideReason.NO_MESSAGE_ID, values)
    assert stored(line) == 0


def test_a_form_beyond_64_kilobytes_is_refused(line: Line) -> None:
    assert post(line, form(line, Body="x" * 60_000)).status_code == 200
    assert post(line, form(line, MessageSid="SM2", Body="x" * 70_000)).status_code == 413
    assert stored(line) == 1


@pytest.mark.parametrize("signature", [None, "nonsense"])
def test_who_sends_wrong_signatures_again_and_again_is_told_to_wait(line: Line, signature: str | None) -> None:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    url = line.twilio.webhook_url
    refused = [requests.post(url, data=form(line), headers=headers, timeout=HANG_SECONDS) for _ in range(MOST_FAILURES)]
    assert {answer.status_code for answer in refused} == {403}
    again = requests.post(url, data=form(line), headers=headers, timeout=HANG_SECONDS)
    assert again.status_code == 429
    assert 0 < int(again.headers["Retry-After"]) <= WINDOW_SECONDS + 1
    # The provider may come through the same proxy.
    assert post(line, form(line)).status_code == 200


def test_a_database_that_cannot_be_written_asks_for_another_try(line: Line) -> None:
    other = sqlite3.connect(line.db.name, isolation_level=None)
    line.db.close()
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(post(line, form(line)).status_code))
    asking.start()
    asking.join()
    other.execute("ROLLBACK")
    other.close()
    assert answers == [503]
    assert post(line, form(line)).status_code == 200


@pytest.mark.parametrize(
    ("more", "kind", "content"),
    [
        (
            {"Body": "", "NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": "image/jpeg"},
            "image",
            "",
        ),
        ({"Body": "😀🙏🏽", "NewParameter2027": "x"}, "text", "😀🙏🏽"),
        ({"Body": "Yes", "ButtonText": "Yes", "ButtonPayload": "order"}, "button", "Yes"),
        ({"Body": "", "Latitude": "40.4", "Longitude": "-3.7"}, "location", ""),
        ({"From": "whatsapp:IN.AbC123", "ExternalUserId": "IN.AbC123"}, "text", "hello"),
    ],
)
def test_messages_of_every_kind_are_taken_in(line: Line, more: dict[str, str], kind: str, content: str) -> None:
    assert post(line, form(line, **more)).status_code == 200
    row = line.db.one("SELECT kind, content FROM messages")
    assert row == {"kind": kind, "content": content}


def test_a_missing_number_of_media_and_repeated_keys_are_taken_in(line: Line) -> None:
    pairs = [(name, value) for name, value in form(line).items() if name != "NumMedia"] + [("Body", "again")]
    url = line.twilio.webhook_url
    headers = sign(line.twilio.account.tokens[0], url, pairs, "HMAC_SHA1")
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    answer = requests.post(url, data=urlencode(pairs), headers=headers, timeout=HANG_SECONDS)
    assert answer.status_code == 200
    assert line.db.value("SELECT content FROM messages") == "hello"


@pytest.mark.parametrize(
    "more",
    [
        {"MessageStatus": "delivered", "SmsStatus": "delivered"},
        {"From": ""},
        {"From": "whatsapp:"},
        {"From": "+14155550101"},
        {"From": "whatsapp:not-a-phone"},
        {"CallSid": "CA1", "MessageSid": ""},
    ],
)
def test_what_is_not_a_message_is_kept(line: Line, more: dict[str, str]) -> None:
    values = form(line, **more)
    assert post(line, values).status_code == 200
    assert dict(json.loads(line.db.value("SELECT form FROM received_forms"))) == values
    assert stored(line) == 0


def test_delivered_twice_at_the_same_instant_it_is_stored_once(line: Line) -> None:
    customer = line.customer()
    line.twilio.fail("webhook_at_once", who=PHONE)
    assert customer.says("hello").answers == (200, 200)
    line.twilio.fail("webhook_twice", who=PHONE)
    assert customer.says("again").answers == (200, 200)
    assert stored(line) == line.db.value("SELECT count(*) FROM received_forms") == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    more=st.dictionaries(
        st.sampled_from(
            [
                "MessageSid",
                "From",
                "To",
                "Body",
                "NumMedia",
                "MediaUrl0",
                "Latitude",
                "ButtonPayload",
                "MessageStatus",
                "ReferralSourceId",
                "WaId",
                "ExternalUserId",
                "ProfileName",
                "MessageType",
            ]
        ),
        st.text(max_size=60),
        max_size=6,
    )
)
def test_no_signed_form_makes_an_error(line: Line, more: dict[str, str]) -> None:
    try:
        assert post(line, form(line, **more)).status_code in (200, 400)
    except UnicodeEncodeError:
        return  # half a character: no HTTP client can send it


@pytest.mark.parametrize("query", ["outbox=999999", "outbox=abc", "other=1", "outbox=" + "9" * 40])
def test_a_status_for_nothing_of_ours_is_thanked_for(line: Line, query: str) -> None:
    url = f"{line.twilio.webhook_url}/status?{query}"
    values = form(line, MessageStatus="delivered")
    answer = requests.post(
        url, data=values, headers=sign(line.twilio.account.tokens[0], url, values, "HMAC_SHA1"), timeout=10
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("values", "expected"),
    [({}, 400), ({"MessageSid": "SM1"}, 200), ({"MessageStatus": "sent"}, 400)],
)
@pytest.mark.parametrize("path", ["", "/status"])
def test_half_a_status_callback_is_no_error_of_ours(
    line: Line, path: str, values: dict[str, str], expected: int
) -> None:
    sent = {"AccountSid": line.twilio.account.sid} | values
    url = line.twilio.webhook_url + path
    signed = sign(line.twilio.account.tokens[0], url, sent, "HMAC_SHA1")
    assert requests.post(url, data=sent, headers=signed, timeout=HANG_SECONDS).status_code == expected
