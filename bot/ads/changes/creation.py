"""Creates a campaign exactly once: intent row, paused create, lookup by token before a retry, publish."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.ads.changes.plans.plan import Launch, audience_from_json, audience_to_json
from bot.ads.platform import MARK, AdsFault, OutcomeUnknown, PlatformAccount
from memory.ads.ad_account import AdStatus, Kind, New, NewAd, NewAdSet, NewCampaign, NewCreative
from memory.audit_log.creation_intents import TOKEN_LENGTH, TOKEN_LETTERS, Intent, Intents, LaunchRecord, Part

LAG = timedelta(seconds=5)  # a read may not show for some seconds what was just made
_TOKEN = re.compile(re.escape(MARK) + f"([{TOKEN_LETTERS}]{{{TOKEN_LENGTH}}})$")
TRIES = 3  # of one part in one go; after that the launch stays open, and is looked at again later

Sleep = Callable[[float], None]  # seconds


class Interrupted(Exception):
    """By an emergency stop or the cap."""


@dataclass(frozen=True, slots=True)
class Creation:
    """`check_allowed` is called before every request."""

    intents: Intents
    sleep: Sleep

    def make(self, account: PlatformAccount, launch: LaunchRecord, check_allowed: Callable[[], None]) -> dict[str, str]:
        """Returns part → id. Raises AdsFault."""
        ids: dict[str, str] = {}
        for intent in self.intents.parts(launch.id):
            if intent.object_id is None:
                check_allowed()
                ids[intent.part] = self._make(account, intent, ids)
            else:
                ids[intent.part] = intent.object_id
        self._drop_doubles(account, launch)
        return ids

    def publish(self, account: PlatformAccount, launch: LaunchRecord, check_allowed: Callable[[], None]) -> None:
        # The campaign last: the launch goes live with one request, and one interrupted before it delivers nothing.
        order: tuple[Kind, ...] = ("ad", "ad_set", "campaign")
        for kind in order:
            for intent in self.intents.parts(launch.id):
                if intent.kind == kind and intent.object_id is not None:
                    check_allowed()
                    self.set_status(account, kind, intent.object_id, "active")

    def archive_campaign(self, account: PlatformAccount, launch: LaunchRecord) -> None:
        """After an AdsFault the campaign may still be active."""
        for intent in self.intents.parts(launch.id):
            if intent.kind == "campaign":
                for object_id in self._made(account, intent):
                    self.set_status(account, "campaign", object_id, "paused")
                    self.set_status(account, "campaign", object_id, "archived")

    def set_status(self, account: PlatformAccount, kind: Kind, object_id: str, status: AdStatus) -> None:
        """Raises AdsFault."""
        retry(lambda: account.set_status(kind, object_id, status), self.sleep)

    def _make(self, account: PlatformAccount, intent: Intent, ids: Mapping[str, str]) -> str:
        new = _new(intent, ids)
        never_asked = self.intents.ask(intent.id)
        object_id = None if never_asked else self._adopt(account, intent)
        for attempt in range(TRIES):
            if object_id is not None:
                break
            if attempt:
                self.intents.ask(intent.id)
            object_id = self._ask(account, intent, new)
        if object_id is None:
            raise OutcomeUnknown(f"Whether “{intent.body['name']}” was made is not known yet; it is looked up again.")
        self.intents.made(intent.id, object_id)
        return object_id

    def _ask(self, account: PlatformAccount, intent: Intent, new: New) -> str | None:
        try:
            return account.create(new, intent.token)
        except OutcomeUnknown:
            return self._adopt(account, intent)

    def _adopt(self, account: PlatformAccount, intent: Intent) -> str | None:
        found = self._find(account, intent)
        self._archive(account, intent, found[1:])
        return found[0] if found else None

    def _find(self, account: PlatformAccount, intent: Intent) -> list[str]:
        found = account.find(intent.kind, intent.token)
        if not found:  # reads lag behind creates
            self.sleep(LAG.total_seconds())
            found = account.find(intent.kind, intent.token)
        return found

    def _made(self, account: PlatformAccount, intent: Intent) -> list[str]:
        if intent.object_id is not None:
            return [intent.object_id]
        return [] if intent.state == "planned" else self._find(account, intent)

    def _drop_doubles(self, account: PlatformAccount, launch: LaunchRecord) -> None:
        for intent in self.intents.parts(launch.id):
            if intent.tries > 1:
                doubles = set(self._find(account, intent)) - {intent.object_id}
                self._archive(account, intent, sorted(doubles))

    def _archive(self, account: PlatformAccount, intent: Intent, doubles: Sequence[str]) -> None:
        for double in doubles if intent.kind != "creative" else ():  # a creative alone delivers nothing, and stays
            self.set_status(account, intent.kind, double, "archived")


def retry(ask: Callable[[], None], sleep: Sleep) -> None:
    """Raises AdsFault."""
    lost: OutcomeUnknown | None = None
    for _ in range(TRIES):
        try:
            ask()
        except OutcomeUnknown as fault:
            lost = fault
        except AdsFault as fault:  # says nothing about an earlier request whose answer was lost
            raise OutcomeUnknown(str(fault)) if lost else fault from None
        else:
            return
        sleep(LAG.total_seconds())
    assert lost is not None, "every try was lost"
    raise lost


def token_in(name: str) -> str | None:
    found = _TOKEN.search(name)
    return found[1] if found else None


def parts_of(launch: Launch) -> list[Part]:
    """Parents first."""
    campaign = {
        "name": launch.name,
        "objective": launch.objective,
        "special_ad_categories": list(launch.special_ad_categories),
    }
    parts = [Part("campaign", "campaign", campaign)]
    for number, audience in enumerate(launch.audiences):
        body = audience_to_json(audience)
        parts += [
            Part(f"ad_set {number}", "ad_set", body),
            Part(f"creative {number}", "creative", body),
            Part(f"ad {number}", "ad", body),
        ]
    return parts


def _new(intent: Intent, ids: Mapping[str, str]) -> New:
    if intent.kind == "campaign":
        body = intent.body
        return NewCampaign(body["name"], body["objective"], tuple(body["special_ad_categories"]))
    audience, number = audience_from_json(intent.body), intent.part.split()[-1]
    if intent.kind == "ad_set":
        return NewAdSet(ids["campaign"], audience.name, audience.daily_budget, audience.targeting)
    if intent.kind == "creative":
        words = (audience.body, audience.headline, audience.image_hash, audience.greeting)
        return NewCreative(audience.ad_name, *words)
    return NewAd(ids[f"ad_set {number}"], ids[f"creative {number}"], audience.ad_name)
