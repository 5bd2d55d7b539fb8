"""Makes the database file of a release, with the program of that release, to be opened by every later one.

Run at each release, once, when all migrations of the release are in:

    python -m tests.released.make 0.1.0

It adds tests/released/0.1.0.db and tests/released/0.1.0-encrypted.db, and refuses to replace one that is there: a
released file never changes. Before that, add to the story what the release has added to the program, one function per
subject; a table that would stay empty is refused by name. Only public stores and the program's own parts write.

The shop: three mornings of ads on a practice account, John who buys and moves from Lisbon to Porto, Maria whose
lens is broken, Asha with a delivered order, Omar who opted out, Lena who waits, somebody who was erased, and staff.
Times are fixed; tokens, record ids and whatever else the program draws at random are not.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.brands import read_brands
from bot.channels.twilio import LIMITS
from bot.delivery.turn_router import TurnRouter
from bot.language.money import Money
from bot.settings import Settings
from bot.staff.commands.ad_commands import AdCommands
from bot.staff.commands.shop_commands import Commands
from bot.staff.questions.built_in_answers import BuiltInAnswers
from bot.staff.questions.model_answers import ModelAnswers
from bot.wiring.program import Program, assemble
from bot.wiring.stores import Stores
from memory.ads.ad_account import Ad, AdAccount, AdInsight, AdSet, Campaign, Creative, EventOutcome, Learning, Structure
from memory.ads.conversion_events import ConversionEvents
from memory.ads.learnings.strategy import FAILURE, SUCCESS, Claim
from memory.ads.morning_runs import Cycles
from memory.ads.tasks import Need
from memory.agent_memory import SharedMemory
from memory.agents.workflows import create_session
from memory.audit_log.account_changes import AccountLeases, Intention, State
from memory.audit_log.api_tokens import ApiToken, ApiTokens
from memory.audit_log.audit_trail import AuditTrail
from memory.audit_log.creation_intents import Part
from memory.audit_log.staff_commands import StaffCommandLog
from memory.conversations.channel_messages import FailureCause, Inbound, Media, Outgoing
from memory.conversations.failed_readings import FailedReadings, ReadingKind
from memory.conversations.turns import Lease, Outcome
from memory.intake.received_forms import FormIdentity, FormKind, Sorted
from memory.people.address import Address, Referral
from memory.people.contacts import Contact
from memory.recall.search import Search
from memory.shop.orders import Quote
from memory.storage.database import Database
from memory.storage.quotas import Limits
from memory.upkeep.backup import back_up
from memory.upkeep.encryption import encrypt
from memory.upkeep.erasure import Erasure
from tests.ads.shop import DATA, AdShop, AnythingGoes
from tests.released import AS_OF, CLICK_ID, KEY, SECRET, encrypted, plain
from tests.staff.senders import AllSenders
from tests.world import ADMIN, JOHN, MARIA, STAFF, environment

BRAND, SHOP = "voyage", "+14155238886"
ASHA, OMAR, LENA, ERASED = "+919812345678", "+971501234567", "+4915112345678", "+447700900123"
SPAIN = "act_2"  # beside the practice account: an account whose figures are told below
PAGE = 1024  # bytes; many tables are small, and each table and index has a page at least


@dataclass
class Story:
    """The shop while its file is made. One thing happens after the other, at times that are fixed."""

    folder: Path
    ads: AdShop = field(init=False)
    program: Program = field(init=False)
    memory: Stores = field(init=False)
    db: Database = field(init=False)
    desk: TurnRouter = field(init=False)
    sent: int = 0  # messages that a provider has numbered, both ways

    def __post_init__(self) -> None:
        self.ads = AdShop(self.folder, places=(0,), ads=2, claims=AnythingGoes())
        settings = Settings.from_environment(environment(self.folder, 8000, SECRET_KEY=SECRET))
        self.program = assemble(settings, clock=self.ads.clock)
        self.memory, self.db = self.program.memory, self.program.memory.db
        self.ads.db, self.ads.agents = self.db, self.program.agents  # one connection: its transactions join
        self.ads.agency = self.ads.process()
        agency, clock = self.ads.agency, self.ads.clock
        model_answers = ModelAnswers(
            BuiltInAnswers(agency, agency.tasks), None, Limits(self.db, clock), read_brands(DATA / "brands.toml"), clock
        )
        commands = Commands(
            self.memory.contacts,
            self.memory.messages,
            self.memory.handovers,
            self.memory.orders,
            AuditTrail(self.db, clock),
            senders=AllSenders(),
            ads=AdCommands(agency, StaffCommandLog(self.db, clock), agency.tasks, model_answers, AnythingGoes()),
        )
        self.desk = replace(self.program.desk, commands=commands)

    def at(self, day: int, hour: int, minute: int = 0) -> None:
        """Time goes on to that moment of November 2026."""
        moment = datetime(2026, 11, day, hour, minute, tzinfo=UTC)
        assert moment >= self.ads.clock.now, "time only goes forward"
        self.ads.clock.now = moment

    def hear(
        self, phone: str | None, text: str, *, user_id: str | None = None, name: str | None = None, **more: Any
    ) -> int:
        """A message comes in and waits; its id."""
        raw = f"whatsapp:{phone or user_id}"
        inbound = Inbound(
            provider_id=self._number(),
            to=SHOP,
            sender=Address(raw, phone, user_id),
            body=text,
            received_at=self.ads.clock(),
            profile_name=name,
            raw={"Body": text, "From": raw},
            **{"kind": "text", **more},
        )
        message_id = self.memory.messages.take_in(BRAND, inbound)
        assert message_id is not None
        identity = FormIdentity(FormKind.MESSAGE, inbound.provider_id, "", raw, SHOP)
        self.memory.forms.keep([self.memory.forms.arrived(identity, [("Body", text), ("From", raw)], "")])
        FailedReadings(self.db).count(
            ReadingKind.SEARCH, self.memory.messages.get(message_id).contact_id, message_id, ValueError()
        )
        [form] = self.memory.forms.waiting(2)
        self.memory.forms.note([Sorted(form, self.memory.messages.contact_of(message_id))])
        self.ads.clock.pass_by(seconds=4)
        return message_id

    def says(self, phone: str, text: str, **more: Any) -> str:
        """Somebody writes, is answered, and gets the answer; what it says."""
        self.hear(phone, text, **more)
        contact = self.person(phone)
        lease = self.lease(contact)
        waiting = self.program.turns.waiting(contact.id)
        outcome = self.desk.answer(contact, waiting, self.ads.clock() + timedelta(seconds=10))
        assert self.program.turns.finish(lease, waiting, outcome, split=LIMITS.parts)
        self.program.turns.release(lease)
        self.deliver(contact.id)
        return "\n".join(reply.body for reply in outcome.replies)

    def person(self, phone: str) -> Contact:
        return self.memory.contacts.find(BRAND, phone)

    def lease(self, contact: Contact) -> Lease:
        """The right to answer; others who are due are given back."""
        leases = {lease.contact_id: lease for lease in self.program.turns.claim("worker-1", 20)}
        for contact_id in leases.keys() - {contact.id}:
            self.program.turns.release(leases[contact_id])
        return leases[contact.id]

    def deliver(self, contact_id: int, *statuses: str) -> None:
        """The provider takes what is ready for this contact, and tells how far each message came."""
        messages = self.memory.messages
        while (row := messages.next_out(contact_id)) is not None:
            messages.begin_try(row)
            provider_id = self._number()
            messages.said(row.id, provider_id)
            for status in statuses or ("sent", "delivered", "read"):
                messages.note_status(row.id, status, provider_id=provider_id, error_code=None)

    def _number(self) -> str:
        self.sent += 1
        return f"SM{self.sent:032x}"


# -- people and what they said


def staff_write_first(story: Story) -> None:
    """WhatsApp delivers to them only after they wrote."""
    for number in (ADMIN, STAFF):
        story.says(number, "open")


def john_comes_through_an_ad(story: Story) -> None:
    """First with his number hidden, then under his number, then under both: one person."""
    referral = Referral("2001", "ad", CLICK_ID, "Play faster", "Gaming laptops", None, {"ReferralSourceId": "2001"})
    hidden, shown = {"user_id": "US.JohnCarter9"}, {"name": "John Carter"}
    story.hear(None, "hello", referral=referral, **hidden)
    story.hear(JOHN, "anybody there?", **shown)
    story.says(JOHN, "hi, I'm John, I live in Lisbon", **hidden, **shown)
    for told in (
        "I have a Norvik Campus 14",
        "my budget is 1500 euros",
        "my birthday is 12 March",
        "I hate chromebooks",
    ):
        story.says(JOHN, told)
    story.says(JOHN, "convert 500 USD to EUR")
    story.says(JOHN, "gaming laptop under 1500 euros")


def john_buys_and_pays(story: Story) -> None:
    number_next_order(story, "KQXT-MBPR")
    story.says(JOHN, "I'll take the kestrel talon 14")
    story.says(JOHN, "yes")
    story.says(STAFF, "paid KQXT-MBPR")
    story.deliver(story.person(JOHN).id)


def john_moves(story: Story) -> None:
    story.says(JOHN, "I moved to Porto last week")
    john = story.person(JOHN)
    session = story.memory.sessions.latest(john.id)
    assert session is not None
    story.memory.sessions.summarise(session.id, "John bought a Kestrel Talon 14.")
    story.memory.facts.learn(john, "shoe_size", "43", None, said_by="staff", confidence=0.9)
    for owned in ("iPhone 12", "Norvik Campus 14"):
        story.memory.facts.learn(john, "owns", owned, None, said_by="model", confidence=0.7)
    story.ads.clock.pass_by(minutes=1)
    story.memory.facts.end(john, "owns", "iPhone", None)
    story.memory.summaries.catch_up(john.id)


def maria_complains(story: Story) -> None:
    """A hand-over with a picture, answered by staff and released; then an order that she cancels."""
    lost = Referral("9999", "ad", None, None, None, None, {"ReferralSourceId": "9999"})  # an ad of no account
    story.says(MARIA, "hola, me llamo María", referral=lost)
    story.says(MARIA, "mis gafas han llegado rotas, quiero hablar con una persona")
    picture = story.hear(MARIA, "mira", kind="image", media=(Media("https://api.twilio.com/m/ME1", "image/jpeg"),))
    message = story.memory.messages.get(picture)
    story.memory.attachments.keep(message, "image/jpeg", b"\xff\xd8\xff\xe0 glasses", "Glasses with a cracked lens")
    answer(story, MARIA, Outcome([], answered_by="people"))
    story.says(STAFF, "reply 1: Lo siento, María. Te enviamos otras hoy.")
    story.deliver(story.person(MARIA).id)
    story.says(STAFF, "release 1")
    place(story, MARIA, "CNCL-LDXX", "SO-AVIO-M", "Solenne Aviator", "89")
    story.memory.orders.move(BRAND, "CNCL-LDXX", "cancelled", "customer")


def asha_has_bought_before(story: Story) -> None:
    """Hindi; an order that was delivered and one under way, through an ad whose click Meta does not know."""
    referral = Referral("2002", "ad", "unknown-click", None, None, None, {"ReferralSourceId": "2002"})
    story.says(ASHA, "नमस्ते, मेरा नाम आशा है", referral=referral)
    place(story, ASHA, "DLVR-GHJK", "VO-BUDS-2", "Voltia Buds 2", "40")
    for state in ("paid", "shipped", "delivered"):
        story.ads.clock.pass_by(minutes=10)
        story.memory.orders.move(BRAND, "DLVR-GHJK", state, STAFF)
    place(story, ASHA, "SHPP-DXWZ", "VO-PWR-20", "Voltia Power Bank 20K", "39.90")
    story.memory.orders.move(BRAND, "SHPP-DXWZ", "paid", STAFF)
    story.memory.orders.move(BRAND, "SHPP-DXWZ", "shipped", STAFF)


def asha_asks_for_a_person(story: Story) -> None:
    """The hand-over that is open, and the quote that waits for a yes."""
    asha = story.person(ASHA)
    quote = Quote("LM-KEY-75", "Lumeno Clack 75", 2, Money(Decimal(89), "EUR"), "in 2-4 days", story.ads.clock())
    story.memory.orders.keep_quote(asha, quote)
    story.says(ASHA, "मुझे किसी इंसान से बात करनी है")


def omar_opts_out(story: Story) -> None:
    story.says(OMAR, "hi, I'm Omar, do you have sunglasses?")
    story.says(OMAR, "STOP")
    omar = story.person(OMAR)
    story.memory.contacts.mark(omar.id, "marketing_off_at")
    message = story.memory.messages.put_out(omar.id, Outgoing("Your sunglasses are back in stock"))
    story.memory.messages.settle(message, "suppressed", error="the contact has opted out")


def a_number_changes_hands(story: Story) -> None:
    for user_id in ("IN.first", "IN.second"):
        story.hear("+14155550177", "hello", user_id=user_id)
    story.memory.contacts.recycled.note_move(BRAND, story.ads.clock(), "an admin")


def somebody_is_erased(story: Story) -> None:
    """Nothing is left but a receipt, digests, an order without a person, and one message still at the provider."""
    story.says(ERASED, "hi, I'm Xantippe")
    place(story, ERASED, "FRGT-TTNN", "PX-LITE-3", "Pixon Lite 3", "129")
    story.says(ERASED, "delete my data")
    story.says(ERASED, "DELETE")
    Erasure(story.db, story.ads.clock, story.program.keys).erase(story.person(ERASED).id)
    for provider_id in story.memory.contacts.still_at_provider()[1:]:
        story.memory.contacts.gone_at_provider(provider_id)


def messages_in_every_state(story: Story) -> None:
    """What the queue holds when the program is stopped at the worst moment."""
    messages = story.memory.messages
    asha, maria = story.person(ASHA).id, story.person(MARIA).id
    refused = messages.put_out(asha, Outgoing("Your power bank leaves tomorrow"))
    story.deliver(asha, "sent", "failed")
    messages.send_anew(refused)
    story.deliver(asha, "failed")
    dead = messages.put_out(asha, Outgoing("This one is too long for WhatsApp"))
    messages.settle(dead, "dead", error="the text is too long", error_code=21617)
    on_its_way = messages.put_out(asha, Outgoing("Is the hub all right?"))
    story.deliver(asha, "sent")
    doubted = messages.put_out(asha, Outgoing("Your parcel is at the depot"))
    messages.doubt(messages.begin_try(messages.outbox_row(doubted)), timedelta(minutes=1), "the answer was lost")
    under_way = messages.put_out(asha, Outgoing("It comes on Tuesday"))
    messages.begin_try(messages.outbox_row(under_way))
    messages.put_out(asha, Outgoing("Anything else?"))
    parked = messages.put_out(maria, Outgoing("Tus gafas nuevas han salido", purpose="order_update"))
    messages.set_aside(
        parked, "parked", FailureCause.OUTSIDE_WINDOW, "outside the 24-hour window; goes out when they write"
    )
    told = messages.put_out(story.person(JOHN).id, Outgoing("Your order KQXT-MBPR is packed"))
    story.deliver(story.person(JOHN).id, "sent", "delivered")
    assert (messages.get(on_its_way).state, messages.get(told).state) == ("sent", "delivered")


def lena_waits(story: Story) -> None:
    """Her first message failed five times, the second is not answered yet."""
    referral = Referral("2001", "ad", "late-click", None, None, None, {"ReferralSourceId": "2001"})
    story.hear(LENA, "my name is Lena and I break things", referral=referral)
    for _ in range(5):
        lease = story.lease(story.person(LENA))
        story.program.turns.postpone(lease, story.program.turns.waiting(lease.contact_id), "ValueError")
        story.program.turns.release(lease)
        story.ads.clock.pass_by(minutes=6)
    place(story, LENA, "PLCD-WTNG", "SO-SPORT-R", "Solenne Sprint", "99")
    story.hear(LENA, "do you have sunglasses for sport?")


def a_worker_is_killed(story: Story) -> None:
    """It was about to answer Lena."""
    story.lease(story.person(LENA))


def answer(story: Story, phone: str, outcome: Outcome) -> None:
    """What waits of this person is handled so."""
    lease = story.lease(story.person(phone))
    assert story.program.turns.finish(lease, story.program.turns.waiting(lease.contact_id), outcome, split=LIMITS.parts)
    story.program.turns.release(lease)


def place(story: Story, phone: str, number: str, sku: str, title: str, price: str) -> None:
    """An order of one piece, in euros."""
    quote = Quote(sku, title, 1, Money(Decimal(price), "EUR"), "in 2-4 days", story.ads.clock())
    story.ads.clock.pass_by(minutes=1)
    link = f"https://pay.example.com/{number}"
    story.memory.orders.place(story.person(phone), quote, number, link)


def number_next_order(story: Story, number: str) -> None:
    """The number that the desk gives to the next order."""
    story.memory.orders.new_number = lambda: number


# -- advertising


def what_shoppers_ask_about(story: Story) -> None:
    """Enough for the first morning to think of a new ad."""
    told = "27 of 90 chats asked about cash on delivery"
    story.ads.agency.memory.strategy.learn(
        BRAND, "audience_insight", told, {"share": 0.3}, subject="objection:cash on delivery"
    )


def a_morning_of_ads(story: Story) -> None:
    """Read, decide, act, launch a test, learn, report; then the guards' look."""
    story.ads.agency.cycle.run()
    story.ads.agency.each_hour()


