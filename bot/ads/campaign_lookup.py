"""Which campaign, ad set, ad or account a person means: by id or name, typos included."""

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

SHORTEST_BEGINNING: Final = 2  # letters by which a name may be begun: “su” is Summer
SHORTEST_TYPO: Final = 5  # letters; in a shorter word another letter is another word
LONG: Final = 9  # letters from which a word may have two slips
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
        """Unique but for equal names in one account."""
        return f"{self.name}, {self.account.name}"


@dataclass(frozen=True, slots=True)
class Match:
    """Everything that fits equally well.

    `targets` are all campaigns, else ad sets, else ads. Words that name accounts give `accounts`, and their campaigns
    as targets.
    """

    targets: tuple[AdObject, ...] = ()
    accounts: tuple[AdAccount, ...] = ()


class CampaignLookup:
    """Over everything ever read of the brand's accounts."""

    def __init__(self, campaigns: Campaigns) -> None:
        self._campaigns = campaigns

    def all(self, brand: str) -> list[AdObject]:
        """Current objects: campaigns, ad sets, ads."""
        structures = [self._campaigns.structure(brand, account.id) for account in self._campaigns.accounts(brand)]
        found = [target for structure in structures for target in _targets(structure)]
        return sorted(found, key=lambda target: KINDS.index(target.kind))

    def find(self, brand: str, words: str) -> Match:
        """What is gone matches only if nothing else does."""
        accounts = self._campaigns.accounts(brand)
        by_id = {account.id: account for account in accounts}
        gone = [_gone(each, by_id) for each in self._campaigns.campaigns(brand) if each.gone]
        return match(words, self.all(brand), accounts) or match(words, gone, ()) or Match()

    def accounts(self, brand: str, words: str) -> list[AdAccount]:
        """All of the brand's if none matches."""
        accounts = self._campaigns.accounts(brand)
        found = match(words, (), accounts)
        return list(found.accounts) if found else accounts


def match(words: str, targets: Sequence[AdObject], accounts: Sequence[AdAccount]) -> Match | None:
    """By id, whole name, prefixes, then with typos.

    A campaign's name wins over an account's, and that over an ad set's or ad's.
    """
    numbered = [target for target in targets if target.id == words.strip()]
    if numbered:
        return Match(tuple(numbered[:1]))
    wanted = names_of(words)
    for fits in (_whole, _begins, _resembles):
        alone = [each for each in accounts if each.id == words.strip() or fits(names_of(each.name), (), wanted)]
        found = [each for each in targets if fits(names_of(each.name), names_of(each.account.name), wanted)]
        if alone and (not found or found[0].kind != "campaign"):
            ids = {account.id for account in alone}
            held = (each for each in targets if each.kind == "campaign" and each.account.id in ids)
            return Match(tuple(held), tuple(alone))
        if found:
            return Match(tuple(each for each in found if each.kind == found[0].kind))
    return None


def names_of(text: str) -> list[str]:
    """The folded words without fillers, unless all are fillers."""
    said = re.findall(r"[\w\u0900-\u097f]+", fold(text))
    return [word for word in said if word not in FILLERS] or said


def alike(word: str, wanted: str) -> bool:
    """Equal up to one typo, two in a long word."""
    if word == wanted:
        return True
    if len(wanted) < SHORTEST_TYPO:
        return False
    slips = 2 if len(wanted) >= LONG else 1
    return DamerauLevenshtein.distance(word, wanted, score_cutoff=slips) <= slips


def _whole(own: Sequence[str], account: Sequence[str], wanted: Sequence[str]) -> bool:
    """All its own words, and otherwise only the account's."""
    return bool(wanted) and set(own) <= set(wanted) <= {*own, *account}


def _begins(own: Sequence[str], account: Sequence[str], wanted: Sequence[str]) -> bool:
    """Every word is a prefix, at least one of its own name."""
    return _said(own, account, wanted, _begun)


def _resembles(own: Sequence[str], account: Sequence[str], wanted: Sequence[str]) -> bool:
    """As `_begins`, with typos."""
    return _said(own, account, wanted, lambda word, each: _begun(word, each) or alike(word, each))


def _begun(word: str, wanted: str) -> bool:
    return word == wanted or (len(wanted) >= SHORTEST_BEGINNING and word.startswith(wanted))


def _said(own: Sequence[str], account: Sequence[str], wanted: Sequence[str], fits: Callable[[str, str], bool]) -> bool:
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
