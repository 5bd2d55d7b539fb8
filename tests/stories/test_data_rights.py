"""A person's own data: a copy, or nothing left of them, in the file's bytes and after."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
import requests

from memory.storage.errors import UnknownContact
from memory.upkeep.erasure import verify
from tests.model_server import ModelServer, says
from tests.waiting import HANG_SECONDS, wait_until
from tests.world import JOHN, STAFF, Chat, World

NAME, CITY = "Xantippe", "Ouagadougou"


def live(shop: World) -> Chat:
    """A customer with a name, a city, an order, a picture, a hand-over."""
    customer = shop.person(JOHN, "Quetzalcoatl")
    customer.phone.arrives_through(
        {"ReferralSourceType": "ad", "ReferralSourceId": "1", "ReferralCtwaClid": "clid-zyzzyva"}
    )
    customer.says(f"hi, my name is {NAME}")
    customer.says(f"I live in {CITY}")
    customer.says("I'll take the norvik bolt 15")
    customer.says("yes")
    customer.phone.wait_for_reply(customer.phone.sends_picture(b"\xff\xd8picture-of-xylophone", "my old one"))
    return customer


def left_in(folder: Path) -> bytes:
    """Every byte of the database, its journal written back."""
    with sqlite3.connect(folder / "hawker.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return b"".join(path.read_bytes() for path in folder.glob("hawker.db*"))


TRACES = (
    NAME,
    CITY,
    JOHN,
    JOHN.removeprefix("+"),
    "Quetzalcoatl",
    "clid-zyzzyva",
    "picture-of-xylophone",
    "my old one",
)


def traces(folder: Path) -> list[str]:
    content = left_in(folder)
    return [trace for trace in TRACES if trace.encode() in content]


@pytest.mark.parametrize(
    ("ask", "confirm"),
    [
        ("delete my data", "DELETE"),
        ("borra mis datos", "BORRAR"),
        ("apague meus dados", "APAGAR"),
        ("मेरा डेटा मिटा दो", "मिटा दो"),
    ],
)
def test_who_wants_to_be_forgotten_is(shop: World, tmp_path: Path, ask: str, confirm: str) -> None:
    customer = live(shop)
    shop.settled()
    assert set(traces(tmp_path)) == set(TRACES)
    asked = customer.says(ask)
    assert any(word in asked for word in ("DELETE", "BORRAR", "APAGAR", "मिटाओ", "मिटा"))
    assert customer.says(confirm)
    shop.forgotten()
    wait_until(lambda: not traces(tmp_path), lambda: traces(tmp_path))  # the provider's last report may be on its way
    [order] = shop.memory.orders.of_brand("voyage")
    assert (order.contact_id, order.title, order.state) == (None, "Norvik Bolt 15", "placed")


def test_staff_have_a_receipt_of_it_and_the_log_is_empty_soon(shop: World, tmp_path: Path) -> None:
    customer = live(shop)
    customer.says("delete my data")
    customer.says("DELETE")
    shop.forgotten()
    told = shop.program.web.test_cli_runner().invoke(args=["receipts"]).output
    receipt = json.loads(told)
    verify(receipt, shop.program.keys)
    assert receipt["removed"]["messages"] > 5
    assert not any(trace in told for trace in TRACES)
    [forgetting] = [job for job in shop.program.job_scheduler._jobs if job.name == "forgetting"]

    def left() -> list[str]:
        forgetting.do()
        content = b"".join(path.read_bytes() for path in tmp_path.glob("hawker.db*"))
        return [trace for trace in TRACES if trace.encode() in content]

    wait_until(lambda: not left(), left)  # the provider's last report may be on its way


def test_what_is_not_confirmed_is_not_deleted(shop: World) -> None:
    customer = live(shop)
    customer.says("delete my data")
    assert "deleted nothing" in customer.says("no")
    assert shop.contact().name == NAME
    customer.says("delete my data")
    customer.says("how much is the raptor 15?")
    customer.says("DELETE")
    assert shop.contact().name == NAME


def test_nothing_that_comes_late_brings_a_person_back(shop: World, tmp_path: Path) -> None:
    customer = live(shop)
    letters = customer.phone.transcript()
    customer.says("delete my data")
    customer.says("DELETE")
    shop.forgotten()
    for letter in letters:
        if letter.direction == "inbound":
            shop.twilio._post(shop.twilio.webhook_url, letter.form)
        else:
            shop.twilio._call_back(letter, "read", 2)
    shop.settled()
    with pytest.raises(UnknownContact):
        shop.contact()
    assert traces(tmp_path) == []


def test_who_writes_again_is_a_stranger(shop: World) -> None:
    customer = live(shop)
    customer.says("delete my data")
    customer.says("DELETE")
    shop.forgotten()
    assert NAME not in customer.says("hi, I'm back")
    assert shop.contact().total_interactions == 1


@pytest.mark.parametrize(("ask", "confirm"), [("send me my data", "SEND"), ("envíame mis datos", "ENVIAR")])
def test_who_asks_for_a_copy_gets_all_of_it(shop: World, ask: str, confirm: str) -> None:
    customer = live(shop)
    [order] = shop.orders()
    assert confirm in customer.says(ask)
    heard = len(customer.phone.heard())
    customer.phone.says(confirm)
    shop.settled()
    copy = "\n".join(customer.phone.heard()[heard:])
    for known in (NAME, CITY, JOHN, order.number, "Norvik Bolt 15", "my old one"):
        assert known in copy


def test_an_admin_deletes_by_http_and_nobody_else_may(shop: World, tmp_path: Path) -> None:
    live(shop)
    shop.settled()
    for role, status in (("analyst", 403), ("staff", 403), ("admin", 200)):
        answer = requests.delete(f"{shop.url}/conversation/{JOHN}", headers=shop.token(role), timeout=HANG_SECONDS)
        assert answer.status_code in (status, 204 if status == 200 else status)
    assert traces(tmp_path) == []
    assert (
        requests.get(f"{shop.url}/conversation/{JOHN}", headers=shop.token(), timeout=HANG_SECONDS).status_code == 404
    )


def test_who_opted_out_keeps_these_rights(shop: World) -> None:
    customer = live(shop)
    customer.says("STOP")
    assert "DELETE" in customer.says("delete my data")
    assert customer.says("DELETE")
    shop.forgotten()


def test_a_summary_for_staff_goes_with_the_person(shop: World, tmp_path: Path) -> None:
    customer = live(shop)
    staff = shop.person(STAFF)
    staff.says("help")
    customer.says("I want to talk to a human")
    assert NAME in staff.hears(2)[-1]
    staff.says(f"reply 1: Dear {NAME}, what can I do?")
    staff.says("open")
    staff.says("release 1")
    customer.says("delete my data")
    customer.says("DELETE")
    shop.forgotten()
    wait_until(lambda: not traces(tmp_path), lambda: traces(tmp_path))  # the provider's last report may be on its way


def test_a_model_hears_nothing_of_the_erased(model_shop: World, model: ModelServer) -> None:
    model.rule = lambda request: says("Hello!")
    customer = model_shop.person()
    customer.says(f"hi, my name is {NAME}")
    customer.says("delete my data")
    customer.says("DELETE")
    model_shop.forgotten()
    before = len(model.requests)
    for _ in range(5):  # on a busy machine the turn's two seconds may be over before the model is asked
        customer.says("hi")
        if len(model.requests) > before:
            break
    assert len(model.requests) > before
    assert NAME not in str([request.body for request in model.requests[before:]])