def the_account_in_spain(story: Story) -> None:
    """An account whose days are told here: the 22nd twice, and an ad that is gone since."""
    campaigns, seen = story.ads.agency.memory.campaigns, story.ads.clock()
    spain = spanish_structure(seen)
    campaigns.store_structure(spain)
    old = Ad("2003", SPAIN, "2010", "2020", "Invierno · gift · image", "active", "active")
    campaigns.store_structure(replace(spain, ads=(*spain.ads, old), seen_at=seen + timedelta(minutes=1)))
    campaigns.store_structure(replace(spain, seen_at=seen + timedelta(minutes=2)))
    campaigns.label(
        BRAND, "2002", angle="price", landing_page="https://shop.example.com/buds", brief={"expected": "9 chats a day"}
    )
    campaigns.store_readings(BRAND, [spanish_day(day, spend, seen) for day, spend in ((20, "30"), (21, "31.50"))])
    campaigns.store_readings(BRAND, [spanish_day(22, "20", seen)])
    campaigns.store_readings(BRAND, [spanish_day(22, "22.75", seen + timedelta(hours=3), purchases=2)])
    campaigns.store_readings(BRAND, [replace(spanish_day(22, "12", seen), breakdown=("country", "PT"))])


def spanish_structure(seen: datetime) -> Structure:
    """One campaign that holds the budget, one ad set in its learning phase, a video and a picture."""
    least = Money(Decimal(1), "EUR")
    learning = Learning("learning", 12, 50, seen - timedelta(days=2))
    targeting = {"geo_locations": {"countries": ["ES", "PT"]}}
    return Structure(
        account=AdAccount(SPAIN, BRAND, "Voyage Spain", "EUR", "Europe/Madrid", "active", least, practice=True),
        campaigns=(Campaign("2000", SPAIN, "Invierno", "sales", "active", "active", Money(Decimal(40), "EUR"), seen),),
        ad_sets=(AdSet("2010", SPAIN, "2000", "Iberia", "active", "active", None, targeting, learning),),
        creatives=(
            Creative("2020", SPAIN, "Security", "Bought safely", "Play faster", "video", None, "77_88"),
            Creative("2021", SPAIN, "Price", "From 40 euros", "Hear more", "image", "https://shop.example.com/b"),
        ),
        ads=(
            Ad("2001", SPAIN, "2010", "2020", "Invierno · security · video", "active", "active"),
            Ad("2002", SPAIN, "2010", "2021", "Invierno · buds", "paused", "campaign_paused"),
        ),
        seen_at=seen,
    )


