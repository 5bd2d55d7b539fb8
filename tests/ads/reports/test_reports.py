"""Reports to staff: on request, and each morning."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.ads.platform import named, without_token
from bot.ads.reports.answers import LONGEST
from bot.ads.reports.named_place import SeveralPlaces, UnknownPlace
from bot.language.languages import LANGUAGES
from bot.language.money import Money
from bot.language.texts import report_wording
from memory.ads.attribution import AdSale
from memory.ads.figures import PERIODS
from tests.ads.shop import AdShop

HUNDRED_TO_ONE = {"INR": Decimal(100), "EUR": Decimal(1)}


class HundredToOne:
    """A hundred rupees are a euro; nothing else has a rate."""

    def in_currency(self, money: Money, currency: str) -> Money | None:
        if not {money.currency, currency} <= set(HUNDRED_TO_ONE):
            return None
        return Money(money.amount / HUNDRED_TO_ONE[money.currency] * HUNDRED_TO_ONE[currency], currency)


@pytest.fixture
def shop(tmp_path: Path) -> AdShop:
    """An account in rupees and one in euros after their first morning."""
    shop = AdShop(tmp_path, rates=HundredToOne())
    shop.morning(hours=3)
    return shop


def test_the_overview_has_1_7_and_30_days_per_currency(shop: AdShop) -> None:
    said = shop.agency.answers.overview("voyage")
    say = report_wording("en")
    for period, lines in shop.agency.memory.figures.periods("voyage", "account").items():
        for line in lines:
            row = next(row for row in said.splitlines() if row.startswith(f"{period} d: {say.amount(line.spend)} "))
            assert row.split(" · ")[1:4] == [say.count(line.chats), say.count(line.leads), say.count(line.orders)]
            assert say.amount(line.profit) in row
    assert set(PERIODS) == {1, 7, 30}


def test_currencies_are_added_only_at_a_rate_that_is_told(shop: AdShop) -> None:
    said = shop.agency.answers.overview("voyage")
    assert "1 EUR = 100.00 INR" in said
    week = shop.agency.memory.figures.of("voyage", "account", 7)
    euros = [HundredToOne().in_currency(line.spend, "EUR") for line in week]
    both = sum((each.amount for each in euros if each is not None), Decimal(0))
    together = said.partition("*All together*, in EUR")[2]
    assert f"7 d: {report_wording('en').amount(Money(both, 'EUR'))} " in together.partition("*INR*")[0]


def test_without_a_rate_nothing_is_added_and_that_is_said(tmp_path: Path) -> None:
    shop = AdShop(tmp_path)
    shop.morning(hours=3)
    said = shop.agency.answers.overview("voyage")
    assert "no rate is known: INR" in said
    assert "1 EUR =" not in said


def test_what_the_agent_did_and_what_waits_is_told(shop: AdShop) -> None:
    answers = shop.agency.answers
    said = answers.overview("voyage")
    assert f"changed {shop.changes_done()} budgets" in said
    assert "needed by now" in said
    assert "Waits" not in said
    asked = shop.agency.actions.approvals.propose("voyage", "act_9001", "[]", "raise Summer", by="x", role="staff")
    assert f"approve {asked.id} (or reject {asked.id} and why): raise Summer" in answers.overview("voyage")


def test_an_account_that_fails_is_named_with_its_fault(shop: AdShop) -> None:
    cycles = shop.agency.answers.cycles
    day = shop.clock().date()
    run = cycles.claim("voyage", "act_9001", day.replace(day=22), "pull")
    assert run is not None
    cycles.fail(run, "the token has run out", shop.clock())
    assert "⚠️ Voyage India Sunglasses: the token has run out" in shop.agency.answers.overview("voyage")


def test_what_may_still_move_is_marked(shop: AdShop) -> None:
    said = shop.agency.answers.overview("voyage")
    yesterday = next(line for line in said.splitlines() if line.startswith("1 d:"))
    assert yesterday.endswith("~")
    assert "may still move" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_twenty_three_accounts_fit_a_message_in_every_language(tmp_path: Path, language: str) -> None:
    shop = AdShop(tmp_path, places=tuple(range(23)), ads=2, rates=HundredToOne())
    shop.agency.first_read()
    said = shop.agency.answers.overview("voyage", language=language)
    assert len(said) <= LONGEST
    spending = {line.key: line.currency for line in shop.agency.memory.figures.of("voyage", "account", 30)}
    assert len(set(spending.values())) == 10
    assert {currency for currency in spending.values() if f"*{currency}*" in said} == set(spending.values())
    assert {account.spec.name for account in shop.accounts if account.spec.id not in spending} == {"Voyage Singapore"}
    assert "Voyage Singapore" in said  # its two ads are paused: nothing was spent
    assert sum(line.startswith("• ") for line in said.splitlines()) >= 3


def test_sales_without_exchange_rate_are_listed_separately(shop: AdShop) -> None:
    memory = shop.agency.memory
    ad = memory.figures.of("voyage", "ad", 30, account_id="act_9008")[0].key
    day = shop.clock().date() - timedelta(days=1)
    price = Money(Decimal(5000), "ARS")
    memory.attribution.store_sales("voyage", [AdSale("A-1", ad, day, shop.clock(), price, price, day=day)])
    assert "no rate is known: 5,000 ARS" in shop.agency.answers.overview("voyage")


def test_accounts_that_fail_before_anything_was_read_are_told(tmp_path: Path) -> None:
    shop = AdShop(tmp_path)
    cycles = shop.agency.answers.cycles
    run = cycles.claim("voyage", "act_9001", shop.clock().date(), "pull")
    assert run is not None
    cycles.fail(run, "the token has run out", shop.clock())
    assert "the token has run out" in shop.agency.answers.overview("voyage")


def test_an_account_without_campaigns_is_told_so(tmp_path: Path) -> None:
    shop = AdShop(tmp_path)
    bare = shop.accounts[0].structure()
    shop.agency.memory.campaigns.store_structure(replace(bare, campaigns=(), ad_sets=(), creatives=(), ads=()))
    said = shop.agency.answers.about_campaign("voyage", "india sunglasses")
    assert said.startswith("*Voyage India Sunglasses*, Voyage India Sunglasses: no campaigns")


def test_the_token_behind_a_name_is_not_told() -> None:
    assert without_token(named("Summer · security · video", "k7Q2mXw9")) == "Summer · security · video"
    assert without_token("Summer · security · video") == "Summer · security · video"


def test_a_brand_without_ads_is_told_so(tmp_path: Path) -> None:
    shop = AdShop(tmp_path)
    assert shop.agency.answers.overview("voyage") == "No ad of Voyage has run yet."


def test_a_name_that_fits_several_is_asked_back(shop: AdShop) -> None:
    answers = shop.agency.answers
    with pytest.raises(SeveralPlaces, match="Which one do you mean") as question:
        answers.about_campaign("voyage", "summer")
    for account in shop.accounts:
        assert f"Summer, {account.spec.name}" in str(question.value)
    assert answers.place("voyage", "summer spain").account_id == "act_9008"
    assert answers.place("voyage", "SUMER spain").account_id == "act_9008"  # a typo
    with pytest.raises(SeveralPlaces, match="¿Cuál"):
        answers.about_campaign("voyage", "summer", language="es")


def test_a_removed_campaign_matches_only_if_no_other_does(shop: AdShop) -> None:
    answers, campaigns = shop.agency.answers, shop.agency.memory.campaigns
    spain = next(account for account in shop.accounts if account.spec.id == "act_9008").structure()
    gone = replace(spain.campaigns[0], id="old", name="Summer 2025")
    shop.clock.pass_by(hours=1)
    campaigns.store_structure(replace(spain, campaigns=(*spain.campaigns, gone), seen_at=shop.clock()))
    with pytest.raises(SeveralPlaces):
        answers.place("voyage", "summ sunglasses spain")
    shop.clock.pass_by(hours=1)
    campaigns.store_structure(replace(spain, seen_at=shop.clock()))
    assert answers.place("voyage", "summer sunglasses spain").name == "Summer"
    assert answers.place("voyage", "summer 2025").gone
    assert ": no longer in the account" in answers.about_campaign("voyage", "summer 2025")


def test_an_unknown_name_is_answered_with_known_names(shop: AdShop) -> None:
    with pytest.raises(UnknownPlace, match=r"no campaign or account called “wintry”. There are: .*Summer"):
        shop.agency.answers.about_campaign("voyage", "wintry")
    with pytest.raises(UnknownPlace):
        shop.agency.answers.place("voyage", "  ")
    with pytest.raises(UnknownPlace):
        shop.agency.answers.place("optics", "summer")


def test_one_campaign_is_told_with_its_own_figures_and_thoughts(shop: AdShop) -> None:
    said = shop.agency.answers.about_campaign("voyage", "summer spain")
    [line] = [each for each in shop.agency.memory.figures.of("voyage", "campaign", 30, account_id="act_9008")
              if each.name == "Summer"]  # fmt: skip
    say = report_wording("en")
    assert f"30 d: {say.amount(line.spend)} · {say.count(line.chats)} · " in said
    assert "*What the agent thinks of it:*" in said
    assert said.startswith("*Summer*, Voyage Spain Sunglasses: running")
    assert "INR" not in said


def test_why_tells_the_newest_changes_and_only_the_named_campaigns(shop: AdShop) -> None:
    answers = shop.agency.answers
    said = answers.why("voyage", most=50)
    newest = shop.agency.actions.changes.page("voyage", limit=50)
    assert said.count("\n• ") == min(len(newest), said.count("\n• "))
    assert newest[0].why in said
    spain = answers.why("voyage", "summer spain", most=50)
    others = {each.why for each in newest if each.account_id != "act_9008"}
    assert not [why for why in others if why in spain]


def test_why_nothing_was_changed_is_told(tmp_path: Path) -> None:
    shop = AdShop(tmp_path, capped=False)
    shop.morning(hours=3)
    said = shop.agency.answers.why("voyage")
    assert said.startswith("Nothing has been changed yet.")
    assert "daily_cap" in said or "cap" in said


def test_learnings_are_told_with_their_confidence_and_by_word(tmp_path: Path) -> None:
    shop = AdShop(tmp_path)
    shop.agency.first_read()
    strategy, answers = shop.agency.memory.strategy, shop.agency.answers
    assert answers.learnings("voyage") == "Nothing is written down yet; learnings come with the mornings."
    strategy.learn("voyage", "creative_insight", "Video beats image", {"n": 1}, confidence=0.93, subject="format:video")
    strategy.pattern("voyage", "failed_patterns", "Gift ads in May", {"n": 1}, subject="angle:gift")
    said = answers.learnings("voyage")
    assert "Video beats image (93% sure)" in said
    assert "*What failed:*\n• Gift ads in May" in said
    about = answers.learnings("voyage", "video")
    assert "Video beats image" in about
    assert "Gift ads" not in about
    shop.agency.first_read()
    assert re.search(r"\*video\*: \d+ orders from \d+ chats", answers.learnings("voyage", "video"))
    assert answers.learnings("optics").startswith("Nothing")


@pytest.mark.parametrize(
    ("language", "read"),
    [("en", "1,234,567 INR"), ("es", "1.234.567 INR"), ("pt", "1.234.567 INR"), ("hi", "12,34,567 INR"),
     ("fr", "1,234,567 INR")],
)  # fmt: skip
def test_numbers_are_written_as_the_reader_writes_them(language: str, read: str) -> None:
    assert report_wording(language).money(Money(Decimal("1234567.4"), "INR")) == read
    assert report_wording("es").money(Money(Decimal("9.5"), "EUR")) == "9,50 EUR"


def test_every_language_has_every_line_with_the_same_blanks() -> None:
    english = report_wording("en").lines
    for language in LANGUAGES:
        lines = report_wording(language).lines
        assert set(lines) == set(english)
        for key, line in lines.items():
            assert set(re.findall(r"\{\w+\}", line)) == set(re.findall(r"\{\w+\}", english[key])), (language, key)


def test_the_card_is_sent_once_even_after_a_crash(shop: AdShop) -> None:
    shop.agency.cycle.run()
    assert len(shop.heard) == 1
    [picture] = shop.pictures
    assert picture is not None
    assert picture.startswith("https://shop.example/chart/")
    shop.process().cycle.run()  # another process, which knows nothing
    assert len(shop.heard) == 1
    shop.morning()
    assert len(shop.heard) == 2
