"""Staff command by chat; roles are checked by code, and nothing changes before the turn is finished."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.brands import BrandNumbers, read_brands
from bot.language.money import Money
from bot.roles import Role, StaffEntry
from bot.staff.commands.shop_commands import Commands
from bot.staff.staff_members import Staff
from memory.audit_log.audit_trail import AuditTrail
from memory.conversations.analytics import Analytics
from memory.conversations.channel_messages import Outgoing
from memory.conversations.handovers import Handovers
from memory.conversations.turns import Outcome
from memory.people.address import Address
from memory.people.contacts import Contact
from memory.shop.catalogue_items import Goods, Item
from memory.shop.orders import Orders, Quote
from memory.storage.errors import StaleDraft
from tests.memory.stores import BRAND, SHOP, Stores, as_is
from tests.staff.senders import AllSenders

NUMBERS = BrandNumbers(read_brands(Path(__file__).parents[2] / "data" / "brands.toml"), SHOP)
ADMIN, STAFF, ANALYST, CUSTOMER = "+919876500001", "+919876500002", "+919876500003", "+34600111222"
ROLES: dict[str, Role] = {ADMIN: "admin", STAFF: "staff", ANALYST: "analyst"}


class Office:
    """Staff at their phones, and one customer with an order."""

    def __init__(self, path: Path) -> None:
        self.stores = Stores(path)
        self.orders = Orders(self.stores.db, self.stores.clock)
        self.handovers = Handovers(self.stores.db, self.stores.clock)
        self.goods = Goods(self.stores.db, self.stores.clock)
        self.staff = Staff(self.stores.contacts, [StaffEntry(n, r) for n, r in ROLES.items()], NUMBERS)
        self.senders = AllSenders()
        self.commands = Commands(
            self.stores.contacts,
            self.stores.messages,
            self.handovers,
            self.orders,
            AuditTrail(self.stores.db, self.stores.clock),
            senders=self.senders,
        )
        self.stores.hear("hola", phone=CUSTOMER, urgent=True)
        self.finish(Outcome())
        self.customer = self.stores.contacts.find(BRAND, CUSTOMER)
        self.stores.contacts.set_profile(self.customer.id, name="Ana", language="es")
        quote = Quote("L1", "Volt 15", 1, Money.from_minor(99900, "EUR"), "2-4 days", self.stores.clock())
        self.order = self.orders.place(self.customer, quote, self.orders.new_number(), None)

    def finish(self, outcome: Outcome) -> None:
        [lease] = self.stores.turns.claim("office", 1)
        self.stores.turns.finish(lease, self.stores.turns.waiting(lease.contact_id), outcome, split=as_is)
        self.stores.turns.release(lease)
        self.sent = [
            (self.stores.contacts.get(reply.contact_id or lease.contact_id).phone, reply.body)
            for reply in outcome.replies
        ]
        self.stores.db.run("UPDATE messages SET state = 'sent' WHERE state = 'ready'")

    def draft(self, phone: str, text: str) -> Outcome:
        self.stores.hear(text, phone=phone, urgent=True)
        who = self.who(phone)
        role = self.staff.role_of(who)
        assert role is not None
        return self.commands.handle(who, role, self.stores.turns.waiting(who.id))

    def says(self, phone: str, text: str) -> str:
        self.finish(self.draft(phone, text))
        return next(body for to, body in self.sent if to == phone)

    def who(self, phone: str) -> Contact:
        return self.stores.contacts.find(BRAND, phone)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "h.db")


def test_a_customers_number_has_no_role_and_no_command(office: Office) -> None:
    assert office.staff.role_of(office.customer) is None
    with pytest.raises(ValueError, match="STAFF"):
        office.commands.handle(office.customer, "customer", [])


def test_the_role_goes_with_the_number_in_any_spelling(office: Office) -> None:
    staff = Staff(office.stores.contacts, [StaffEntry("+5215512345678", "admin")], NUMBERS)
    contact = replace(office.customer, address="whatsapp:+525512345678")
    assert staff.role_of(contact) == "admin"
    assert staff.role_of(replace(office.customer, address="whatsapp:IN.AbC123")) is None


def test_help_lists_what_the_role_may_do(office: Office) -> None:
    assert "reply 3" in office.says(STAFF, "help")
    assert "reply 3" not in office.says(ANALYST, "HELP")


@pytest.mark.parametrize("command", ["reply 1: hi", "release 1", "paid {number}", "dead", "replay 1"])
def test_an_analyst_only_reads(office: Office, command: str) -> None:
    office.handovers.open(office.customer, "asked for a person")
    answer = office.says(ANALYST, command.format(number=office.order.number))
    assert "needs the role staff" in answer
    assert office.orders.by_number(BRAND, office.order.number).state == "placed"
    assert [to for to, _ in office.sent] == [ANALYST]


def test_a_reply_reaches_the_customer_and_the_hand_over_goes_on(office: Office) -> None:
    number = office.handovers.open(office.customer, "asked for a person")
    answer = office.says(STAFF, f"reply {number}: Sí, lo tenemos\nen azul")
    assert (CUSTOMER, "Sí, lo tenemos\nen azul") in office.sent
    assert "Ana" in answer
    assert office.handovers.current(office.customer.id) is not None


def test_release_lets_the_desk_answer_again(office: Office) -> None:
    number = office.handovers.open(office.customer, "asked for a person")
    draft = office.draft(STAFF, f"release {number}")
    assert office.handovers.current(office.customer.id) is not None, "a draft changes nothing"
    office.finish(draft)
    assert office.handovers.current(office.customer.id) is None


def test_an_order_goes_forward_and_its_customer_is_told_in_their_language(office: Office) -> None:
    for state, word in (("paid", "pago"), ("shipped", "camino"), ("delivered", "entregado")):
        assert state in office.says(STAFF, f"{state} {office.order.number.lower()}")
        told = [body for to, body in office.sent if to == CUSTOMER]
        assert len(told) == 1
        assert word in told[0]
    events = [(event.state, event.by) for event in office.orders.events(office.order.id)]
    assert events[-3:] == [("paid", STAFF), ("shipped", STAFF), ("delivered", STAFF)]
    assert "cannot become" in office.says(STAFF, f"paid {office.order.number}")


def test_a_move_that_a_colleague_overtook_is_answered_again(office: Office) -> None:
    draft = office.draft(STAFF, f"paid {office.order.number}")
    office.orders.move(BRAND, office.order.number, "cancelled", ADMIN)
    with pytest.raises(StaleDraft, match="cancelled"):
        office.finish(draft)
    assert office.stores.messages.next_out(office.customer.id) is None
    office.stores.db.run("DELETE FROM leases")
    who = office.who(STAFF)
    office.finish(office.commands.handle(who, "staff", office.stores.turns.waiting(who.id)))
    assert office.sent == [(STAFF, f"Order {office.order.number} is cancelled; it cannot become paid from there.")]


def test_commands_of_one_turn_see_what_earlier_ones_change(office: Office) -> None:
    number = office.order.number
    for text in (f"paid {number}", f"shipped {number}", f"paid {number}"):
        office.stores.hear(text, phone=STAFF, urgent=True)
    who = office.who(STAFF)
    office.finish(office.commands.handle(who, "staff", office.stores.turns.waiting(who.id)))
    told = [body for to, body in office.sent if to == STAFF]
    assert ["cannot become" in body for body in told] == [False, False, True]
    assert office.orders.by_number(BRAND, number).state == "shipped"


def test_who_commands_is_none_of_the_brands_customers(office: Office) -> None:
    office.says(STAFF, "help")
    told = Analytics(office.stores.db, office.stores.clock)
    assert told.summary(BRAND)["total_users"] == 1
    assert [row["name"] for row in told.users(BRAND, limit=9)] == ["Ana"]


@pytest.mark.parametrize("line", ["paid ABCD", "shipped", "order 17", "cancelled KQXT-MBP7"])
def test_what_is_no_order_number_is_told_what_one_looks_like(office: Office, line: str) -> None:
    answer = office.says(STAFF, line)
    assert "eight letters" in answer
    assert "KQXT-MBPR" in answer


def test_an_order_that_is_paid_is_said_to_be_paid_already(office: Office) -> None:
    office.says(STAFF, f"paid {office.order.number}")
    assert office.says(STAFF, f"paid {office.order.number}") == f"Order {office.order.number} is paid already."
    assert [to for to, _ in office.sent] == [STAFF]


def test_a_cancelled_order_puts_its_goods_back(office: Office) -> None:
    prices = {"EUR": Money.from_minor(99900, "EUR")}
    item = Item(BRAND, "L1", "Volt 15", "laptops", "Volt", "", (), prices, "", "", 4)
    office.goods.replace([item], "digest")
    office.says(STAFF, f"cancelled {office.order.number}")
    assert office.goods.stock(BRAND, "L1") == 5


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("reply", "reply 3: your text"),
        ("reply 99: hello", "no hand-over 99"),
        ("paid ABCD-EFGH", "there is no order"),
        ("release three", "release 3"),
        ("frobnicate", "help"),
        ("replay 9999", "there is no message"),
        ("", "help"),
    ],
)
def test_what_cannot_be_done_is_answered_with_how_to_do_it(office: Office, text: str, hint: str) -> None:
    assert hint in office.says(ADMIN, text)


def test_staff_of_the_brand_are_notified_and_analysts_sleep(office: Office) -> None:
    with office.stores.db.transaction():
        notices = office.staff.notify(BRAND, "somebody waits")
    assert {office.stores.contacts.get(notice.contact_id or 0).phone for notice in notices} == {ADMIN, STAFF}


@pytest.mark.parametrize("command", ["paid", "cancelled"])
def test_the_same_command_twice_in_one_go_is_done_once_and_the_second_is_told(office: Office, command: str) -> None:
    office.stores.hear(f"{command} {office.order.number}", phone=STAFF, urgent=True)
    answer = office.draft(STAFF, f"{command} {office.order.number}")
    office.finish(answer)
    assert office.orders.by_number(BRAND, office.order.number).state == command
    assert [body for to, body in office.sent if to == STAFF] == [
        f"Order {office.order.number} is {command} now.",
        f"Order {office.order.number} is {command} already.",
    ]
    assert len([to for to, _ in office.sent if to == CUSTOMER]) == 1


def test_a_message_replayed_twice_in_one_go_is_tried_once(office: Office) -> None:
    dead = office.stores.messages.put_out(office.customer.id, Outgoing("hola"))
    office.stores.messages.settle(dead, "dead")
    office.stores.hear(f"replay {dead}", phone=STAFF, urgent=True)
    office.finish(office.draft(STAFF, f"replay {dead}"))
    assert [body for _, body in office.sent][1] == f"Message {dead} is not dead; it is tried again."


def test_an_admin_says_who_has_a_number(office: Office) -> None:
    contacts = office.stores.contacts
    addresses = [Address(f"whatsapp:{CUSTOMER}", CUSTOMER, f"ES.{each}") for each in ("old", "new", "newer")]
    first, second = (contacts.resolve(BRAND, each, SHOP) for each in addresses[:2])
    assert first != second
    assert "admin" in office.says(STAFF, "same 1")
    assert CUSTOMER in office.says(ADMIN, "numbers")
    assert "same person" in office.says(ADMIN, "same 1")
    assert contacts.find(BRAND, CUSTOMER).id == contacts.find(BRAND, "ES.new").id == first
    contacts.resolve(BRAND, addresses[2], SHOP)
    assert "another person" in office.says(ADMIN, "other 2")
    assert "No number" in office.says(ADMIN, "numbers")


def test_an_admin_says_that_the_business_moved(office: Office) -> None:
    contacts = office.stores.contacts
    phones = [f"+1415555010{place}" for place in range(3)]
    before = [contacts.resolve(BRAND, Address(f"whatsapp:{p}", p, f"US.old{p[-1]}"), SHOP) for p in phones]
    for phone in phones:
        contacts.resolve(BRAND, Address(f"whatsapp:{phone}", phone, f"US.new{phone[-1]}"), SHOP)
    assert "3 people" in office.says(ADMIN, "same people")
    assert [contacts.find(BRAND, phone).id for phone in phones] == before


def entries(office: Office) -> list[tuple[str, str, int | None, str, str]]:
    found = AuditTrail(office.stores.db, office.stores.clock).search()
    return [(each.actor, each.action, each.person, each.subject, each.outcome) for each in reversed(found)]


def test_what_staff_do_is_in_the_audit_log(office: Office) -> None:
    office.says(STAFF, f"paid {office.order.number}")
    office.says(STAFF, "paid attention to Ana, +34600111222")
    office.says(ANALYST, f"cancelled {office.order.number}")
    office.says(STAFF, "help")
    who = {phone: office.stores.contacts.find(BRAND, phone).id for phone in (STAFF, ANALYST)}
    assert entries(office) == [
        (f"contact:{who[STAFF]}", "paid", office.customer.id, office.order.number, ""),
        (f"contact:{who[STAFF]}", "paid", None, "", "unclear"),
        (f"contact:{who[ANALYST]}", "cancelled", None, office.order.number, "role_too_low"),
    ]


def test_admins_read_the_audit_log_of_a_person(office: Office) -> None:
    office.says(STAFF, f"order {office.order.number}")
    office.says(STAFF, "orders")
    body = office.says(ADMIN, f"audit {CUSTOMER}")
    assert "order" in body and f"contact:{office.customer.id}" in body
    assert "orders" not in body and CUSTOMER not in body
    assert "needs the role admin" in office.says(STAFF, "audit")


def test_staff_messages_about_a_person_are_linked_to_them(office: Office) -> None:
    office.says(STAFF, f"paid {office.order.number} Ana said so")
    office.says(STAFF, f"order {office.order.number}")
    office.stores.contacts.erase(office.customer.id)
    said = [each.content for each in office.stores.messages.history(office.stores.contacts.find(BRAND, STAFF).id)]
    assert office.order.number not in str(said[-2:])
