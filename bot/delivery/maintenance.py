"""Jobs that tidy: retention, erasure at the provider, nightly backups."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.channels.channel import Channel, ChannelError
from bot.delivery.outbox import StaffAlarm
from memory.conversations.attachments import Attachments
from memory.conversations.messages import Messages
from memory.conversations.sessions import Sessions
from memory.people.contacts import Contacts
from memory.storage.timestamps import Clock
from memory.upkeep.backup import BackupFailed, erase_in_backups, rotate
from memory.upkeep.erasure import LIST, Erasure, erase_in_copy, write_list

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProviderErasure:
    """Deletes the messages of erased people at the provider; what fails is tried again by the next run."""

    contacts: Contacts
    channel: Channel
    erasure: Erasure

    def run(self) -> None:
        """Scrub the write-ahead log and free pages here, then delete a hundred messages at the provider."""
        if not self.erasure.scrub():
            log.info("the log still has pages of an erased person, as somebody is reading; tried again in a minute")
        for provider_id in self.contacts.still_at_provider():
            try:
                self.channel.delete(provider_id)
            except ChannelError as fault:
                self.contacts.refused_at_provider(provider_id)
                log.warning("a message of an erased person is still at the provider: %s", fault)
            else:
                self.contacts.gone_at_provider(provider_id)


@dataclass(frozen=True, slots=True)
class Retention:
    """Deletes what is older than its brand's retention: sessions with all they own, other attachments, silent people."""

    sessions: Sessions
    attachments: Attachments
    erasure: Erasure
    days: Mapping[str, int]  # by brand
    clock: Clock

    def run(self) -> None:
        """In short transactions: after a kill the next run goes on."""
        for brand, days in self.days.items():
            moment = self.clock() - timedelta(days=days)
            sessions = self.sessions.forget_before(brand, moment)
            attachments = self.attachments.forget_before(brand, moment)
            people = self.erasure.forget_silent(brand, moment)
            if sessions or attachments or people:
                log.info(
                    "%s: %s sessions, %s attachments of other messages and %s people forgotten after %s days",
                    brand,
                    sessions,
                    attachments,
                    people,
                    days,
                )


@dataclass(frozen=True, slots=True)
class Backups:
    """The nightly copy of the SQLite file; people erased since are erased in older copies."""

    database: Path
    folder: Path
    key: str | None
    erasure: Erasure
    secret: str  # of `erasure`
    messages: Messages
    staff: StaffAlarm
    brand: str  # whose staff are told of a fault
    clock: Clock

    def run(self) -> None:
        """Back up, rotate, erase in older copies; tell staff of a failure."""
        try:
            log.info("backed up into %s", rotate(self.database, self.folder, self.clock(), key=self.key))
            erased = self.erasure.erased()
            write_list(erased, self.folder / LIST)
            made_anew = erase_in_backups(self.folder, erased, self._erase, key=self.key)
        except (BackupFailed, OSError) as fault:
            log.error("the nightly backup failed: %s", fault)
            self._tell(f"The nightly backup failed: {fault}.")
            return
        if made_anew:
            log.info("%s older backups no longer hold people who were erased since", made_anew)

    def _erase(self, copy: Path) -> None:
        erase_in_copy(copy, self.key, self.erasure.erased(), self.clock, self.secret)

    def _tell(self, text: str) -> None:
        for notice in self.staff.alarm(self.brand, text):
            if notice.contact_id is not None:
                self.messages.put_out(notice.contact_id, notice)
