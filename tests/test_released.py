"""The database files of released versions, opened by today's program: nothing of them is lost, and the shop goes on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.ads.experiments.ad_tests import idea_of
from bot.ads.platform import without_token
from bot.ads.step_results import MorningResults
from bot.language.money import Money
from bot.settings import Settings
from bot.web.access import issue_token
from bot.wiring.foundation import Foundation
from bot.wiring.program import Program, assemble
from memory.ads.charts import Charts
from memory.ads.conversion_events import ConversionEvents
from memory.ads.graph import Graph
from memory.ads.morning_runs import Cycles
from memory.agents.workflows import create_session
from memory.audit_log.staff_commands import StaffCommandLog
from memory.conversation import ConversationMemory
from memory.people.contacts import Contact
from memory.recall.search import Search
from memory.storage.database import Database
from memory.storage.errors import UnknownContact
from memory.storage.migrations import STEPS
from memory.storage.quotas import Limits
from memory.storage.timestamps import now
from memory.upkeep.erasure import Erasure, verify
from tests.released import AS_OF, CLICK_ID, HERE, KEY, SECRET, encrypted, plain
from tests.released.make import gaps, tell
from tests.waiting import HANG_SECONDS
from tests.world import ADMIN, JOHN, MARIA, STAFF, MovableClock, environment, open_shop

ROOT = Path(__file__).parents[1]
FILES = sorted(HERE.glob("*.db"))
BRAND, SPAIN = "voyage", "act_2"
ASHA, OMAR, LENA, ERASED = "+919812345678", "+971501234567", "+4915112345678", "+447700900123"


def key_of(file: Path) -> str:
    """Its DATABASE_KEY; empty for a plain file."""
    return KEY if file.stem.endswith("-encrypted") else ""


def settings_on(file: Path, folder: Path) -> Settings:
    """Settings for a shop on a copy of this file, made in `folder`."""
    shutil.copy(file, folder / "hawker.db")
    return Settings.from_environment(environment(folder, 8000, SECRET_KEY=SECRET, DATABASE_KEY=key_of(file)))


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def file(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture(scope="module", params=FILES, ids=lambda file: file.stem)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Today's program on a copy of the file, at the moment at which the file's story ends; not running."""
    program = assemble(settings_on(request.param, tmp_path_factory.mktemp("released")), clock=lambda: AS_OF)
    yield program
    assert program.twilio is not None
    program.twilio.stop()
    program.memory.db.close()


def person(shop: Program, phone: str) -> Contact:
    return shop.memory.contacts.find(BRAND, phone)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


# -- the files themselves


