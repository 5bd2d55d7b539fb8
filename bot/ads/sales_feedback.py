"""Attributes sales to ads, and reports sales, cancellations and returns to the ad platform once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bot.ads.platform import AdsFault, NotAuthorised, OutcomeUnknown, PlatformAccount, TryLater
from memory.ads.ad_account import EventOutcome
from memory.ads.attribution import Attribution
from memory.ads.conversion_events import ConversionEvents

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Feedback:
    accounts: Mapping[str, Mapping[str, PlatformAccount]]  # brand → its accounts by id
    attribution: Attribution
    events: ConversionEvents
    margins: Mapping[str, Decimal]  # brand → share of a price that is margin

    def run(self) -> None:
        for brand, accounts in self.accounts.items():
            self.attribution.attribute_desk_sales(brand, margin_rate=self.margins[brand])
            self.events.plan(brand)
            for account_id, account in accounts.items():
                self._report(brand, account_id, account)

    def _report(self, brand: str, account_id: str, account: PlatformAccount) -> None:
        due = self.events.claim(brand, account_id)
        if not due:
            return
        try:
            outcomes = account.send_events(due)
        except (TryLater, NotAuthorised) as fault:
            log.warning("ad account %s: the report of %s sales is postponed: %s", account_id, len(due), fault)
            self.events.release(due)
        except OutcomeUnknown as fault:
            # The platform does not deduplicate: an event that it may have counted is not sent again.
            log.warning(
                "ad account %s: the report of %s sales may be lost, and is not repeated: %s",
                account_id,
                len(due),
                fault,
            )
        except AdsFault as fault:
            self.events.settle(brand, [EventOutcome(event.id, False, str(fault)) for event in due])
        else:
            again = {outcome.id for outcome in outcomes if outcome.again}
            self.events.release([event for event in due if event.id in again])
            self.events.settle(brand, [outcome for outcome in outcomes if outcome.id not in again])
