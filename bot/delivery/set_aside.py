"""Tells staff once a day what could not be read, and deletes received forms in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.brands import BrandNumbers
from bot.delivery.staff_messages import StaffMessages
from bot.language.texts import report_wording
from memory.conversations.received_forms import ReceivedForms, SetAsideCount
from memory.storage.job_runs import JobRuns
from memory.storage.timestamps import Clock

SORTED_KEPT = timedelta(days=7)
TOLD = "set-aside notice"
FIRST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SetAsideNotice:
    """One message to the staff of each brand that something was sent to; what no brand has, the first one's hear."""

    forms: ReceivedForms
    runs: JobRuns
    numbers: BrandNumbers
    staff: StaffMessages

    def run(self) -> None:
        with self.staff.db.transaction():
            by_brand: defaultdict[str, list[SetAsideCount]] = defaultdict(list)
            for count in self.forms.count_set_aside(self.runs.last(TOLD) or FIRST):
                by_brand[self.numbers.brand_of(count.our_number) or next(iter(self.numbers.brands))].append(count)
            for brand, own in by_brand.items():
                self.staff.tell(brand, self._notice(brand, own))
            self.runs.note(TOLD)

    def _notice(self, brand: str, counts: list[SetAsideCount]) -> str:
        words = report_wording(self.numbers.brands[brand].languages[0], "set_aside")
        total: defaultdict[str, int] = defaultdict(int)
        for count in counts:
            total[count.reason] += count.count
        reasons = [
            words.say("reason", count=words.count(number), reason=words.say(reason)) for reason, number in total.items()
        ]
        return "\n".join([words.say("head", count=words.count(sum(total.values()))), *reasons, words.say("where")])


@dataclass(frozen=True, slots=True)
class FormRetention:
    """Sorted forms go after a week; set-aside ones are kept as long as the messages that are kept shortest."""

    forms: ReceivedForms
    days: Mapping[str, int]  # by brand; empty: set-aside forms are kept
    clock: Clock

    def run(self) -> None:
        now = self.clock()
        self.forms.forget_sorted(now - SORTED_KEPT)
        if self.days:
            self.forms.forget_set_aside(now - timedelta(days=min(self.days.values())))