def spanish_day(day: int, spend: str, seen: datetime, *, purchases: int | None = None) -> AdInsight:
    """What the platform said of ad 2001 on that day of November."""
    return AdInsight(
        SPAIN, "2001", date(2026, 11, day), seen, Money(Decimal(spend), "EUR"), 1000, 40, 5, reach=800,
        purchases=purchases, purchase_value=Money(Decimal(1449), "EUR") if purchases else None,
    )  # fmt: skip


def sales_are_told_back(story: Story) -> None:
    """John's is accepted, Asha's first refused, the others wait; the ad that Maria came through is in no account."""
    attribution, events = story.ads.agency.memory.attribution, ConversionEvents(story.db, story.ads.clock)
    attribution.attribute_desk_sales(BRAND, margin_rate=Decimal("0.35"), zone="Europe/Madrid")
    attribution.move(BRAND, "DLVR-GHJK", "returned")
    events.plan(BRAND)
    johns, ashas = events.claim(BRAND, SPAIN, most=2)
    unknown = EventOutcome(ashas.id, False, "2804087: unknown click id")
    events.settle(BRAND, [EventOutcome(johns.id, True, ""), unknown])


def staff_run_the_ads(story: Story) -> None:
    """By chat: a pause undone; raises that were replaced, rejected, approved, and one that waits; a chart; a stop lifted."""
    for order in ("campaigns", "chart", "pause summer", "undo"):
        story.says(ADMIN, order)
    for order in ("budget summer 9000", "budget summer 9100", "reject 2 too much at once", "budget summer 9200"):
        story.says(ADMIN, order)
    for order in ("approve 3", "undo", "stop everything", "resume", "budget summer 9300"):
        story.says(ADMIN, order)


