"""Campaigns launched by form in chat; they pass the same review as the agent's ads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.ads.ad_idea import Concept
from bot.ads.campaign_lookup import CampaignLookup
from bot.ads.changes.plans.plan import Audience, Launch
from bot.ads.new_ads.compliance import ClaimChecks, review
from bot.ads.platform import Accounts
from bot.language.detection import detect
from bot.staff.commands.account_commands import LaunchCommand
from bot.staff.commands.budget_commands import in_currency, name_and_amount
from bot.staff.commands.command import Unclear
from bot.staff.commands.named_target import named_account, named_target
from memory.ads.ad_account import AdAccount, AdSet
from memory.ads.campaigns import Campaigns

FORM: Final = {
    "account": "Spain prospecting",
    "name": "Winter · security · image",
    "budget": "15",
    "headline": "Bought safely, returned easily",
    "text": "Every order comes with a warranty. Ask us which one suits you.",
    "greeting": "Hello! What are you looking for?",
    "like": "summer spain (an ad set or campaign whose audience and picture it takes over)",
}
IMAGE: Final = "image"  # may be left out: another picture, by its hash in the account's media library
_LINE: Final = re.compile(r"^\s*\*?([A-Za-z]+)\*?\s*[:=]\s*(.+?)\s*$")


@dataclass(frozen=True, slots=True)
class Launches:
    campaigns: Campaigns
    accounts: Accounts
    claims: ClaimChecks

    def read(self, brand: str, words: str, why: str) -> LaunchCommand:
        """Raises Unclear with what is missing, ambiguous or forbidden."""
        form = read_form(words)
        lookup = CampaignLookup(self.campaigns)
        account = named_account(lookup, brand, form["account"])
        self._review(brand, form)
        sets = self._like(brand, account, lookup, form["like"])
        audience = Audience(
            name=form["name"],
            daily_budget=in_currency(name_and_amount(f"it {form['budget']}")[1], account, "budget: …"),
            targeting=sets[0].targeting,
            ad_name=form["name"],
            body=form["text"],
            headline=form["headline"],
            image_hash=form.get(IMAGE) or self._picture(brand, account, sets),
            greeting=form["greeting"],
        )
        return LaunchCommand(account.id, account.name, (Launch(form["name"], (audience,), why),))

    def _review(self, brand: str, form: Mapping[str, str]) -> None:
        concept = Concept(
            name=form["name"],
            angle="",
            headline=form["headline"],
            body=form["text"],
            greeting=form["greeting"],
            language=detect(form["text"]),
        )
        objections = review(concept, self.claims.of(brand))
        if objections:
            told = [f"• {each.rule}: {each.sentence}" for each in objections]
            raise Unclear("\n".join([f"“{form['name']}” may not run as it is written; nothing was made.", *told]))

    def _like(self, brand: str, account: AdAccount, lookup: CampaignLookup, like: str) -> list[AdSet]:
        """The named ad set, or all of the campaign; of the same account, because audience and picture are copied."""
        model = named_target(lookup, brand, like, "launch, like:")
        if model.account.id != account.id:
            raise Unclear(f"{model.shown} is of another account than {account.name}; name one of the same for *like*.")
        sets = self.campaigns.structure(brand, account.id).ad_sets
        found = [each for each in sets if model.id in (each.id, each.campaign_id)]
        if not found:
            raise Unclear(f"{model.shown} has no audience of its own; name its ad set or campaign for *like*.")
        return found

    def _picture(self, brand: str, account: AdAccount, sets: Sequence[AdSet]) -> str:
        structure = self.accounts[brand][account.id].structure()  # memory does not keep pictures
        shown = {ad.creative_id for ad in structure.ads if ad.ad_set_id in {each.id for each in sets}}
        known = [each.image_hash for each in structure.creatives if each.id in shown and each.image_hash]
        if not known:
            raise Unclear(
                "No picture is known of what you name for *like*; add a line *image:* with a hash from the media library."
            )
        return known[0]


def read_form(words: str) -> dict[str, str]:
    """Raises Unclear with the empty form, or with what is missing."""
    lines = [_LINE.match(line) for line in words.splitlines()]
    given = {found[1].casefold(): found[2] for found in lines if found}
    missing = [name for name in FORM if name not in given]
    if len(missing) == len(FORM):
        shown = "\n".join(f"{name}: {example}" for name, example in FORM.items())
        raise Unclear(f"Send this in one message, with your own words behind the colons:\nlaunch\n{shown}")
    if missing:
        raise Unclear("Nothing was made. Still missing: " + ", ".join(f"*{name}:* {FORM[name]}" for name in missing))
    return {name: given[name] for name in (*FORM, IMAGE) if name in given}
