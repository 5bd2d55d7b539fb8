"""When a person takes over, and when nobody may: staff, customers who would be staff, and the time between."""

from __future__ import annotations

import pytest

from tests.world import ADMIN, ANALYST, JOHN, MARIA, STAFF, MovableClock, World


@pytest.fixture(autouse=True)
def staff_wrote_today(shop: World) -> None:
    """Staff must have written within a day, as everybody to whom WhatsApp shall deliver."""
    for number in (STAFF, ADMIN, ANALYST):
        shop.person(number).says("help")


def handed_over(shop: World) -> int:
    """John asks for a person; the number under which staff answer him."""
    shop.person(JOHN).says("can I talk to a human please")
    shop.settled()
    [handover] = shop.memory.handovers.list_open("voyage")
    return handover.id


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I want to talk to a human", "colleague"),
        ("quiero hablar con una persona", "compañero"),
        ("quero falar com um atendente", "colega"),
        ("मुझे किसी इंसान से बात करनी है", "साथी"),
        ("kisi insaan se baat karni hai", "saathi"),
    ],
)
def test_who_asks_for_a_person_gets_one(shop: World, text: str, said: str) -> None:
    staff = shop.person(STAFF)
    customer = shop.person()
    assert said in customer.says(text)
    summary = staff.hears(2)[-1]
    assert JOHN in summary and text in summary and "reply 1" in summary


def test_staff_get_a_summary_and_answer_through_the_desk(shop: World) -> None:
    john, staff, admin = shop.person(JOHN), shop.person(STAFF), shop.person(ADMIN)
    john.says("hi, I'm John")
    john.says("show me gaming laptops")
    number = handed_over(shop)
    summary = staff.hears(2)[-1]
    assert "John" in summary and "gaming laptops" in summary and f"reply {number}:" in summary
    assert admin.hears(2)[-1] == summary
    heard = len(john.phone.heard())
    staff.says(f"reply {number}: Hello John, this is Sam. *What* can I do?")
    assert john.hears(heard + 1)[-1] == "Hello John, this is Sam. *What* can I do?"


def test_the_desk_is_silent_and_hands_on_until_it_is_released(shop: World) -> None:
    john, staff = shop.person(JOHN), shop.person(STAFF)
    number = handed_over(shop)
    heard = len(john.phone.heard())
    john.phone.says("are you there? how much is the raptor 15?")
    assert "are you there?" in staff.hears(3)[-1]
    shop.settled()
    assert len(john.phone.heard()) == heard
    assert shop.turn()["answered_by"] == "people"
    staff.says(f"release {number}")
    assert "€1,199" in john.says("how much is the kestrel raptor 15?")


def test_a_hand_over_that_nobody_ends_is_over_after_four_hours(shop: World, clock: MovableClock) -> None:
    john = shop.person(JOHN)
    handed_over(shop)
    clock.passes(hours=3, minutes=59)
    heard = len(john.phone.heard())
    john.phone.says("hello?")
    shop.settled()
    assert len(john.phone.heard()) == heard
    clock.passes(minutes=2)
    assert "€779" in john.says("how much is the norvik bolt 15?")


def test_a_persons_answer_begins_the_four_hours_anew(shop: World, clock: MovableClock) -> None:
    john, staff = shop.person(JOHN), shop.person(STAFF)
    number = handed_over(shop)
    clock.passes(hours=3)
    staff.says(f"reply {number}: one moment")
    clock.passes(hours=3)
    shop.settled()
    heard = len(john.phone.heard())
    john.phone.says("hello?")
    shop.settled()
    assert len(john.phone.heard()) == heard


def test_two_answers_that_did_not_help_bring_a_person(shop: World) -> None:
    john = shop.person()
    assert "colleague" not in john.says("can you fix my roof")
    assert "colleague" in john.says("do you repair bicycles")
    assert shop.memory.handovers.current(shop.contact().id)


def test_an_answer_that_helped_lets_the_count_begin_anew(shop: World) -> None:
    john = shop.person()
    john.says("can you fix my roof")
    john.says("show me gaming laptops")
    assert "colleague" not in john.says("do you repair bicycles")


@pytest.mark.parametrize(
    "command",
    ["help", "open", "orders", "paid {number}", "shipped {number}", "order {number}", "release 1", "reply 1: pay me instead",
     "why 1", "dead", "replay 1", "cancelled {number}"],
)  # fmt: skip
def test_a_customer_who_writes_a_staff_command_is_a_customer(shop: World, command: str) -> None:
    maria, john = shop.person(MARIA), shop.person(JOHN)
    maria.says("I'll take the norvik bolt 15")
    maria.says("yes")
    [order] = shop.orders(MARIA)
    maria.says("I want to talk to a human")
    heard = maria.phone.heard()
    answer = john.says(command.format(number=order.number))
    shop.settled()
    assert MARIA not in answer and "Norvik" not in answer
    assert shop.orders(MARIA)[0].state == "placed"
    assert maria.phone.heard() == heard
    assert shop.memory.handovers.current(shop.contact(MARIA).id)


def test_an_analyst_cannot_act(shop: World) -> None:
    john, analyst = shop.person(JOHN), shop.person(ANALYST)
    john.says("I'll take the norvik bolt 15")
    john.says("yes")
    [order] = shop.orders()
    number = handed_over(shop)
    heard = john.phone.heard()
    for command in (f"paid {order.number}", f"reply {number}: hi", f"release {number}", f"cancelled {order.number}"):
        analyst.says(command)
    shop.settled()
    assert shop.orders()[0].state == "placed"
    assert john.phone.heard() == heard
    assert shop.memory.handovers.current(shop.contact().id)
    assert not any("Hand-over" in text for text in analyst.phone.heard())


def test_a_command_that_is_wrong_says_how_it_is_written(shop: World) -> None:
    staff = shop.person(STAFF)
    assert "help" in staff.says("pay ABCD-EFGH")
    assert "reply 3" in staff.says("reply hello")
    assert "99" in staff.says("release 99")
    assert "paid" in staff.says("help")


def test_what_staff_answer_after_a_day_waits_for_the_customer(shop: World, clock: MovableClock) -> None:
    """Outside WhatsApp's 24 hours, and the brand has no template: parked, not lost."""
    john, staff = shop.person(JOHN), shop.person(STAFF)
    number = handed_over(shop)
    for _time in range(9):
        clock.passes(hours=3)
        staff.says(f"reply {number}: still looking")
    staff.says(f"reply {number}: found it at last")
    shop.settled()
    assert "found it at last" not in john.phone.heard()
    john.phone.says("hello?")
    shop.settled()
    assert "found it at last" in john.phone.heard()
