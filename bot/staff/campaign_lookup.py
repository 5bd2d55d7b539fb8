"""Which campaign, ad set or ad a person means: by number, by name with or without its account's, mistyped or not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from bot.language.money import Money
from bot.staff.commands.command import Unclear
from memory.ads.ad_account import AdAccount, Kind, Structure
from memory.ads.campaigns import Campaigns

ALIKE: Final = 82  # of 100; “sumer” is summer, “winter” is not
SHORTEST: Final = 3  # letters by which a name may be begun: “sun” is Sunglasses
MOST_NAMED: Final = 8
FILLERS: Final = frozenset(
    "the my our a an ad ads adset adsets set campaign campaigns thing one please for on in of to at by with set's"
    " el la los las de del campaña campana campañas campanas por favor o os as da do campanha campanhas um uma"
    " ka ki ke wala wali kampen कैंपेन का की के".split()
)


@dataclass(frozen=True, slots=True)
class Target:
    """Something in an ad account that a person may name."""

    kind: Kind
    id: str
    name: str
    status: str
    budget: Money | None  # None: it holds none of its own
    parent: str  # the campaign's id, for a campaign its own
    account: AdAccount

    @property
    def shown(self) -> str:
        """As it is named in an answer."""
        return f"“{self.name}” in {self.account.name}"


class Targets:
    """Finds what is meant among everything that was in the brand's accounts when they were last read."""

    def __init__(self, campaigns: Campaigns) -> None:
        self._campaigns = campaigns

    def all(self, brand: str) -> list[Target]:
        """Campaigns first, then ad sets, then ads."""
        structures = [self._campaigns.structure(brand, account.id) for account in self._campaigns.accounts(brand)]
        found = [target for structure in structures for target in _targets(structure)]
        return sorted(found, key=lambda target: ("campaign", "ad_set", "ad").index(target.kind))

    def account(self, brand: str, words: str) -> AdAccount:
        """The one account that is meant. Raises Unclear."""
        accounts = self._campaigns.accounts(brand)
        wanted = words_of(words)
        fitting = [each for each in accounts if each.id == words.strip() or _covers(words_of(each.name), wanted)]
        exact = [each for each in fitting if each.id == words.strip() or words_of(each.name) == wanted]
        if len(exact or fitting) == 1:
            return (exact or fitting)[0]
        named = ", ".join(f"{each.name} ({each.id})" for each in (fitting or accounts)[:MOST_NAMED])
        raise Unclear(f"Which ad account is “{words[:60]}”? There are {named}. Write its number.")

    def the(self, brand: str, words: str, usage: str) -> Target:
        """The one thing that is meant. Raises Unclear with what it could be, `usage` being the command's word."""
        found = self.fitting(brand, words)
        if len(found) == 1:
            return found[0]
        if not found:
            raise Unclear(self._unknown(brand, words))
        raise Unclear(which(words, found, usage))

    def fitting(self, brand: str, words: str) -> list[Target]:
        """Everything that fits equally well: of campaigns, else of ad sets, else of ads."""
        return fitting(self.all(brand), words)

    def _unknown(self, brand: str, words: str) -> str:
        names = list(dict.fromkeys(target.name for target in self.all(brand) if target.kind == "campaign"))
        if not names:
            return "The ad accounts hold no campaigns yet, as far as they were read."
        some = ", ".join(names[:MOST_NAMED])
        return f"I know no campaign like “{words[:60]}”. There is {some}; *campaigns* lists them."


def fitting(targets: Sequence[Target], words: str) -> list[Target]:
    """What the words name among these. By number, else whole name, else every word, else words mistyped."""
    by_id = [target for target in targets if target.id == words.strip()]
    wanted = words_of(words)
    if by_id or not wanted:
        return by_id[:1]
    for covers in (_equals, _covers, _resembles):
        found = [target for target in targets if _names(target, wanted, covers)]
        if found:
            return [target for target in found if target.kind == found[0].kind]
    return []


def which(words: str, found: Sequence[Target], usage: str) -> str:
    """The question which of several is meant."""
    lines = [f"• {target.name}, {target.account.name}: *{usage} {target.id}*" for target in found[:MOST_NAMED]]
    more = len(found) - MOST_NAMED
    kinds = found[0].kind.replace("_", " ") + "s"
    ending = [f"… and {more} more; add the account's name."] if more > 0 else []
    return "\n".join([f"“{words[:60]}” fits {len(found)} {kinds}. Which one?", *lines, *ending])


def words_of(text: str) -> list[str]:
    """The words that tell things apart, without accents and capitals."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(
        letter for letter in plain if unicodedata.category(letter) != "Mn" or "\u0900" <= letter <= "\u097f"
    )
    return [word for word in re.findall(r"[\w\u0900-\u097f]+", plain) if word not in FILLERS]


def _names(target: Target, wanted: Sequence[str], covers: _Covers) -> bool:
    own, account = words_of(target.name), words_of(target.account.name)
    if not any(covers(own, [word]) for word in wanted):
        return target.kind == "campaign" and covers(account, wanted)  # an account named alone stands for its campaigns
    return covers([*own, *account], wanted) and (covers is not _equals or _whole(own, account, wanted))


def _whole(own: Sequence[str], account: Sequence[str], wanted: Sequence[str]) -> bool:
    """Every word of its own name was said; the others are the account's."""
    return set(own) <= set(wanted) and set(wanted) <= {*own, *account}


def _equals(has: Sequence[str], wanted: Sequence[str]) -> bool:
    return set(wanted) <= set(has)


def _covers(has: Sequence[str], wanted: Sequence[str]) -> bool:
    return all(
        any(each == word or (len(word) >= SHORTEST and each.startswith(word)) for each in has) for word in wanted
    )


def _resembles(has: Sequence[str], wanted: Sequence[str]) -> bool:
    return all(any(fuzz.ratio(word, each) >= ALIKE for each in has) for word in wanted)


_Covers = Callable[[Sequence[str], Sequence[str]], bool]


def _targets(structure: Structure) -> list[Target]:
    account = structure.account
    campaigns = [Target("campaign", c.id, c.name, c.status, c.daily_budget, c.id, account) for c in structure.campaigns]
    sets = [Target("ad_set", s.id, s.name, s.status, s.daily_budget, s.campaign_id, account) for s in structure.ad_sets]
    campaign_of = {each.id: each.campaign_id for each in structure.ad_sets}
    ads = [Target("ad", a.id, a.name, a.status, None, campaign_of.get(a.ad_set_id, ""), account) for a in structure.ads]
    return [*campaigns, *sets, *ads]
