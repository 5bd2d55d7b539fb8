"""Finds the campaign or account that a question names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bot.ads.campaign_lookup import CampaignLookup
from bot.language.texts import NOTHING, ReportWording
from memory.storage.errors import MemoryFault

MOST_NAMED: Final = 8


class UnknownPlace(MemoryFault):
    """The text lists what there is."""


class SeveralPlaces(MemoryFault):
    """The text asks which one."""


@dataclass(frozen=True, slots=True)
class NamedPlace:
    kind: Literal["campaign", "account"]
    id: str
    name: str  # of the campaign, or of the account
    account_id: str
    account_name: str
    gone: bool = False

    @property
    def full_name(self) -> str:
        """Unique except for equal names in one account."""
        return self.name if self.kind == "account" else f"{self.name}, {self.account_name}"


def named_place(lookup: CampaignLookup, brand: str, words: str, say: ReportWording) -> NamedPlace:
    """An ad set or ad names its campaign. Raises UnknownPlace, SeveralPlaces."""
    found = lookup.find(brand, words)
    everything = lookup.all(brand)
    campaigns = {each.id: each for each in (*everything, *found.targets) if each.kind == "campaign"}
    meant = () if found.accounts else dict.fromkeys(each.parent for each in found.targets)
    places = [NamedPlace("account", each.id, each.name, each.id, each.name) for each in found.accounts]
    for campaign in (campaigns[each] for each in meant if each in campaigns):
        account = campaign.account
        places.append(NamedPlace("campaign", campaign.id, campaign.name, account.id, account.name, campaign.gone))
    if not places:
        names = [each.name for each in lookup.accounts(brand, "")]
        raise UnknownPlace(
            _unknown(words, [*names, *(each.name for each in everything if each.kind == "campaign")], say)
        )
    if len(places) > 1:
        raise SeveralPlaces(_which(places, say))
    return places[0]


def _which(places: Sequence[NamedPlace], say: ReportWording) -> str:
    names = [place.full_name for place in places]
    listed = [f"{each.full_name} ({each.id})" if names.count(each.full_name) > 1 else each.full_name for each in places]
    more = [say.say("which_more", n=len(listed) - MOST_NAMED)] if len(listed) > MOST_NAMED else []
    return "\n".join([say.say("which"), *(say.say("which_line", name=name) for name in listed[:MOST_NAMED]), *more])


def _unknown(words: str, names: Sequence[str], say: ReportWording) -> str:
    different = list(dict.fromkeys(names))
    listed = ", ".join(different[:MOST_NAMED]) + (", …" if len(different) > MOST_NAMED else "")
    return say.say("unknown", name=words.strip()[:60], names=listed or NOTHING)
