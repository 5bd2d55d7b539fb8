from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.language.money import Money
from memory.ads.ad_tests import AdTest, AdTestOutcome, AdTests, UnknownAdTest
from memory.storage.errors import AlreadyStored
from tests.memory.stores import Stores

IDEA = {"argument": "payment", "concept": {"name": "Otoño · pago · image"}}


@pytest.fixture
def tests(stores: Stores) -> AdTests:
    return AdTests(stores.db, stores.clock)


def begin(tests: AdTests, key: str, brand: str = "voyage", account_id: str = "act_1") -> AdTest:
    return tests.begin(brand, account_id, key, 7, Money(Decimal("12.50"), "EUR"), IDEA)


def test_a_test_runs_until_it_ends(tests: AdTests, stores: Stores) -> None:
    begun = begin(tests, "monday")
    assert (begun.budget, begun.idea, begun.campaign_id, begun.ended_at) == (
        Money(Decimal("12.50"), "EUR"), IDEA, None, None,
    )  # fmt: skip
    tests.launched("voyage", begun.id, "c1")
    stores.clock.now += timedelta(days=14)
    tests.end("voyage", begun.id, AdTestOutcome.KEPT)
    ended = tests.get("voyage", begun.id)
    assert (ended.campaign_id, ended.outcome, ended.ended_at) == ("c1", AdTestOutcome.KEPT, stores.clock.now)
    assert tests.running("voyage", "act_1") == []
    with pytest.raises(UnknownAdTest):
        tests.end("voyage", begun.id, AdTestOutcome.LOST)


def test_running_tests_are_those_of_the_account_newest_first(tests: AdTests) -> None:
    first, second = begin(tests, "monday"), begin(tests, "tuesday")
    begin(tests, "monday", account_id="act_2")
    begin(tests, "monday", brand="other")
    assert [each.id for each in tests.running("voyage", "act_1")] == [second.id, first.id]


def test_one_launch_is_one_running_test(tests: AdTests) -> None:
    first = begin(tests, "monday")
    with pytest.raises(AlreadyStored):
        begin(tests, "monday")
    tests.end("voyage", first.id, AdTestOutcome.NOT_LAUNCHED)
    assert begin(tests, "monday").id != first.id


def test_another_brand_cannot_end_it(tests: AdTests) -> None:
    begun = begin(tests, "monday")
    with pytest.raises(UnknownAdTest):
        tests.end("other", begun.id, AdTestOutcome.LOST)
    with pytest.raises(UnknownAdTest):
        tests.get("other", begun.id)
