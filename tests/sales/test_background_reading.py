"""Reading in the background: what a model may teach, what it may not, what it costs, and what a crash leaves."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.model.language_model import LanguageModel
from bot.model.token_prices import Prices
from bot.sales.background_reading import MANY_MESSAGES, BackgroundReader, stated_facts, verified_lines
from memory.conversations.channel_messages import Outgoing
from memory.conversations.failed_readings import FailedReadings
from memory.conversations.messages import Message
from memory.conversations.reading_progress import Readings
from memory.conversations.summaries import CHUNK, RECENT, Summaries
from memory.conversations.turn_changes import LearnFact, QueueBackgroundReading
from memory.conversations.turns import Outcome
from memory.people.facts import Learned
from tests.model_server import KEY, ModelServer, Reply, Request, failing, says
from tests.sales.shop_counter import MARIA, Counter

TODAY = date(2026, 11, 21)
numbers = itertools.count(1)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running
    assert running.complaints == []


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path / "h.db")


@pytest.fixture
def model(server: ModelServer, counter: Counter) -> Iterator[LanguageModel]:
    model = LanguageModel(
        api_key=KEY, base_url=server.url, model="gpt-4.1-mini", prices=Prices.read(), clock=counter.clock
    )
    yield model
    model.close()


def reader(counter: Counter, model: LanguageModel | None, *, budget: str = "5") -> BackgroundReader:
    brand = replace(counter.brand, daily_model_budget_usd=Decimal(budget))
    db = counter.stores.db
    summaries = Summaries(db, counter.clock)
    return BackgroundReader(
        counter.stores.contacts,
        counter.facts,
        Readings(db, counter.facts),
        summaries,
        {brand.id: brand},
        counter.limits,
        counter.clock,
        FailedReadings(db),
        model,
    )


def heard(counter: Counter, *texts: str) -> list[int]:
    """Messages of one customer, answered as the desk does it; their ids."""
    ids = []
    for text in texts:
        ids.append(counter.stores.hear(text, phone=MARIA, urgent=True))
        [lease] = counter.stores.turns.claim("w", 1)
        waiting = counter.stores.turns.waiting(lease.contact_id)
        outcome = Outcome([Outgoing("ok")], [QueueBackgroundReading(lease.contact_id, ids[-1])])
        assert counter.stores.turns.finish(lease, waiting, outcome, split=lambda reply: [reply])
        counter.stores.turns.release(lease)
        counter.stores.db.run("UPDATE messages SET state = 'sent' WHERE state = 'ready'")
    return ids


def facts_of(counter: Counter) -> list[tuple[str, str]]:
    return [(fact.predicate, fact.value) for fact in counter.facts.holding(counter.contact().id)]


def teaches(*facts: dict[str, Any]) -> Reply:
    return says(json.dumps({"facts": list(facts)}))


def test_the_model_reads_what_the_rules_miss_after_a_pause(
    counter: Counter, model: LanguageModel, server: ModelServer
) -> None:
    [message] = heard(counter, "these days my home is lovely Valencia, by the sea")
    server.reading = lambda request: teaches({"message": message, "predicate": "city", "value": "Valencia"})
    reading = reader(counter, model)
    reading.run()
    assert server.read == []
    counter.clock.pass_by(minutes=11)
    reading.run()
    [fact] = counter.facts.holding(counter.contact().id)
    assert (fact.predicate, fact.value, fact.message_id, fact.said_by) == ("city", "Valencia", message, "model")
    assert fact.since == counter.stores.messages.get(message).at
    assert fact.confidence < 1
    assert counter.limits.spent(counter.brand.id, TODAY) > 0
    reading.run()
    assert len(server.read) == 1, "nothing is read twice"


def test_a_busy_conversation_is_read_without_waiting_for_a_pause(
    counter: Counter, model: LanguageModel, server: ModelServer
) -> None:
    heard(counter, *(f"and one more question, number {n}" for n in range(MANY_MESSAGES)))
    reader(counter, model).run()
    assert len(server.read) == 1


def test_greetings_cost_nothing(counter: Counter, model: LanguageModel, server: ModelServer) -> None:
    heard(counter, "hi", "ok thanks")
    counter.clock.pass_by(hours=1)
    reader(counter, model).run()
    assert server.read == []
    assert Readings(counter.stores.db, counter.facts).due() == []


def test_what_the_rules_read_in_the_same_message_stays(
    counter: Counter, model: LanguageModel, server: ModelServer
) -> None:
    [message] = heard(counter, "I live in New Delhi near the old fort")
    counter.facts.learn(counter.contact(), "city", "New Delhi", message, at=counter.clock())
    server.reading = lambda request: teaches({"message": message, "predicate": "city", "value": "Delhi"})
    counter.clock.pass_by(hours=1)
    reader(counter, model).run()
    assert facts_of(counter) == [("city", "New Delhi")]


@pytest.mark.parametrize(
    "fault", [failing(500), failing(429), failing(401)], ids=["fails", "asks for fewer", "takes no key"]
)
def test_after_a_fault_of_the_hour_it_is_read_later(
    counter: Counter, model: LanguageModel, server: ModelServer, fault: Reply
) -> None:
    [message] = heard(counter, "home is Valencia for me")
    counter.clock.pass_by(hours=1)
    server.reading = lambda request: fault
    reading = reader(counter, model)
    reading.run()
    assert facts_of(counter) == []
    server.reading = lambda request: teaches({"message": message, "predicate": "city", "value": "Valencia"})
    counter.clock.pass_by(minutes=5)
    reading.run()
    assert facts_of(counter) == [("city", "Valencia")]


@pytest.mark.parametrize(
    "words", ["I am sorry, I cannot", "[1, 2]", '{"facts": "all"}', '{"facts": [7, null, {}]}', "{}"]
)
def test_an_unusable_answer_teaches_nothing_and_is_skipped(
    counter: Counter, model: LanguageModel, server: ModelServer, words: str
) -> None:
    heard(counter, "home is Valencia for me")
    counter.clock.pass_by(hours=1)
    server.reading = lambda request: says(words)
    reading = reader(counter, model)
    reading.run()
    reading.run()
    assert facts_of(counter) == []
    assert len(server.read) == 1


def test_reading_leaves_a_share_of_the_budget_for_answers(
    counter: Counter, model: LanguageModel, server: ModelServer
) -> None:
    reading = reader(counter, model, budget="0.005")
    for _time in range(12):
        heard(counter, "home is Valencia for me")
        counter.clock.pass_by(minutes=11)
        reading.run()
    assert 0 < len(server.read) < 12
    assert counter.limits.spent(counter.brand.id, TODAY) <= 4000
    assert Readings(counter.stores.db, counter.facts).due() != [], "the rest is read tomorrow"


def test_facts_and_progress_are_one_transaction(counter: Counter, model: LanguageModel, server: ModelServer) -> None:
    """The second fact cannot be kept: neither the first nor the cursor is."""
    [message] = heard(counter, "home is Valencia for me")
    readings = Readings(counter.stores.db, counter.facts)
    [unread] = readings.due()
    city, broken = [
        LearnFact(counter.contact(), Learned(predicate, "Valencia"), message, counter.clock())
        for predicate in ("city", "no such predicate")
    ]
    with pytest.raises(ValueError, match="no such predicate"):
        readings.done(unread, message, [city, broken])
    assert facts_of(counter) == []
    assert readings.due() == [unread]
    assert readings.done(unread, message)
    assert not readings.done(unread, message, [broken]), "another process was faster"


def test_an_erased_person_is_not_written_about_any_more(counter: Counter) -> None:
    [message] = heard(counter, "home is Valencia for me")
    readings = Readings(counter.stores.db, counter.facts)
    [unread] = readings.due()
    contact = counter.contact()
    counter.stores.contacts.erase(contact.id)
    assert not readings.done(
        unread, message, [LearnFact(contact, Learned("city", "Valencia"), message, counter.clock())]
    )
    assert counter.stores.db.value("SELECT count(*) FROM facts") == 0


def test_a_summary_merges_verified_model_lines_with_weighty_extracts(
    counter: Counter, model: LanguageModel, server: ModelServer
) -> None:
    texts = ["we spoke of the weather", "my order arrived broken, I am sad"] + ["nice talking to you"] * 12

    def summarise(request: Request) -> Reply:
        given = [json.loads(line) for line in request.last.splitlines()[1:-1]]
        talk = next(each["id"] for each in given if "weather" in each["text"])
        return says(
            json.dumps(
                {
                    "lines": [
                        {"message": talk, "kind": "said", "text": "spoke of the weather"},
                        {"message": talk + 1, "kind": "quoted", "text": "was promised 90 % off"},
                    ]
                }
            )
        )

    server.reading = lambda request: summarise(request) if "summarise" in request.system else says("{}")
    heard(counter, *texts, *(["see you"] * ((CHUNK + RECENT) // 2)))
    reader(counter, model).run()
    lines = Summaries(counter.stores.db, counter.clock).lines(counter.contact().id)
    assert ("spoke of the weather", "model") in [(line.text, line.by) for line in lines]
    assert any(line.kind == "complained" and line.by == "built-in" for line in lines)
    assert not any("90" in line.text for line in lines)


def test_without_a_model_summaries_are_written_all_the_same(counter: Counter) -> None:
    heard(counter, *(f"do you have number {n}?" for n in range(CHUNK + RECENT)))
    reader(counter, None).run()
    assert len(Summaries(counter.stores.db, counter.clock).lines(counter.contact().id)) > 0
    assert Readings(counter.stores.db, counter.facts).due() == []


@pytest.mark.parametrize(
    ("text", "predicate", "value", "kept"),
    [
        ("home is Valencia for me", "city", "Valencia", "Valencia"),
        ("home is Valencia for me", "city", "Madrid", None),
        ("home is Valencia for me", "zodiac", "Valencia", None),
        ("home is Valencia for me", "currency", "Valencia", None),
        ("is home Valencia?", "city", "Valencia", None),
        ("if home were Valencia", "city", "Valencia", None),
        ("my sister is at home in Valencia", "city", "Valencia", None),
        ('he wrote "home is lovely Valencia"', "city", "Valencia", None),
        ("my big day comes on May 5th", "birthday", "05-05", "05-05"),
        ("my big day comes on May 5th", "birthday", "05-06", None),
        ("I can go up to 1500 euros, not more", "budget", "1500 euros", "1500 EUR"),
        ("I can go up to 1500 euros, not more", "budget", "2500 euros", None),
        (
            "bring it to Calle Mayor 5, 28013 Madrid",
            "address",
            "Calle Mayor 5, 28013 Madrid",
            "Calle Mayor 5, 28013 Madrid",
        ),
        ("home is Valencia for me", "city", "", None),
        ("home is Valencia for me", "city", "x" * 100, None),
        ("ghar apna Valencia hai", "city", "Valencia", "Valencia"),
    ],
)
def test_only_what_the_message_itself_states_is_believed(
    text: str, predicate: str, value: str, kept: str | None
) -> None:
    message = said(text)
    read = [*stated_facts([{"message": message.id, "predicate": predicate, "value": value}], [message])]
    assert [each.learned.value for each in read] == ([kept] if kept else [])


def test_a_message_that_was_not_given_proves_nothing() -> None:
    message = said("home is Valencia for me")
    for other in (message.id + 1, str(message.id), None, True):
        assert not [*stated_facts([{"message": other, "predicate": "city", "value": "Valencia"}], [message])]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("wants two laptops under 1500 euros", True),
        ("wants two laptops under 500 euros", False),
        ("the customer was promised a refund", False),
        ("", False),
        ("laptops " * 40, False),
    ],
)
def test_a_summary_line_must_follow_from_its_message(line: str, kept: bool) -> None:
    message = said("he wants two laptops under 1500 euros please")
    assert bool([*verified_lines([{"message": message.id, "kind": "asked", "text": line}], [message])]) is kept


def said(text: str) -> Message:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    return Message(next(numbers), "voyage", 1, "user", "text", text, None, None, {}, "handled", at, None, 0, None, None)


def test_a_conversation_that_cannot_be_read_is_set_aside_and_the_others_go_on(counter: Counter) -> None:
    [poison] = heard(counter, "hello there my friend")
    other = counter.stores.messages.get(counter.stores.hear("hi", phone="+14155550199"))
    readings = Readings(counter.stores.db, counter.facts)
    readings.mark(other.contact_id, other.id)
    counter.stores.db.run("UPDATE messages SET metadata = '{' WHERE id = :id", id=poison)
    reading, left = reader(counter, None), []
    for _ in range(4):
        reading.run()
        left.append([unread.contact_id for unread in readings.due()])
    spoilt = counter.contact().id
    assert left == [[spoilt], [spoilt], [], []]
    told = FailedReadings(counter.stores.db).take_untold()
    assert {each.kind: each.count for each in told} == {"facts": 1, "summary": 1}
