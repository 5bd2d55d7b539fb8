"""Tells staff once a day what could not be read, and deletes received forms in time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.brands import BrandNumbers
from bot.delivery.staff_messages import StaffMessages
from bot.language.texts import ReportWording, report_wording
from memory.conversations.failed_readings import FailedReadingCount, FailedReadings
from memory.intake.received_forms import ReceivedForms, SetAsideCount
from memory.storage.job_runs import JobRuns
from memory.storage.timestamps import Clock

SORTED_KEPT = timedelta(days=7)
TOLD = "set-aside notice"
FIRST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SetAsideNotice:
    """One message to the staff of each brand that something was sent to; what no brand has, the first one's hear."""

    forms: ReceivedForms
    readings: FailedReadings
    runs: JobRuns
    numbers: BrandNumbers
    staff: StaffMessages

    def run(self) -> None:
        with self.staff.db.transaction():
            by_brand: defaultdict[str, list[SetAsideCount]] = defaultdict(list)
            for count in self.forms.count_set_aside(self.runs.last(TOLD) or FIRST):
                by_brand[self.numbers.brand_of(count.our_number) or next(iter(self.numbers.brands))].append(count)
            unread: defaultdict[str, list[FailedReadingCount]] = defaultdict(list)
            for failed in self.readings.take_untold():
                unread[failed.brand].append(failed)
            for brand in dict.fromkeys((*by_brand, *unread)):
                self.staff.tell(brand, self._notice(brand, by_brand[brand], unread[brand]))
            self.runs.note(TOLD)

    def _notice(self, brand: str, forms: Sequence[SetAsideCount], readings: Sequence[FailedReadingCount]) -> str:
        words = report_wording(self.numbers.brands[brand].languages[0], "set_aside")
        reasons: Counter[str] = Counter()
        for form in forms:
            reasons[form.reason] += form.count
        lines = []
        if reasons:
            lines = [
                words.say("head", count=words.count(reasons.total())),
                *_listed(words, reasons),
                words.say("where"),
            ]
        if readings:
            kinds = Counter({str(each.kind): each.count for each in readings})
            lines += [words.say("reading_head"), *_listed(words, kinds)]
        return "\n".join(lines)


def _listed(words: ReportWording, counts: Counter[str]) -> list[str]:
    return [
        words.say("reason", count=words.count(count), reason=words.say(code)) for code, count in counts.most_common()
    ]


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
