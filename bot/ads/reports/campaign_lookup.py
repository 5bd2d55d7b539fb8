"""Which campaign or account somebody means by a few words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rapidfuzz.distance import DamerauLevenshtein

from bot.ads.platform import without_token
from bot.ads.reports.texts import NOTHING, Wording
from memory.ads.ad_account import AdAccount
from memory.ads.campaigns import KnownCampaign
from memory.storage.errors import MemoryFault

MOST_NAMED: Final = 8
SHORTEST_TYPO: Final = 5  # letters; in a shorter word another letter is another word


class UnknownPlace(MemoryFault):
    """No campaign or account is called so; the text says which there are."""


class SeveralPlaces(MemoryFault):
    """The words fit several; the text asks which one."""


@dataclass(frozen=True, slots=True)
class Place:
    """A campaign, or a whole account."""

    kind: Literal["campaign", "account"]
    id: str
    name: str  # of the campaign, or of the account
    account_id: str
    account_name: str
    gone: bool = False

    @property
    def full_name(self) -> str:
        """As nothing else is called, but for a campaign of the same name in the same account."""
        return self.name if self.kind == "account" else f"{self.name}, {self.account_name}"


def place_called(words: str, campaigns: Sequence[KnownCampaign], accounts: Sequence[AdAccount], say: Wording) -> Place:
    """The one campaign or account that is meant. Raises UnknownPlace, SeveralPlaces.

    An id or a whole name decides; else each word has to begin a word of the names, then each may have one typo. What
    has gone from its account is meant only where nothing else is.
    """
    places = [_account(each) for each in accounts] + [_campaign(each) for each in campaigns]
    wanted = _words(words)
    for fits in (_by_id(words), _by_name(wanted), _by_words(wanted, str.startswith), _by_words(wanted, _nearly)):
        found = [place for place in places if wanted and fits(place)]
        found = [place for place in found if not place.gone] or found
        if len(found) == 1:
            return found[0]
        if found:
            raise SeveralPlaces(_question(found, say))
    raise UnknownPlace(_unknown(words, places, say))


def _account(account: AdAccount) -> Place:
    return Place("account", account.id, account.name, account.id, account.name)


def _campaign(campaign: KnownCampaign) -> Place:
    name = without_token(campaign.name) or campaign.id
    return Place("campaign", campaign.id, name, campaign.account_id, campaign.account_name, campaign.gone)


def _by_id(words: str) -> Callable[[Place], bool]:
    return lambda place: place.id == words.strip()


def _by_name(wanted: list[str]) -> Callable[[Place], bool]:
    return lambda place: wanted in (_words(place.name), _words(place.full_name))


def _by_words(wanted: list[str], fits: Callable[[str, str], bool]) -> Callable[[Place], bool]:
    """Every word fits one of the names, and one of them the campaign's own."""

    def found(place: Place) -> bool:
        own, all_of_it = _words(place.name), _words(place.full_name)
        said = all(any(fits(word, each) for word in all_of_it) for each in wanted)
        return said and any(fits(word, each) for word in own for each in wanted)

    return found


def _nearly(word: str, wanted: str) -> bool:
    if len(wanted) < SHORTEST_TYPO:
        return word.startswith(wanted)
    return DamerauLevenshtein.distance(word, wanted, score_cutoff=1) <= 1


def _words(text: str) -> list[str]:
    """Plain lower-case words; accents on Latin letters are not told apart."""
    apart = unicodedata.normalize("NFD", text.casefold())
    return re.findall(r"[\w\u0900-\u097f]+", unicodedata.normalize("NFC", re.sub(r"[\u0300-\u036f]", "", apart)))


def _question(found: Sequence[Place], say: Wording) -> str:
    names = [place.full_name for place in found]
    told = [f"{place.full_name} ({place.id})" if names.count(place.full_name) > 1 else place.full_name
            for place in found]  # fmt: skip
    more = [say.say("which_more", n=len(told) - MOST_NAMED)] if len(told) > MOST_NAMED else []
    return "\n".join([say.say("which"), *(say.say("which_line", name=name) for name in told[:MOST_NAMED]), *more])


def _unknown(words: str, places: Sequence[Place], say: Wording) -> str:
    names = list(dict.fromkeys(place.name for place in places if not place.gone))
    listed = ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
    return say.say("unknown", name=words.strip()[:60], names=listed or NOTHING)