def changes_in_every_state(story: Story) -> None:
    """Of the account in Spain; with a process that was killed while it held the account and was launching there."""
    actions = story.ads.agency.actions
    states: tuple[State, ...] = ("open", "done", "refused", "not_done", "overtaken")
    for number, state in enumerate(states):
        change = actions.changes.intend(spanish_change(story, f"{30 + number}"))
        if state != "open":
            actions.changes.settle(change.id, state, "" if state == "done" else f"it was {state}")
    launch = replace(spanish_change(story, "active"), what="launch", kind="campaign", name="Primavera", object_id="")
    change = actions.changes.intend(launch)
    parts = [Part("campaign", "campaign", {"name": "Primavera"}), Part("ad_set 0", "ad_set", {"name": "Lisboa"})]
    begun = actions.intents.plan(BRAND, SPAIN, change.id, "Primavera", [*parts, Part("ad 0", "ad", {"name": "Sol"})])
    campaign, ad_set, _ad = actions.intents.parts(begun.id)
    actions.intents.ask(campaign.id)
    actions.intents.made(campaign.id, "2900")
    actions.intents.ask(ad_set.id)
    dropped = actions.changes.intend(replace(launch, name="Verano"))
    actions.intents.finish(
        actions.intents.plan(BRAND, SPAIN, dropped.id, "Verano", parts).id, "dropped", "the picture is gone"
    )
    actions.changes.settle(dropped.id, "refused", "the picture is gone")
    AccountLeases(story.db, timedelta(minutes=3)).take(SPAIN, "of a process that was killed")


