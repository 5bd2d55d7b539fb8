"""Finds the campaign, ad set, ad or account that a person names, typos included."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein

from bot.ads.platform import without_token
from bot.language.money import Money
from bot.language.normalisation import fold
from bot.language.words import words_of_all
from memory.ads.ad_account import AdAccount, Kind, Structure
from memory.ads.campaigns import Campaigns, KnownCampaign

MIN_PREFIX: Final = 2  # letters by which a name may be begun: “su” is Summer
MIN_LENGTH_FOR_TYPO: Final = 5  # letters; in a shorter word another letter is another word
MIN_LENGTH_FOR_TWO_TYPOS: Final = 9  # letters from which a word may have two typos
KINDS: Final[Sequence[Kind]] = ("campaign", "ad_set", "ad")
FILLERS: Final = frozenset(fold(word) for word in words_of_all("campaign_lookup", "fillers"))


@dataclass(frozen=True, slots=True)
class AdObject:
    kind: Kind
    id: str
    name: str
    status: str
    budget: Money | None  # None: it holds none of its own
    parent: str  # the campaign's id, for a campaign its own
    account: AdAccount
    gone: bool = False  # no longer in the account

    @property
    def shown(self) -> str:
        return f"“{self.name}” in {self.account.name}"

    @property
    def full_name(self) -> str:
        """Unique except for equal names in one account."""
        return f"{self.name}, {self.account.name}"


@dataclass(frozen=True, slots=True)
class Match:
    targets: tuple[AdObject, ...] = ()  # equally good; all campaigns, else all ad sets, else all ads
    accounts: tuple[AdAccount, ...] = ()  # that the words name; then `targets` are their campaigns


class CampaignLookup:
    def __init__(self, campaigns: Campaigns) -> None:
        self._campaigns = campaigns

    def all(self, brand: str) -> list[AdObject]:
        """Campaigns first, then ad sets, then ads."""
        structures = [self._campaigns.structure(brand, account.id) for account in self._campaigns.accounts(brand)]
        found = [target for structure in structures for target in _targets(structure)]
        return sorted(found, key=lambda target: KINDS.index(target.kind))

    def find(self, brand: str, words: str) -> Match:
        """Removed campaigns match only if nothing current does."""
        accounts = self._campaigns.accounts(brand)
        by_id = {account.id: account for account in accounts}
        gone = [_gone(each, by_id) for each in self._campaigns.campaigns(brand) if each.gone]
        return match(words, self.all(brand), accounts) or match(words, gone, ()) or Match()

    def accounts(self, brand: str, words: str) -> list[AdAccount]:
        """All of the brand's accounts if none matches."""
        accounts = self._campaigns.accounts(brand)
        found = match(words, (), accounts)
        return list(found.accounts) if found else accounts


def match(words: str, targets: Sequence[AdObject], accounts: Sequence[AdAccount]) -> Match | None:
    """By id, exact name, prefixes, then typos. Campaign names win over account names, these over ad sets and ads."""
    numbered = [target for target in targets if target.id == words.strip()]
    if numbered:
        return Match(tuple(numbered[:1]))
    wanted = name_words(words)
    for fits in (_exact, _by_prefix, _with_typos):
        alone = [each for each in accounts if each.id == words.strip() or fits(name_words(each.name), (), wanted)]
        found = [each for each in targets if fits(name_words(each.name), name_words(each.account.name), wanted)]
        if alone and (not found or found[0].kind != "campaign"):
            ids = {account.id for account in alone}
            held = (each for each in targets if each.kind == "campaign" and each.account.id in ids)
            return Match(tuple(held), tuple(alone))
        if found:
            return Match(tuple(each for each in found if each.kind == found[0].kind))
    return None


def name_words(text: str) -> list[str]:
    """Folded, without fillers unless all are fillers."""
    said = re.findall(r"[\w\u0900-\u097f]+", fold(text))
    return [word for word in said if word not in FILLERS] or said


def similar_word(word: str, wanted: str) -> bool:
    """Up to one typo, two in a long word."""
    if word == wanted:
        return True
    if len(wanted) < MIN_LENGTH_FOR_TYPO:
        return False
    typos = 2 if len(wanted) >= MIN_LENGTH_FOR_TWO_TYPOS else 1
    return DamerauLevenshtein.distance(word, wanted, score_cutoff=typos) <= typos


def _exact(own: Sequence[str], account: Sequence[str], wanted: Sequence[str]) -> bool:
    return bool(wanted) and set(own) <= set(wanted) <= {*own, *account}


def _by_prefix(own: Sequence[str], account: Sequence[str], wanted: Sequence[str]) -> bool:
    return _every_word_fits(own, account, wanted, _is_prefix)


def _with_typos(own: Sequence[str], account: Sequence[str], wanted: Sequence[str]) -> bool:
    return _every_word_fits(own, account, wanted, lambda word, each: _is_prefix(word, each) or similar_word(word, each))


def _is_prefix(word: str, wanted: str) -> bool:
    return word == wanted or (len(wanted) >= MIN_PREFIX and word.startswith(wanted))


def _every_word_fits(
    own: Sequence[str], account: Sequence[str], wanted: Sequence[str], fits: Callable[[str, str], bool]
) -> bool:
    every = bool(wanted) and all(any(fits(word, each) for word in (*own, *account)) for each in wanted)
    return every and any(fits(word, each) for word in own for each in wanted)


def _gone(campaign: KnownCampaign, accounts: dict[str, AdAccount]) -> AdObject:
    name = without_token(campaign.name) or campaign.id
    account = accounts[campaign.account_id]
    return AdObject("campaign", campaign.id, name, campaign.effective_status, None, campaign.id, account, gone=True)


def _targets(structure: Structure) -> list[AdObject]:
    account = structure.account
    campaigns = [
        AdObject("campaign", c.id, without_token(c.name) or c.id, c.status, c.daily_budget, c.id, account)
        for c in structure.campaigns
    ]
    sets = [
        AdObject("ad_set", s.id, without_token(s.name) or s.id, s.status, s.daily_budget, s.campaign_id, account)
        for s in structure.ad_sets
    ]
    campaign_of = {each.id: each.campaign_id for each in structure.ad_sets}
    ads = [
        AdObject("ad", a.id, without_token(a.name) or a.id, a.status, None, campaign_of.get(a.ad_set_id, ""), account)
        for a in structure.ads
    ]
    return [*campaigns, *sets, *ads]
