from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import Result

from bot.settings import Settings
from bot.web.access import read_token
from bot.web.cli.operations import MachineFinding, clock_skew, disk, staff
from memory.conversations.channel_messages import FailureCause, Outgoing
from memory.intake.received_forms import FormIdentity, FormKind, ReceivedForms, SetAsideReason, Sorted
from memory.storage.timestamps import now
from tests.memory.stores import BRAND, TestClock
from tests.web.shop import KEYS, PHONE, Shop


class ModelServer(BaseHTTPRequestHandler):
    """Knows one key, and tells its time."""

    def do_GET(self) -> None:
        self.send_response(200 if self.headers.get("Authorization") == "Bearer right" else 401)
        self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def model_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), ModelServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def run(shop: Shop, *words: str, answer: str | None = None) -> Result:
    return shop.app.test_cli_runner().invoke(args=list(words), input=answer)


def test_token_prints_a_token_and_nothing_else(shop: Shop) -> None:
    result = run(shop, "token", "--role", "staff", "--brand", BRAND)
    assert result.output.count("\n") == 1
    caller = read_token(result.output.strip(), KEYS, shop.stores.clock)
    assert (caller.role, caller.brand) == ("staff", BRAND)


def test_tokens_are_listed_and_taken_back_by_id_or_whole(shop: Shop) -> None:
    first, second = (run(shop, "token", "--role", role, "--days", "2").output.strip() for role in ("staff", "admin"))
    ids = [read_token(token, KEYS, shop.stores.clock).token.id for token in (first, second)]
    listed = run(shop, "token", "--list").output
    assert all(id in listed for id in ids)
    assert first not in listed
    assert run(shop, "token", "--revoke", ids[0]).exit_code == 0
    assert run(shop, "token", "--revoke", second).exit_code == 0
    assert run(shop, "token", "--list").output.count("taken back") == 2
    refused = [shop.client.get("/analytics/users", headers={"Authorization": f"Bearer {t}"}) for t in (first, second)]
    assert [answer.status_code for answer in refused] == [401, 401]


@pytest.mark.parametrize("words", [["--revoke", "abc"], ["--revoke", "a.b.c"]])
def test_an_unknown_token_is_not_taken_back(shop: Shop, words: list[str]) -> None:
    result = run(shop, "token", *words)
    assert result.exit_code == 1
    assert "Error" in result.output


@pytest.mark.parametrize("words", [["--role", "root"], [], ["--role", "staff", "--brand", "x"], ["--days", "0"]])
def test_a_wrong_token_request_prints_no_token(shop: Shop, words: list[str]) -> None:
    assert run(shop, "token", *words).exit_code == 2


def test_doctor_is_content_with_a_simulated_shop(shop: Shop) -> None:
    result = run(shop, "doctor")
    assert (result.exit_code, "PROBLEM" in result.output) == (0, False)
    assert {"database", "disk", "model", "clock"} <= {
        line.split()[1].rstrip(":") for line in result.output.splitlines()
    }


def test_doctor_says_which_connections_are_plain(tmp_path: Path) -> None:
    given = {
        "REDIS_URL": "redis://:secret@cache:6379/0",
        "PLAIN_HOSTS": "cache",
        "OPENAI_BASE_URL": "https://127.0.0.1:9",
    }
    said = run(Shop(tmp_path, given=given | {"OPENAI_API_KEY": "k"}), "doctor").output
    assert (
        "connections: DATABASE_URL on this machine; REDIS_URL cache PLAIN; OPENAI_BASE_URL 127.0.0.1 on this machine"
        in said
    )
    assert "secret" not in said


def test_doctor_passes_on_what_the_channel_found(shop: Shop) -> None:
    shop.findings.append(MachineFinding("sender", False, "TWILIO_WHATSAPP_FROM is no sender of this account"))
    result = run(shop, "doctor")
    assert result.exit_code == 1
    assert "PROBLEM  sender: TWILIO_WHATSAPP_FROM" in result.output


def test_doctor_notices_a_database_that_cannot_be_written(shop: Shop, tmp_path: Path) -> None:
    shop.stores.db.close()
    for file in tmp_path.glob("hawker.db*"):
        file.unlink()
    (tmp_path / "hawker.db").mkdir()
    result = run(shop, "doctor")
    assert (result.exit_code, "PROBLEM  database" in result.output) == (1, True)


@pytest.mark.parametrize(("key", "ok"), [("right", True), ("wrong", False)])
def test_doctor_tries_the_models_key(tmp_path: Path, model_url: str, key: str, ok: bool) -> None:
    shop = Shop(tmp_path, given={"OPENAI_API_KEY": key, "OPENAI_BASE_URL": model_url})
    shop.stores.clock.now = now()
    result = run(shop, "doctor")
    assert (result.exit_code == 0) == ok
    assert key not in result.output.replace("takes the key", "").replace("the clock is right", "")