def spanish_change(story: Story, becomes: str) -> Intention:
    return Intention(
        brand=BRAND, account_id=SPAIN, who=STAFF, role="staff", why="it sells", what="set_budget", kind="campaign",
        object_id="2000", name="Invierno", was="29", becomes=becomes, raises=Money(Decimal(1), "EUR"),
        account_at=story.ads.clock(), key=f"spain {becomes}" if becomes.isdigit() else None,
    )  # fmt: skip


def alarms_and_the_second_stop(story: Story) -> None:
    """An alarm that is over, one that lasts, and “stop everything” in force at the end."""
    alarms = story.ads.agency.actions.alarms
    over = alarms.raise_(BRAND, "stock SO-KIDS-1", "Kids Sun is sold out; its ads are paused.", ends_itself=True)
    alarms.end(over, "Kids Sun is back in stock.")
    alarms.raise_(BRAND, "overspent act_2", "Voyage Spain spent more than its cap.", freezes=[SPAIN])
    story.says(ADMIN, "stop everything")


def a_morning_that_failed(story: Story) -> None:
    cycles = Cycles(story.db, story.ads.clock)
    run = cycles.claim(BRAND, SPAIN, date(2026, 11, 23), "pull")
    assert run is not None
    cycles.fail(cycles.finish_step(run, {"readings": 4}, "decide"), "no exchange rate", AS_OF + timedelta(hours=1))


