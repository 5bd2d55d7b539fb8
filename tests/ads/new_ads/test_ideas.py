from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.ads.ad_idea import Concept
from bot.ads.new_ads.compliance import review
from bot.ads.new_ads.copywriter import Copywriter, prompt
from bot.ads.new_ads.ideas import AccountKnowledge, Proposal, propose, season_of
from bot.ads.new_ads.selling_points import ARGUMENTS, ShopFacts
from bot.ads.new_ads.shop_claims import FactsCheck
from bot.brands import read_brands
from bot.language.money import Money
from bot.model.language_model import LanguageModel
from bot.model.token_prices import Prices
from bot.promises.facts import ReplyFacts
from bot.shop.catalogue import read_catalogue
from memory.ads.learnings.strategy import FAILURE, SUCCESS, Strategy
from memory.storage.quotas import Limits
from memory.storage.timestamps import now
from tests.memory.stores import TestClock
from tests.migrated import migrated_database
from tests.model_server import KEY, ModelServer, calls, failing, says

DATA = Path(__file__).parents[3] / "data"
TODAY = date(2026, 11, 21)
BRAND = read_brands(DATA / "brands.toml")["voyage"]
ITEMS = read_catalogue(DATA / "catalogue.csv").items


CLAIMS = FactsCheck(ReplyFacts.of(BRAND, ITEMS, today=TODAY))


@pytest.fixture
def strategy(tmp_path: Path) -> Strategy:
    return Strategy(migrated_database(tmp_path / "hawker.db"), TestClock(datetime(2026, 11, 21, 6, tzinfo=UTC)))


def known(strategy: Strategy, **changes: Any) -> AccountKnowledge:
    plain = AccountKnowledge(
        facts=ShopFacts(BRAND, TODAY, ITEMS, orders=412),
        language="en",
        season="Winter",
        brief=strategy.brief_for("voyage"),
        tried=frozenset(),
        budget=Money(Decimal(1300), "INR"),
        cost_per_chat=Money(Decimal(26), "INR"),
        chat_to_order=0.05,
    )
    return replace(plain, **changes)


@pytest.mark.parametrize("language", ["en", "es", "pt", "hi"])
@pytest.mark.parametrize("argument", ARGUMENTS, ids=lambda each: each.name)
def test_every_template_passes_the_review_in_every_language(argument: Any, language: str) -> None:
    words = argument.write(ShopFacts(BRAND, TODAY, ITEMS, orders=412), language)
    concept = Concept("Winter · x · image", "x", words.headline, words.body, words.greeting, language)
    assert review(concept, CLAIMS) == []


def test_what_is_not_true_is_not_written(strategy: Strategy) -> None:
    bare = replace(BRAND, discounts=())
    facts = ShopFacts(bare, TODAY, (), orders=49)
    written = {each.name for each in ARGUMENTS if each.write(facts, "en") is not None}
    assert written.isdisjoint({"discount", "range", "orders"})
    late = ShopFacts(BRAND, date(2027, 2, 1), ITEMS, orders=412)
    assert next(each for each in ARGUMENTS if each.name == "discount").write(late, "en") is None


def test_what_customers_ask_about_comes_first_and_is_cited(strategy: Strategy) -> None:
    sentence = "27 of 90 chats asked about cash on delivery"
    strategy.learn("voyage", "audience_insight", sentence, {"share": 0.3}, subject="objection:cash on delivery")
    strategy.pattern("voyage", FAILURE, "Ads on gift lost 20%", {"roi": -0.2}, subject="angle:gift")
    best = propose(known(strategy), CLAIMS).ideas[0]
    assert best.argument == "payment"
    assert best.brief.known[0] == sentence
    assert "failed before: Ads on gift lost 20%" in best.brief.known


def test_successful_angles_are_preferred_and_failed_ones_dropped(strategy: Strategy) -> None:
    strategy.pattern("voyage", SUCCESS, "Ads on quality earned 30%", {"roi": 0.3}, subject="angle:quality")
    strategy.pattern("voyage", FAILURE, "Ads on security lost 30%", {"roi": -0.3}, subject="angle:security")
    ideas = propose(known(strategy), CLAIMS, most=8).ideas
    angles = [idea.concept.angle for idea in ideas]
    assert angles[0] == "quality"
    assert angles[-1] == "security"
    assert "worked before: Ads on quality earned 30%" in ideas[0].brief.known


def test_what_this_account_has_tried_is_not_tried_again(strategy: Strategy) -> None:
    everything = frozenset(argument.name for argument in ARGUMENTS)
    assert propose(known(strategy, tried=everything), CLAIMS).ideas == ()
    left = propose(known(strategy, tried=everything - {"returns"}), CLAIMS).ideas
    assert [idea.argument for idea in left] == ["returns"]


