"""Finds what a command names: campaign, ad set, ad or account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.ads.campaign_lookup import AdObject, CampaignLookup
from bot.staff.commands.command import Unclear
from memory.ads.ad_account import AdAccount

MOST_NAMED: Final = 8


def named_target(lookup: CampaignLookup, brand: str, words: str, usage: str) -> AdObject:
    """Raises Unclear with the candidates unless one matches; `usage` is the command's word."""
    found = lookup.find(brand, words).targets
    if not found:
        raise Unclear(_unknown(lookup, brand, words))
    if len(found) > 1:
        raise Unclear(_which(words, found, usage))
    if found[0].gone:
        raise Unclear(f"{found[0].shown} is no longer in the account; nothing can be changed there.")
    return found[0]


def named_account(lookup: CampaignLookup, brand: str, words: str) -> AdAccount:
    """Raises Unclear unless one matches."""
    found = lookup.accounts(brand, words)
    if len(found) == 1:
        return found[0]
    named = ", ".join(f"{each.name} ({each.id})" for each in found[:MOST_NAMED])
    raise Unclear(f"Which ad account is “{words[:60]}”? There are {named}. Write its number.")


def _unknown(lookup: CampaignLookup, brand: str, words: str) -> str:
    names = list(dict.fromkeys(target.name for target in lookup.all(brand) if target.kind == "campaign"))
    if not names:
        return "The ad accounts hold no campaigns yet, as far as they were read."
    some = ", ".join(names[:MOST_NAMED])
    return f"I know no campaign like “{words[:60]}”. There is {some}; *campaigns* lists them."


def _which(words: str, found: Sequence[AdObject], usage: str) -> str:
    lines = [f"• {target.name}, {target.account.name}: *{usage} {target.id}*" for target in found[:MOST_NAMED]]
    more = len(found) - MOST_NAMED
    kinds = found[0].kind.replace("_", " ") + "s"
    ending = [f"… and {more} more; add the account's name."] if more > 0 else []
    return "\n".join([f"“{words[:60]}” fits {len(found)} {kinds}. Which one?", *lines, *ending])