def what_was_learned(story: Story) -> None:
    """A learning that was replaced, one withdrawn, patterns, a playbook, decisions open and closed; a campaign's records."""
    strategy, records = story.ads.agency.memory.strategy, story.ads.agency.memory.records
    claim = Claim("angle:security", "angle:price", "chat_to_order")
    rates = {"angle:security": 0.06, "angle:price": 0.03}
    strategy.learn(BRAND, "creative_insight", "Security sells a little better", rates, confidence=0.7, claim=claim)
    strategy.learn(
        BRAND, "creative_insight", "Security sells twice as well as price", rates, confidence=0.97, claim=claim
    )
    weekend = strategy.learn(BRAND, "audience_insight", "Weekends sell best", {}, subject="hour:weekend")
    strategy.withdraw(BRAND, weekend, "four weekends said otherwise")
    strategy.pattern(BRAND, SUCCESS, "Videos about security", {"ctr": 0.04}, subject="format:video")
    strategy.pattern(BRAND, FAILURE, "Discounts in December", {"roas": 0.8}, subject="angle:discount")
    strategy.playbook(BRAND, "A sold-out item", ["pause its ads", "tell staff"], when="stock is zero")
    strategy.decide(BRAND, "budget", {"account": SPAIN}, "Spain earns more", expected="3 more orders")
    closed = strategy.decide(BRAND, "pause", {"account": SPAIN}, "The picture is tired")
    strategy.close_decision(BRAND, closed, "saved 90 EUR")
    strategy.share_patterns(BRAND, shared=False)
    records.launched(BRAND, "2000", {"name": "Invierno", "objective": "sales", "expected_outcome": "9 chats a day"})
    records.snapshot(BRAND, "2000", {"ctr": "4.0"}, {"status": "good", "trends": ["more chats each day"]})
    change = records.optimization(BRAND, "2000", "budget", "Chats are cheap", "6 more chats a day")
    records.record_outcome(BRAND, change, "4 more chats a day")