def test_doctor_says_when_the_model_cannot_be_reached(tmp_path: Path) -> None:
    shop = Shop(tmp_path, given={"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    assert "PROBLEM  model: http://127.0.0.1:9/v1/models cannot be reached" in run(shop, "doctor").output


def test_doctor_compares_clocks(model_url: str) -> None:
    assert clock_skew(model_url, now).ok
    wrong = clock_skew(model_url, TestClock(datetime.fromisoformat("2020-01-01T00:00:00+00:00")))
    assert (wrong.ok, "time synchronisation" in wrong.sentence) == (False, True)


@pytest.mark.parametrize(
    ("said", "ok"),
    [("", False), ("+919876500003=analyst", False), ("+919876500002=staff", True), ("+919876500001=admin", True)],
)
def test_somebody_must_be_told_when_a_customer_asks_for_a_person(said: str, ok: bool) -> None:
    account = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "t", "TWILIO_WHATSAPP_FROM": "+14155238886"}
    real = {**account, "PUBLIC_URL": "https://shop.example.com", "STAFF": said}
    assert staff(Settings.from_environment(real)).ok == ok


def test_a_data_folder_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    assert not disk(tmp_path / "nowhere").ok


def test_dead_lists_without_words_or_numbers_and_replays(shop: Shop) -> None:
    assert run(shop, "dead").output == "Nothing is dead.\n"
    ids = [shop.stores.hear(f"secret words {n}") for n in range(3)]
    for message_id in ids:
        shop.stores.messages.settle(message_id, "dead", error="the model fell over")
    listed = run(shop, "dead").output
    assert all(str(message_id) in listed for message_id in ids)
    assert "the model fell over" in listed
    assert "secret" not in listed
    assert PHONE not in listed
    assert run(shop, "dead", "--replay", str(ids[0])).output.startswith("1 ")
    assert run(shop, "dead", "--replay", "all").output.startswith("2 ")
    assert [shop.stores.messages.get(message_id).state for message_id in ids] == ["waiting"] * 3


def test_forms_lists_what_was_set_aside_without_words_or_numbers_and_sorts_it_again(shop: Shop) -> None:
    assert run(shop, "forms").output == "Nothing is set aside.\n"
    forms = ReceivedForms(shop.stores.db, shop.stores.clock)
    for n in range(3):
        identity = FormIdentity(FormKind.MESSAGE, f"SM{n}", "", f"whatsapp:{PHONE}")
        forms.keep([forms.arrived(identity, [("Body", f"secret words {n}"), ("From", PHONE)], "")])
    forms.note([Sorted(form, set_aside=SetAsideReason.NO_BRAND) for form in forms.waiting(3)])
    listed = run(shop, "forms").output
    assert [line.split()[0] for line in listed.splitlines()] == ["3", "2", "1"]
    assert "no_brand" in listed
    assert "secret" not in listed
    assert PHONE not in listed
    assert "secret words 2" in run(shop, "forms", "--full", "--most", "1").output
    assert run(shop, "forms", "--sort-again").output.startswith("3 ")
    assert forms.count_waiting() == 3


def test_what_may_have_arrived_is_replayed_only_by_its_number(shop: Shop) -> None:
    contact_id = shop.stores.messages.get(shop.stores.hear("hello")).contact_id
    message_id = shop.stores.messages.put_out(contact_id, Outgoing("hi"))
    shop.stores.messages.set_aside(message_id, "dead", FailureCause.OUTCOME_UNKNOWN, "it may have arrived")
    assert run(shop, "dead", "--replay", "all").output.startswith("0 ")
    assert run(shop, "dead", "--replay", str(message_id)).output.startswith("1 ")


def test_replaying_what_is_not_dead_says_so(shop: Shop) -> None:
    alive = shop.stores.hear("hello")
    assert "is not in the dead-letter list" in run(shop, "dead", "--replay", str(alive)).output
    assert run(shop, "dead", "--replay", "some").exit_code == 2


def test_erase_asks_first_and_then_erases(shop: Shop) -> None:
    shop.stores.hear("hello")
    assert run(shop, "erase", PHONE, answer="n\n").exit_code == 1
    assert shop.contact().total_interactions == 1
    assert run(shop, "erase", PHONE, answer="y\n").exit_code == 0
    assert len(shop.stores.contacts.still_at_provider()) == 1
    assert "nobody by this number" in run(shop, "erase", PHONE, "--yes").output


def test_graph_says_what_to_do_when_the_server_is_not_there(shop: Shop, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    result = run(shop, "graph", "--to", "bolt://root@127.0.0.1:1/g", "--password-file", str(secret))
    assert result.exit_code == 1
    assert "bolt://127.0.0.1:1: ServiceUnavailable; check address, user, password" in result.output
    assert "s3cret" not in result.output
    assert "bolt://user@host" in run(shop, "graph", "--to", "http://x").output
