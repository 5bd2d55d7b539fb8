"""Asks admins about phone numbers that came with another WhatsApp user id."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.staff.staff_members import Staff
from memory.conversations.messages import Messages
from memory.people.recycled_numbers import RecycledNumber, RecycledNumbers
from memory.storage.database import Database
from memory.storage.timestamps import Clock

MANY = 5  # so many within a day are asked about as one: a business moves, numbers change hands one by one
DAY = timedelta(days=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChangedNumbersNotice:
    db: Database
    recycled: RecycledNumbers
    messages: Messages
    staff: Staff
    brands: Sequence[str]
    clock: Clock

    def run(self) -> None:
        for brand in self.brands:
            with self.db.transaction():
                self._tell(brand)

    def _tell(self, brand: str) -> None:
        lately = self.recycled.undecided(brand, since=self.clock() - DAY)
        untold = [number for number in lately if number.told_at is None]
        if not untold:
            return
        told_before = len(lately) - len(untold)
        if len(lately) < MANY:
            self._send(brand, "\n\n".join(map(_question, untold)))
        elif told_before < MANY:
            self._send(brand, _question_about_all(len(lately)))
        self.recycled.note_told(untold)

    def _send(self, brand: str, text: str) -> None:
        notices = self.staff.notify(brand, text, least="admin")
        if not notices:
            log.error("numbers changed hands and no admin can be asked: run flask --app app numbers")
        for notice in notices:
            self.messages.put_out(notice.contact_id or 0, notice)


def _question(number: RecycledNumber) -> str:
    return (
        f"{number.phone} writes with another WhatsApp account than before and counts as a new person: nothing of the former"
        f" owner is shown to them. *same {number.id}* if you know that it is the same person, *other {number.id}* if not."
    )


def _question_about_all(count: int) -> str:
    return (
        f"{count} known numbers wrote with other WhatsApp accounts within a day and count as new people. If the business moved to"
        " another WhatsApp portfolio, everybody got a new id: *same people* joins them all. Otherwise leave it; *numbers* lists them."
    )