def what_people_are_asked_for(story: Story) -> None:
    tasks = story.ads.agency.tasks
    photo = Need(
        "photo lock", "A photo of the lock", "security sells", "one photo, 1080 × 1080", date(2026, 11, 25), "2000"
    )
    asked = tasks.ask(BRAND, photo)
    tasks.mark_requested(asked.id)
    tasks.set_gid(asked.id, "1209")
    line = tasks.ask(BRAND, Need("line gift", "A line about gifts", "nobody wrote one", "at most 40 letters"))
    story.says(STAFF, f"done {line.id} Two lines came by mail")


# -- agents, and what the program keeps for itself


def what_agents_remember(story: Story) -> None:
    """Long-term and shared values with their vectors, a workflow that ended and one that goes on, an audit trail."""
    agents = story.program.agents
    agents.save("planner", "favourite season", {"season": "autumn", "why": "cheap chats"}, "long_term")
    agents.save("planner", "draft", {"text": "gone by tomorrow"}, "short_term")
    SharedMemory(agents.db, story.ads.clock).publish("tone", {"voice": "warm and short"})
    assert agents.search_similar("planner", "which season is best?")
    agents.save_execution_record("planner", {"input": "plan", "output": "autumn", "status": "success"})
    with create_session("launch-1", agents, {"campaign": "Invierno"}) as ended:
        ended.save_agent_memory("planner", "headline", "Play faster", "long_term")
        ended.add_conversation_message("planner", "assistant", "It is launched.")
    going_on = create_session("launch-2", agents, {"campaign": "Primavera"})
    going_on.add_conversation_message("planner", "user", "Use the harbour photo.", {"from": "ana"})
    going_on.add_conversation_message("painter", "assistant", "It is cropped.")
    going_on.save_execution_record("painter", {"input": "crop", "output": "1080 x 1080", "status": "success"})
    AuditTrail(story.db, story.ads.clock).checkpoint(story.program.keys)
    story.program.desk.seller.note_lost()


def what_the_clock_keeps(story: Story) -> None:
    """Runs of jobs, a worker's sign of life, a template that was switched off, quotas, a day's model budget, API tokens."""
    memory, limits = story.memory, Limits(story.db, story.ads.clock)
    memory.runs.claim("rates", timedelta(days=1))
    memory.runs.note("catch-up")
    memory.switches.turn_off("template", "HX0123")
    story.program.turns.beat("worker-1")
    limits.allow("api of john", 60, 3600)
    limits.add_spend(BRAND, date(2026, 11, 23), 250_000)
    tokens, now = ApiTokens(story.db, story.ads.clock), story.ads.clock()
    tokens.keep(ApiToken("0123456789abcdef", "analyst", BRAND, now, now + timedelta(days=90)))
    tokens.revoke(ApiToken("admin-01234567", "admin", None, now, now + timedelta(days=365)))
    Search(story.db).catch_up_fully()