def test_a_brief_states_expectation_and_judgement(strategy: Strategy) -> None:
    brief = propose(known(strategy), CLAIMS).ideas[0].brief
    assert brief.expected == (
        "about 700 chats in 14 days at ₹26 each, as the account's ads usually do, and 35 orders from them"
    )
    assert brief.judged_on == date(2026, 12, 5)
    unknown = propose(known(strategy, cost_per_chat=None), CLAIMS).ideas[0].brief
    assert unknown.expected.startswith("not known yet")


def test_seasons_turn_below_the_equator() -> None:
    assert season_of(date(2026, 1, 5), "Europe/Madrid") == "Winter"
    assert season_of(date(2026, 1, 5), "America/Sao_Paulo") == "Summer"
    assert season_of(date(2026, 11, 21), "Asia/Kolkata") == "Autumn"
    assert season_of(date(2026, 12, 21), "Asia/Kolkata") == "Winter"


# -- with a model

GOOD = {
    "angle": "gift",
    "headline": "A gift that can come back",
    "body": "Not their style? Anything unused can be returned within 14 days of delivery.",
    "greeting": "Hello! Who is the gift for?",
    "principle": "reassurance",
    "why": "people ask about returns",
}
LIE = {**GOOD, "angle": "bargain", "headline": "90% off everything", "body": "Today only: 90% discount on all laptops!"}
RUDE = {**GOOD, "angle": "pity", "body": "Are you broke? These glasses are for you."}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running
        assert running.complaints == []


@pytest.fixture
def limits(tmp_path: Path) -> Limits:
    return Limits(migrated_database(tmp_path / "limits.db"), now)


@pytest.fixture
def writer(server: ModelServer, limits: Limits) -> Iterator[Copywriter]:
    model = LanguageModel(api_key=KEY, base_url=server.url, model="gpt-4.1-mini", prices=Prices.read(), clock=now)
    yield Copywriter(model, limits, now)
    model.close()


def proposed(strategy: Strategy, writer: Copywriter, **changes: Any) -> Proposal:
    return propose(known(strategy, **changes), CLAIMS, writer)


def test_the_model_writes_and_code_checks(server: ModelServer, strategy: Strategy, writer: Copywriter) -> None:
    server.plays(calls("propose_ads", ads=[LIE, RUDE, GOOD]))
    told = proposed(strategy, writer)
    assert [(idea.concept.angle, idea.concept.headline) for idea in told.ideas] == [("gift", GOOD["headline"])]
    assert told.writer == "model"
    assert told.dropped["unsupported claim"] >= 1
    assert told.dropped["personal attributes"] == 1
    assert any("90%" in reason and "not true of the shop" in reason for reason in told.reasons)
    assert told.ideas[0].brief.known[-1] == GOOD["why"]


def test_a_model_that_only_lies_leaves_the_templates(
    server: ModelServer, strategy: Strategy, writer: Copywriter
) -> None:
    server.plays(calls("propose_ads", ads=[LIE]))
    told = proposed(strategy, writer)
    assert told.writer == "built-in"
    assert len(told.ideas) == 3
    assert "unsupported claim" in told.dropped
    assert all("90%" not in idea.concept.body for idea in told.ideas)


def test_never_more_than_asked_for(server: ModelServer, strategy: Strategy, writer: Copywriter) -> None:
    server.plays(calls("propose_ads", ads=[GOOD] * 9))
    assert len(proposed(strategy, writer).ideas) == 3


@pytest.mark.parametrize(
    "reply",
    [says("Here are some ideas!"), failing(500), calls("propose_ads"), calls("propose_ads", ads=[{"angle": "x"}, 7])],
    ids=["words", "down", "nothing", "halves"],
)
def test_a_model_that_fails_leaves_the_templates(
    server: ModelServer, strategy: Strategy, writer: Copywriter, reply: Any
) -> None:
    server.plays(reply)
    assert proposed(strategy, writer).writer == "built-in"


def test_an_ad_uses_a_fifth_of_the_budget_at_most(
    server: ModelServer, strategy: Strategy, writer: Copywriter, limits: Limits
) -> None:
    server.rule = lambda request: calls("propose_ads", ads=[GOOD])
    assert proposed(strategy, writer).writer == "model"
    spent = limits.spent("voyage", limits.today())
    assert 0 < spent == limits.spent("voyage ads", limits.today())
    limits.add_spend("voyage ads", limits.today(), 1_000_000)
    assert proposed(strategy, writer).writer == "built-in"
    assert limits.spent("voyage", limits.today()) == spent
    assert len(server.requests) == 1


def test_the_prompt_has_failures_and_no_customer_texts(strategy: Strategy) -> None:
    strategy.pattern("voyage", FAILURE, "Ads on gift lost 20%", {"roi": -0.2}, subject="angle:gift")
    asked = prompt(known(strategy, language="pt", tried=frozenset({"returns"})), 3)
    assert "Ads on gift lost 20%" in asked
    assert "they were tried in this account: returns" in asked
    assert "HOLA5" in asked
    assert "Portuguese" in asked
    assert "$" not in asked
