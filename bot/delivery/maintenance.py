"""Scheduled maintenance: retention, erasure at the provider, nightly backups."""

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
from memory.security.secret_keys import SecretKeys
from memory.storage.timestamps import Clock
from memory.upkeep.backup import BackupFailed, erase_in_backups, rotate
from memory.upkeep.erasure import Erasure, erase_in_copy
from memory.upkeep.erasure_register import LIST, write_list

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProviderErasure:
    """Deletes erased people's messages at the provider; the next run retries failures."""

    contacts: Contacts
    channel: Channel
    erasure: Erasure

    def run(self) -> None:
        if not self.erasure.scrub():
            log.info("open readers keep pages of an erased person in the write-ahead log; the next run retries")
        for provider_id in self.contacts.still_at_provider():
            try:
                self.channel.delete(provider_id)
            except ChannelError as fault:
                self.contacts.refused_at_provider(provider_id)
                log.warning("a message of an erased person was not deleted at the provider: %s", fault)
            else:
                self.contacts.gone_at_provider(provider_id)


@dataclass(frozen=True, slots=True)
class Retention:
    """Deletes sessions, attachments and silent contacts after the brand's retention period."""

    sessions: Sessions
    attachments: Attachments
    erasure: Erasure
    days: Mapping[str, int]  # by brand
    clock: Clock

    def run(self) -> None:
        """Short transactions, so a killed run resumes."""
        for brand, days in self.days.items():
            moment = self.clock() - timedelta(days=days)
            sessions = self.sessions.forget_before(brand, moment)
            attachments = self.attachments.forget_before(brand, moment)
            people = self.erasure.forget_silent(brand, moment)
            if sessions or attachments or people:
                log.info(
                    "%s: deleted %s sessions, %s attachments of other messages and %s people after %s days",
                    brand,
                    sessions,
                    attachments,
                    people,
                    days,
                )


@dataclass(frozen=True, slots=True)
class Backups:
    """Nightly copies of the SQLite file. Later erasures are applied to older copies, too."""

    database: Path
    folder: Path
    key: str | None
    erasure: Erasure
    keys: SecretKeys  # of `erasure`
    messages: Messages
    staff: StaffAlarm
    brand: str  # whose staff are told of a fault
    clock: Clock

    def run(self) -> None:
        try:
            log.info("backed up into %s", rotate(self.database, self.folder, self.clock(), key=self.key))
            known = self.erasure.register.whole()
            write_list(known, self.folder / LIST, self.keys)
            made_anew = erase_in_backups(self.folder, known.erased, self._erase, key=self.key)
        except (BackupFailed, OSError) as fault:
            log.error("the nightly backup failed: %s", fault)
            for notice in self.staff.alarm(self.brand, f"The nightly backup failed: {fault}."):
                if notice.contact_id is not None:
                    self.messages.put_out(notice.contact_id, notice)
            return
        if made_anew:
            log.info("erased people removed from %s older backups", made_anew)

    def _erase(self, copy: Path) -> None:
        erase_in_copy(copy, self.key, self.erasure.register.whole(), self.clock, self.keys)