# -- the whole, and its files

STATES = {
    "messages.state": "waiting handled ready sending unknown sent delivered read failed parked suppressed dead",
    "messages.role": "user assistant",
    "orders.state": "placed paid shipped delivered cancelled",
    "identities.kind": "phone user_id written",
    "ad_approvals.state": "waiting used rejected replaced",
    "ad_changes.state": "open done refused not_done overtaken",
    "ad_launches.state": "making live dropped",
    "ad_intents.state": "planned asked made dropped",
    "ad_held.state": "paused put_back",
    "ad_events.state": "accepted refused planned",
    "ad_sales.state": "ordered paid cancelled returned",
    "tasks.state": "open done",
    "turns.answered_by": "built-in people staff",
    "strategic_entries.kind": "learnings successful_patterns failed_patterns playbooks strategic_decisions",
    "campaign_entries.kind": "performance_snapshots optimizations",
}


def tell(folder: Path) -> Story:
    """The whole story, on a database in `folder`."""
    story = Story(folder)
    what_shoppers_ask_about(story)
    story.at(21, 7)
    a_morning_of_ads(story)
    story.at(21, 9)
    staff_write_first(story)
    for happens in (
        john_comes_through_an_ad, maria_complains, omar_opts_out, a_number_changes_hands, somebody_is_erased,
    ):  # fmt: skip
        happens(story)
    story.at(22, 7)
    a_morning_of_ads(story)
    story.at(22, 10)
    staff_write_first(story)
    john_buys_and_pays(story)
    story.at(23, 7)
    a_morning_of_ads(story)
    for happens in (the_account_in_spain, asha_has_bought_before, staff_write_first, john_moves, what_was_learned):
        happens(story)
    for happens in (staff_run_the_ads, changes_in_every_state, a_morning_that_failed, what_people_are_asked_for):
        happens(story)
    what_the_clock_keeps(story)
    story.at(23, 17)
    lena_waits(story)
    story.at(23, 17, 45)
    for happens in (asha_asks_for_a_person, messages_in_every_state, sales_are_told_back, alarms_and_the_second_stop):
        happens(story)
    what_agents_remember(story)
    a_worker_is_killed(story)
    return story


def gaps(story: Story) -> list[str]:
    """The tables without a row, and the states that no row is in."""
    tables = [row["name"] for row in story.db.all("SELECT name FROM sqlite_master WHERE type = 'table'")]
    empty = [name for name in tables if not story.db.value(f'SELECT count(*) FROM "{name}"')]
    for place, states in STATES.items():
        table, column = place.split(".")
        there = {row["state"] for row in story.db.all(f"SELECT DISTINCT {column} AS state FROM {table}")}
        empty += [f"{place} {state}" for state in states.split() if state not in there]
    return sorted(empty)


def release(version: str) -> Sequence[Path]:
    """Make both files of this version. Raises SystemExit where one is there, or something is not in the story."""
    made = (plain(version), encrypted(version))
    if any(file.exists() for file in made):
        raise SystemExit(f"{version} was released; its files stay as they are")
    with TemporaryDirectory() as folder:
        story = tell(Path(folder))
        assert story.ads.clock() <= AS_OF, "the story goes on after AS_OF"
        missing = gaps(story)
        if missing:
            raise SystemExit(f"the story lacks {', '.join(missing)}")
        copy = back_up(Path(folder) / "hawker.db", Path(folder) / "copy.db")
        shrink(copy)
        shutil.copy(copy, made[0])
        encrypt(copy, None, KEY)
        shutil.copy(copy, made[1])
    return made


def shrink(file: Path) -> None:
    """One file with nothing beside it, on small pages, without what was deleted."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"PRAGMA page_size = {PAGE}")
        connection.execute("VACUUM")


if __name__ == "__main__":
    for made in release(sys.argv[1]):
        sys.stdout.write(f"{made}: {made.stat().st_size // 1024} kB\n")
