"""One finder of campaigns for commands and answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.ads.campaign_lookup import CampaignLookup
from bot.ads.reports.named_place import SeveralPlaces, UnknownPlace, named_place
from bot.language.texts import report_wording
from bot.staff.commands.command import Unclear
from bot.staff.commands.named_target import named_account, named_target
from memory.ads.ad_account import Structure
from tests.ads.shop import AdShop

NAMES = {
    "1": "Summer",
    "2": "Winter Sale",
    "3": "Diwali Offer",
    "4": "Campaign 3",
    "5": "Óculos de sol",
    "6": "The Set",
}


@pytest.fixture
def shop(tmp_path: Path) -> AdShop:
    """India has the campaigns of NAMES by their numbers, Spain a Summer and a Sunday, numbered 8 and 9."""
    shop = AdShop(tmp_path, places=(0, 7))
    shop.agency.first_read()
    seen(shop, 0, NAMES)
    seen(shop, 1, {"8": "Summer", "9": "Sunday"})
    return shop


def seen(shop: AdShop, place: int, names: dict[str, str]) -> None:
    """The account is read again, with campaigns of these numbers and names."""
    shop.clock.pass_by(minutes=1)
    now: Structure = shop.accounts[place].structure()
    campaigns = tuple(replace(now.campaigns[0], id=number, name=name) for number, name in names.items())
    account = shop.agency.memory.campaigns
    account.store_structure(replace(now, campaigns=campaigns, ad_sets=(), creatives=(), ads=(), seen_at=shop.clock()))


@pytest.fixture
def lookup(shop: AdShop) -> CampaignLookup:
    return CampaignLookup(shop.agency.memory.campaigns)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("my winter campaign", "2"), ("the winter sale please", "2"), ("winter", "2"), ("WINTER SALE", "2"), ("wi", "2"),
        ("wintr", "2"), ("wniter", "2"), ("winter salle", "2"), ("sale", "2"), ("la campaña winter", "2"),
        ("campanha winter", "2"), ("winter ka campaign", "2"), ("winter india", "2"), ("winter voyage india", "2"),
        ("diwali", "3"), ("di", "3"), ("diwlai offer", "3"), ("मेरा diwali कैंपेन", "3"),
        ("campaign 3", "4"), ("3", "3"), ("oculos", "5"), ("óculos de sol", "5"), ("ocluos", "5"), ("the set", "6"),
        ("summer india", "1"), ("summer spain", "8"), ("spain summer", "8"), ("my summer campaign in spain", "8"),
        ("sumemr spain", "8"), ("summer sunglasses spain", "8"), ("su india", "1"), ("sunday", "9"), ("sunday spain", "9"),
    ],
)  # fmt: skip
def test_commands_and_answers_mean_the_same(lookup: CampaignLookup, words: str, number: str) -> None:
    assert named_target(lookup, "voyage", words, "pause").id == number
    assert named_place(lookup, "voyage", words, report_wording("en")).id == number


@pytest.mark.parametrize("words", ["summer", "my summer campaign", "sumer", "su", "su spain"])
def test_what_fits_several_is_asked_back_by_both(lookup: CampaignLookup, words: str) -> None:
    with pytest.raises(Unclear, match="Which one"):
        named_target(lookup, "voyage", words, "pause")
    with pytest.raises(SeveralPlaces, match="Which one"):
        named_place(lookup, "voyage", words, report_wording("en"))


@pytest.mark.parametrize("words", ["autumn", "w", "autumn spain", "winter spain", "my", "", "  ", "9999", "suspicious"])
def test_what_fits_nothing_is_unknown_to_both(lookup: CampaignLookup, words: str) -> None:
    with pytest.raises(Unclear):
        named_target(lookup, "voyage", words, "pause")
    with pytest.raises(UnknownPlace):
        named_place(lookup, "voyage", words, report_wording("en"))


def test_an_account_that_is_named_alone_stands_for_its_campaigns(lookup: CampaignLookup) -> None:
    place = named_place(lookup, "voyage", "voyage spain", report_wording("en"))
    assert (place.kind, place.id) == ("account", "act_9008")
    with pytest.raises(Unclear, match="fits 2 campaigns"):
        named_target(lookup, "voyage", "voyage spain", "pause")
    assert named_account(lookup, "voyage", "spain").id == named_account(lookup, "voyage", "act_9008").id == "act_9008"
    with pytest.raises(Unclear, match="Which ad account"):
        named_account(lookup, "voyage", "voyage")


def test_what_has_gone_is_meant_only_where_nothing_else_is(shop: AdShop, lookup: CampaignLookup) -> None:
    seen(shop, 0, {"1": "Summer", "7": "Winter Clearance"})
    assert named_place(lookup, "voyage", "winter", report_wording("en")).id == "7"
    assert named_target(lookup, "voyage", "winter", "pause").id == "7"
    assert named_place(lookup, "voyage", "winter sale", report_wording("en")).gone
    with pytest.raises(Unclear, match="no longer in the account"):
        named_target(lookup, "voyage", "winter sale", "pause")


def test_an_ad_set_is_told_of_by_its_campaign(tmp_path: Path) -> None:
    shop = AdShop(tmp_path, places=(0, 7))
    shop.agency.first_read()
    lookup = CampaignLookup(shop.agency.memory.campaigns)
    ad_set = named_target(lookup, "voyage", "gift image", "pause")
    assert ad_set.kind == "ad_set"
    assert named_place(lookup, "voyage", "gift image", report_wording("en")).id == ad_set.parent