def test_each_released_version_has_its_files() -> None:
    headings = re.findall(r"^## \[?v?(\d+\.\d+\.\d+)\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    today = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    wanted = {make(version) for version in {*headings, today} for make in (plain, encrypted)}
    assert set(FILES) == wanted, "run python -m tests.released.make with the version that is missing"


def test_the_next_releases_story_leaves_no_table_empty(tmp_path: Path) -> None:
    assert gaps(tell(tmp_path)) == [], "add what is new to the story in tests/released/make.py"


def test_a_released_file_is_whole_and_has_todays_tables(shop: Program, tmp_path: Path) -> None:
    fresh = Database(tmp_path / "fresh.db")
    fresh.migrate(STEPS)
    assert shop.memory.db.all("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert shop.memory.db.all("PRAGMA foreign_key_check") == []
    assert tables(shop.memory.db) == tables(fresh)


def tables(db: Database) -> dict[str, str]:
    """Tables, columns, indexes, triggers and views, each as it was written."""
    rows = db.all("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    return {row["name"]: row["sql"] for row in rows}


def test_an_encrypted_file_without_its_key_is_refused_in_a_sentence(tmp_path: Path) -> None:
    shutil.copy(encrypted("0.1.0"), tmp_path / "hawker.db")
    clean = {name: value for name, value in os.environ.items() if name != "DATABASE_KEY"}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "doctor"],
        cwd=ROOT, env=clean | environment(tmp_path, 8000), capture_output=True, text=True, timeout=HANG_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "set DATABASE_KEY to its key" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_shop_opens_on_it_and_a_customer_is_remembered_by_name(file: Path, tmp_path: Path) -> None:
    shutil.copy(file, tmp_path / "hawker.db")
    clock = MovableClock(AS_OF + timedelta(hours=20) - now())
    with open_shop(tmp_path, clock=clock, SECRET_KEY=SECRET, DATABASE_KEY=key_of(file)) as world:
        world.settled()
        lena = world.memory.messages.history(world.contact(LENA).id)[1:]
        back = world.person(JOHN).says("Hi, I'm back")
        status = world.person(JOHN).says("where is my order?")
        profile = world.get(f"/conversation/{JOHN}")["user_profile"]
    assert lena[0].state == "handled" and "Solenne" in lena[1].content, (
        "who waited when the program stopped is answered"
    )
    assert "John" in back
    assert "KQXT-MBPR" in status and "paid" in status
    assert (profile["name"], profile["preferred_currency"]) == ("John", "EUR")


# -- people and what they said


def test_a_person_keeps_name_language_and_identities(shop: Program) -> None:
    john = person(shop, JOHN)
    assert person(shop, "US.JohnCarter9") == john, "his hidden number and his number are one person"
    assert person(shop, "+1 (415) 555-0101") == john
    assert (john.name, john.language, john.preferred_currency) == ("John", "en", "EUR")
    assert (john.address, john.our_number) == (f"whatsapp:{JOHN}", "+14155238886")
    assert john.first_seen_at.date() == date(2026, 11, 21)
    assert [person(shop, phone).name for phone in (MARIA, ASHA, OMAR, LENA)] == ["María", "आशा", "Omar", None]
    assert [person(shop, phone).language for phone in (MARIA, ASHA, OMAR)] == ["es", "hi", "en"]


def test_the_ad_that_brought_somebody_is_kept(shop: Program) -> None:
    [touch] = shop.memory.contacts.touches(person(shop, JOHN).id)
    assert (touch["source_id"], touch["clid"], touch["headline"]) == ("2001", CLICK_ID, "Play faster")


def test_facts_hold_with_what_they_replaced(shop: Program) -> None:
    facts, john = shop.memory.facts, person(shop, JOHN).id
    known = facts.current(john)
    wanted = {"city": "Porto", "budget": "1500 EUR", "birthday": "03-12", "disliked": "chromebooks", "shoe_size": "43"}
    assert {name: known[name].value for name in wanted} == wanted
    assert [fact.value for fact in facts.history(john, "city")] == ["Lisbon", "Porto"]
    assert "Lisbon" in {fact.value for fact in facts.at(john, at(22, 12))}
    assert [fact.value for fact in facts.holding(john) if fact.predicate == "owns"] == ["Norvik Campus 14"]
    assert (known["shoe_size"].said_by, known["shoe_size"].confidence) == ("staff", 0.9)
    moved = known["city"].message_id
    assert moved is not None and shop.memory.messages.get(moved).content == "I moved to Porto last week"
    assert {each.name for each in facts.interests(john)} == {"gaming", "laptops"}


def test_orders_keep_their_state_price_and_steps(shop: Program) -> None:
    orders = shop.memory.orders
    john = orders.by_number(BRAND, "kqxt mbpr")
    assert (john.state, john.title, john.total) == ("paid", "Kestrel Talon 14", euros("1449.00"))
    assert (john.contact_id, john.last_ad_id, john.last_clid) == (person(shop, JOHN).id, "2001", CLICK_ID)
    assert john.payment_link == "https://pay.example.com/KQXT-MBPR"
    assert [(step.state, step.by) for step in orders.events(john.id)] == [
        ("quoted", "customer"),
        ("placed", "customer"),
        ("paid", STAFF),
    ]
    states = {order.number: order.state for order in orders.of_brand(BRAND)}
    assert states == {
        "KQXT-MBPR": "paid",
        "CNCL-LDXX": "cancelled",
        "DLVR-GHJK": "delivered",
        "SHPP-DXWZ": "shipped",
        "PLCD-WTNG": "placed",
        "FRGT-TTNN": "placed",
    }
    quote = orders.open_quote(person(shop, ASHA).id)
    assert quote is not None and (quote.title, quote.total) == ("Lumeno Clack 75", euros("178"))


def test_messages_keep_their_states(shop: Program) -> None:
    messages = shop.memory.messages
    asha = {each.content: each.state for each in messages.history(person(shop, ASHA).id) if each.role == "assistant"}
    wanted = {
        "Your power bank leaves tomorrow": "failed",
        "This one is too long for WhatsApp": "dead",
        "Is the hub all right?": "sent",
        "Your parcel is at the depot": "unknown",
        "It comes on Tuesday": "sending",
        "Anything else?": "ready",
    }
    assert wanted.items() <= asha.items()
    assert messages.history(person(shop, OMAR).id)[-1].state == "suppressed"
    parked = messages.history(person(shop, MARIA).id)[-1]
    assert (parked.state, messages.outbox_row(parked.id).purpose) == ("parked", "order_update")
    first, second = messages.history(person(shop, LENA).id)
    assert (first.state, first.attempts, first.error) == ("dead", 5, "ValueError")
    assert (second.state, second.content) == ("waiting", "do you have sunglasses for sport?")
    assert {each.content for each in messages.dead(BRAND)} == {first.content, "This one is too long for WhatsApp"}
    assert shop.turns.backlog() == 6  # Lena's, three of Asha's, and two notices to staff who have not heard yet


def test_a_turn_still_says_what_its_reply_stood_on(shop: Program) -> None:
    bought = next(each for each in shop.memory.messages.history(person(shop, JOHN).id) if each.content == "yes")
    assert "Answered by: built-in" in shop.memory.messages.why(bought.id)
    assert bought.state == "handled"


def test_what_was_said_is_found_again(shop: Program) -> None:
    john, search = person(shop, JOHN), Search(shop.memory.db)
    best = search.recall(john.id, "when is his birthday?", 1)
    assert [shop.memory.messages.get(found).content for found in best] == ["my birthday is 12 March"]
    conversation = ConversationMemory(db=shop.memory.db, brand=BRAND, clock=lambda: AS_OF, max_messages_per_session=2)
    assert "Your order KQXT-MBPR is packed" in {each.content for each in conversation.recall(JOHN, "packed")}, (
        "a message that was not indexed yet"
    )
    told = conversation.get_conversation_context(JOHN)
    assert "User Profile: John (+14155550101)" in told and "city: Porto" in told
    assert "2026-11-21 dated: my birthday is 12 March" in told, "the summary of what was said before"
    copy = conversation.export_user_data(JOHN)
    assert "I moved to Porto last week" in str(copy)


def test_the_search_index_reads_as_todays_would(shop: Program) -> None:
    search, db = Search(shop.memory.db), shop.memory.db
    search.catch_up_fully()
    before = db.all("SELECT * FROM search_rows ORDER BY contact_id, message_id")
    search.rebuild()
    assert len(before) > 50
    assert db.all("SELECT * FROM search_rows ORDER BY contact_id, message_id") == before


def test_sessions_keep_their_end_and_summary(shop: Program) -> None:
    session = shop.memory.sessions.latest(person(shop, JOHN).id)
    assert session is not None
    assert shop.memory.sessions.summary(session.id) == "John bought a Kestrel Talon 14."
    assert session.created_at.date() == date(2026, 11, 22)


def test_hand_overs_and_attachments_are_there(shop: Program) -> None:
    [open_one] = shop.memory.handovers.list_open(BRAND)
    assert open_one.contact_id == person(shop, ASHA).id
    picture = next(each for each in shop.memory.messages.history(person(shop, MARIA).id) if each.kind == "image")
    assert shop.memory.attachments.descriptions(picture.id) == ["Glasses with a cracked lens"]
    assert picture.metadata["media"][0]["content_type"] == "image/jpeg"


def test_who_opted_out_stays_so(shop: Program) -> None:
    assert person(shop, OMAR).opted_out_at is not None
    assert person(shop, JOHN).opted_out_at is None


def test_staff_are_in_no_figures(shop: Program) -> None:
    users = shop.web.test_client().get("/analytics/users", headers=analyst(shop))
    assert users.status_code == 200
    phones = str(users.json)
    assert JOHN in phones and ADMIN not in phones and STAFF not in phones


def analyst(shop: Program) -> dict[str, str]:
    return {"Authorization": f"Bearer {issue_token(shop.keys, shop.clock, 'analyst')}"}


def test_an_erased_person_stays_erased_and_the_receipt_is_genuine(shop: Program) -> None:
    with pytest.raises(UnknownContact):
        person(shop, ERASED)
    [receipt] = Erasure(shop.memory.db, shop.clock, shop.keys).receipts(BRAND)
    verify(receipt, shop.keys)
    assert receipt["erased_at"].startswith("2026-11-21")
    assert shop.memory.orders.by_number(BRAND, "FRGT-TTNN").contact_id is None
    assert len(shop.memory.contacts.still_at_provider()) == 1


def test_the_catalogue_keeps_prices_and_what_was_sold(file: Path, tmp_path: Path) -> None:
    settings = settings_on(file, tmp_path)
    memory = Foundation.built(settings, lambda: AS_OF).stores
    [talon] = [item for item in memory.goods.items(BRAND) if item.sku == "KR-TALON-14"]
    assert (talon.title, talon.maker, talon.prices["EUR"]) == ("Kestrel Talon 14", "Kestrel", euros("1449"))
    assert "gaming laptop" in talon.keywords
    assert talon.stock == 3, "there were four, and John bought one"
    memory.db.close()


# -- advertising


def test_an_ad_account_is_known_with_all_it_holds(shop: Program) -> None:
    spain = shop.agency.memory.campaigns.structure(BRAND, SPAIN)
    assert (spain.account.name, spain.account.currency, spain.account.time_zone) == (
        "Voyage Spain",
        "EUR",
        "Europe/Madrid",
    )
    assert [(each.name, each.daily_budget) for each in spain.campaigns] == [("Invierno", euros("40"))]
    [iberia] = spain.ad_sets
    assert iberia.targeting == {"geo_locations": {"countries": ["ES", "PT"]}}
    assert iberia.learning is not None and (iberia.learning.conversions, iberia.learning.threshold) == (12, 50)
    assert [(each.format, each.body) for each in spain.creatives] == [
        ("video", "Bought safely"),
        ("image", "From 40 euros"),
    ]
    known = {ad.ad_id: ad for ad in shop.agency.memory.campaigns.ads(BRAND, account_id=SPAIN)}
    assert {name: (ad.angle, ad.gone) for name, ad in known.items()} == {
        "2001": ("security", False),
        "2002": ("price", False),
        "2003": ("gift", True),
    }
    assert known["2002"].brief == {"expected": "9 chats a day"}


def test_ad_states_and_objectives_are_in_our_own_words(shop: Program) -> None:
    spain = shop.agency.memory.campaigns.structure(BRAND, SPAIN)
    [winter], [iberia] = spain.campaigns, spain.ad_sets
    assert (winter.objective, winter.status, winter.effective_status) == ("sales", "active", "active")
    assert iberia.learning is not None and iberia.learning.status == "learning"
    ads = {ad.ad_id: ad for ad in shop.agency.memory.campaigns.ads(BRAND, account_id=SPAIN)}
    assert (ads["2002"].status, ads["2002"].effective_status) == ("paused", "campaign_paused")
    launched = shop.agency.memory.records.launch(BRAND, "2000")
    assert launched is not None and launched["campaign_data"]["objective"] == "sales"
    pauses = [each for each in shop.agency.actions.changes.page(BRAND, limit=100) if each.what == "pause"]
    assert {(each.was, each.becomes) for each in pauses} == {("active", "paused")}
    kept = ("ad_campaigns", "ad_sets", "ads", "ad_changes", "ad_intents", "campaign_launches", "strategic_entries")
    rows = [row for table in kept for row in shop.memory.db.all(f"SELECT * FROM {table}")]
    assert rows and not re.search(r"OUTCOME_|\b(ACTIVE|PAUSED|ARCHIVED|LEARNING|SUCCESS|\w+_PAUSED)\b", str(rows))


def test_a_restated_day_counts_as_told_last(shop: Program) -> None:
    memory, third = shop.agency.memory, date(2026, 11, 22)
    assert [each.spend for each in memory.campaigns.insight_history(BRAND, "2001", third)] == [
        euros("20"),
        euros("22.75"),
    ]
    [campaign] = memory.figures.of(BRAND, "campaign", 3, account_id=SPAIN)
    assert (campaign.name, campaign.spend) == ("Invierno", euros("84.25"))  # 30 + 31.50 + 22.75
    [reading] = memory.campaigns.readings(BRAND, third, third, account_id=SPAIN)
    assert (reading.purchases, reading.purchase_value) == (2, euros("1449"))
    [part] = memory.campaigns.readings(BRAND, third, third, account_id=SPAIN, breakdown="country")
    assert (part.breakdown, part.spend) == (("country", "PT"), euros("12"))


def test_chats_and_sales_belong_to_their_ads(shop: Program) -> None:
    sales = {sale.number: sale for sale in shop.agency.memory.attribution.sales(BRAND, date(2026, 11, 1), AS_OF.date())}
    assert {number: sales[number].state for number in ("KQXT-MBPR", "CNCL-LDXX", "DLVR-GHJK", "PLCD-WTNG")} == {
        "KQXT-MBPR": "paid",
        "CNCL-LDXX": "cancelled",
        "DLVR-GHJK": "returned",
        "PLCD-WTNG": "ordered",
    }
    johns = sales["KQXT-MBPR"]
    assert (johns.last_ad_id, johns.account_id, johns.value) == ("2001", SPAIN, euros("1449"))
    assert johns.margin == euros("507.15")  # 35 %
    series = shop.agency.memory.attribution.series(BRAND, SPAIN, date(2026, 11, 21), date(2026, 11, 23))
    assert series["2001"].chats == {date(2026, 11, 21): 1, date(2026, 11, 23): 1}  # John, Lena
    assert [each.ad_id for each in shop.agency.memory.attribution.unknown(BRAND)] == ["9999"]


def test_what_was_told_back_to_the_platform_is_known(shop: Program) -> None:
    events = ConversionEvents(shop.memory.db, shop.clock)
    told = {number: events.of_order(BRAND, number) for number in ("KQXT-MBPR", "SHPP-DXWZ", "PLCD-WTNG")}
    assert {number: [(each.name, each.state) for each in of] for number, of in told.items()} == {
        "KQXT-MBPR": [("Purchase", "accepted")],
        "SHPP-DXWZ": [("Purchase", "refused")],
        "PLCD-WTNG": [("Purchase", "planned")],
    }
    assert "unknown click id" in told["SHPP-DXWZ"][0].why


def test_the_approval_waits_for_the_person_who_was_asked(shop: Program) -> None:
    approvals = shop.agency.actions.approvals
    [waiting] = approvals.waiting(BRAND, ADMIN)
    assert "to ₹9,300 a day" in waiting.summary
    assert approvals.check(BRAND, waiting.id, ADMIN) == waiting, "the plan is what was asked, by its digest"
    assert approvals.waiting(BRAND, STAFF) == []
    assert [approvals.get(BRAND, number).state for number in (1, 2, 3)] == ["replaced", "rejected", "used"]
    assert approvals.get(BRAND, 2).reason == "too much at once"


def test_changes_are_kept_with_what_became_of_them(shop: Program) -> None:
    changes = shop.agency.actions.changes
    states = {each.becomes: each.state for each in changes.page(BRAND, account_id=SPAIN) if each.what == "set_budget"}
    assert states == {"30": "open", "31": "done", "32": "refused", "33": "not_done", "34": "overtaken"}
    assert [each.becomes for each in changes.open_in(SPAIN)] == ["30", "active"]
    [raised] = changes.of_approval(3)
    assert (raised.becomes, raised.state, raised.approval_id) == ("9200", "done", 3)
    put_back = changes.undone_by(raised.id)
    assert put_back is not None
    assert changes.get(BRAND, put_back).was in ("9200", "9200.00")
    assert max(changes.peaks("act_9001", date(2026, 11, 23)).values()) == Decimal(9200)


def test_a_launch_that_was_interrupted_can_go_on(shop: Program) -> None:
    intents = shop.agency.actions.intents
    [launch] = intents.open_in(SPAIN)
    assert (launch.name, launch.state) == ("Primavera", "making")
    parts = intents.parts(launch.id)
    assert [(each.part, each.state, each.object_id) for each in parts] == [
        ("campaign", "made", "2900"),
        ("ad_set 0", "asked", None),
        ("ad 0", "planned", None),
    ]
    assert intents.tokens(SPAIN)[parts[1].token].body == {"name": "Lisboa"}


def test_the_emergency_stop_is_still_in_force(shop: Program) -> None:
    stops = shop.agency.actions.stops
    stop = stops.in_force(BRAND)
    assert stop is not None and (stop.who, stop.complete) == (ADMIN, True)
    held = stops.held(stop.cause, "paused")
    assert [each.name.split(" ·")[0] for each in held] == ["Summer", "Autumn", "Autumn"]
    assert stops.held("stop 1", "paused") == []
    assert len(stops.held("stop 1", "put_back")) == 3


def test_alarms_last_and_staff_have_yet_to_hear(shop: Program) -> None:
    alarms = shop.agency.actions.alarms
    [alarm] = alarms.all_active(BRAND)
    assert (alarm.cause, alarm.freezes, alarm.ends_itself) == ("overspent act_2", (SPAIN,), False)
    untold = [notice.sentence for notice in alarms.unsent_notices(BRAND)]
    assert "Kids Sun is back in stock." in untold and alarm.sentence in untold


def test_what_was_learned_holds_with_what_it_replaced(shop: Program) -> None:
    strategy = shop.agency.memory.strategy
    about = {entry.record["insight"]: entry for entry in strategy.entries(BRAND, "learnings", open_only=False)}
    better, before = about["Security sells twice as well as price"], about["Security sells a little better"]
    assert (better.valid_to, better.record["confidence"]) == (None, 0.97)
    assert before.valid_to == better.valid_from
    assert about["Weekends sell best"].record["withdrawn"] == "four weekends said otherwise"
    brief = strategy.brief_for(BRAND)
    assert "Videos about security" in [entry.record["pattern"] for entry in brief.worked]
    assert "Discounts in December" in [entry.record["pattern"] for entry in brief.failed]
    assert [entry.record["name"] for entry in brief.playbooks] == ["A sold-out item"]
    decisions = {entry.type: entry for entry in strategy.entries(BRAND, "strategic_decisions", open_only=False)}
    assert decisions["budget"].valid_to is None
    assert decisions["pause"].record["actual_outcome"] == "saved 90 EUR"


def test_ad_tests_are_running(shop: Program) -> None:
    running = shop.agency.memory.ad_tests.running(BRAND, "act_9001")
    assert len(running) == 2
    ideas = [idea_of(test) for test in running]
    assert {idea.argument for idea in ideas} >= {"payment"}, "shoppers asked about cash on delivery"
    assert all(idea.brief.expected for idea in ideas)
    launched = {
        campaign.id: campaign.name for campaign in shop.agency.memory.campaigns.structure(BRAND, "act_9001").campaigns
    }
    assert [without_token(launched[test.campaign_id or ""]) for test in running] == [
        idea.concept.name for idea in ideas
    ]


def test_a_campaigns_record_is_kept(shop: Program) -> None:
    records = shop.agency.memory.records
    launch = records.launch(BRAND, "2000")
    assert launch is not None and launch["campaign_data"]["expected_outcome"] == "9 chats a day"
    [snapshot] = records.snapshots(BRAND, "2000")
    assert snapshot.record["analysis"] == {"status": "good", "trends": ["more chats each day"]}
    [change] = records.optimizations(BRAND, "2000")
    assert change.record["actual_impact"] == "4 more chats a day"


def test_mornings_are_done_or_say_why_not(shop: Program) -> None:
    cycles = Cycles(shop.memory.db, shop.clock)
    for day in (21, 22, 23):
        run = cycles.of_day(BRAND, "act_9001", date(2026, 11, day))
        assert run is not None and run.step == "done"
        results = MorningResults.of_notes(run.notes)
        assert results.unread == () and results.pull is not None and results.act is not None
        assert results.decide is not None and results.decide.decisions
        assert all(each.name in each.sentence for each in results.decide.decisions)
    failed = cycles.newest_of(BRAND, SPAIN)
    assert failed is not None
    assert (failed.step, failed.fault, failed.notes) == ("decide", "no exchange rate", {"pull": {"readings": 4}})


def test_what_people_are_asked_for_is_open_or_done(shop: Program) -> None:
    tasks = shop.agency.tasks
    [photo] = tasks.open(BRAND)
    assert (photo.need.title, photo.need.due_on, photo.gid) == ("A photo of the lock", date(2026, 11, 25), "1209")
    [line] = tasks.unlearned(BRAND)
    assert (line.outcome, line.done_by) == ("Two lines came by mail", STAFF)


def test_staffs_orders_are_answered_once(shop: Program) -> None:
    told = shop.memory.messages.history(person(shop, ADMIN).id, limit=100)
    paused = next(each for each in told if each.content == "pause summer")
    stored = StaffCommandLog(shop.memory.db, shop.clock).of(paused.id)
    assert stored is not None and stored.answer is not None
    assert "is paused" in stored.answer[0]


def test_a_chart_that_was_sent_can_be_drawn_again(shop: Program) -> None:
    spec = Charts(shop.memory.db, shop.clock).spec(4)
    assert spec["data"]["values"]
    assert spec["title"]["text"]


def test_ads_chats_and_orders_are_one_graph(shop: Program) -> None:
    edges = list(Graph.over(shop.memory.db, shop.clock).edges(BRAND))
    of_ad = {(edge.relation, edge.to_key) for edge in edges if (edge.from_kind, edge.from_key) == ("ad", "2001")}
    assert {("SHOWS", "2020"), ("SPEAKS_OF", "security"), ("IN_AD_SET", "2010")} <= of_ad
    chats = {edge.from_key for edge in edges if (edge.from_kind, edge.to_kind, edge.to_key) == ("chats", "ad", "2001")}
    ordered = [edge for edge in edges if edge.from_kind == "order" and edge.to_key in chats]
    assert len(ordered) == 2  # John's and Lena's


# -- agents, and what the program keeps for itself


def test_agents_remember(shop: Program) -> None:
    agents = shop.agents
    assert agents.retrieve("planner", "favourite season", "long_term") == {"season": "autumn", "why": "cheap chats"}
    assert agents.retrieve("planner", "tone", "shared") == {"voice": "warm and short"}
    best = agents.search_similar("planner", "which season is best?", top_k=1)
    assert [each["key"] for each in best] == ["favourite season"]
    assert agents.get_execution_records("planner")[-1]["output"] == "autumn"
    [episode] = agents.get_episodes("planner")
    assert (episode["workflow_id"], episode["outcome"]) == ("launch-1", "completed")
    assert agents.get_episodes("sales desk")[-2]["outcome"] == "order paid"


def test_an_open_workflow_goes_on(shop: Program) -> None:
    session = create_session("launch-2", shop.agents)
    assert [each["content"] for each in session.get_conversation_history()] == [
        "Use the harbour photo.",
        "It is cropped.",
    ]
    assert session.get_session_summary()["agents"] == ["painter", "planner"]


def test_the_clock_and_the_quotas_go_on_counting(shop: Program) -> None:
    memory, limits = shop.memory, Limits(shop.memory.db, shop.clock)
    assert not memory.runs.claim("rates", timedelta(days=1)), "it ran this morning"
    assert memory.runs.last("catch-up") is not None
    assert memory.switches.is_off("template", "HX0123")
    assert limits.spent(BRAND, date(2026, 11, 23)) == 250_000
    assert shop.turns.last_beat() is not None
