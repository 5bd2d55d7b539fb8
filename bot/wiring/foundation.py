"""What every subject is built on: settings, clock, brands, stores, staff."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.brands import Brand, BrandNumbers, read_brands
from bot.delivery.turn_changes import TurnChanges
from bot.delivery.worker_locks import WorkerLocks
from bot.model.language_model import LanguageModel
from bot.roles import StaffEntry
from bot.settings import Settings, WrongSetting
from bot.shop.exchange_rates import Rates
from bot.staff.staff_members import Staff
from bot.web.access import secret_keys
from bot.wiring.stores import Stores
from memory.ads.tasks import Tasks
from memory.agents.memory_manager import MemoryManager
from memory.audit_log.audit_trail import AuditTrail
from memory.conversations.turns import Turns
from memory.security.secret_keys import SecretKeys
from memory.storage.timestamps import Clock
from memory.upkeep.erasure import Erasure

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Foundation:
    settings: Settings
    clock: Clock  # the machine's
    numbers: BrandNumbers
    stores: Stores
    agents: MemoryManager
    staff: Staff
    locks: WorkerLocks | None  # None: on a server, where workers of several machines share the work
    turns: Turns
    erasure: Erasure
    rates: Rates
    model: LanguageModel | None  # None: everything is answered without one
    keys: SecretKeys

    @property
    def brands(self) -> Mapping[str, Brand]:
        return self.numbers.brands

    @classmethod
    def built(cls, settings: Settings, clock: Clock) -> Foundation:
        """Raises BrandsWrong, WrongSetting, DatabaseUnavailable."""
        numbers = BrandNumbers(read_brands(Path(settings.brands_file)), settings.twilio_whatsapp_from)
        stores = Stores.opened(settings, numbers, clock)
        agents = MemoryManager(settings.memory, db=stores.db, clock=clock)
        staff = Staff(stores.contacts, _staff_entries(settings, numbers), numbers)
        keys = secret_keys(settings)
        locks = None if settings.on_server else WorkerLocks(settings.database_path.parent / "workers")
        erasure = Erasure(
            stores.db,
            clock,
            keys,
            short_term=agents.short_term,
            short_term_seconds=settings.memory.short_term_ttl,
            backup_hours=24 if settings.backup_dir else None,
            backup_folder=Path(settings.backup_dir) if settings.backup_dir else None,
            database=None if settings.on_server else settings.database_path,
        )
        erasure.register.keep_keys()
        return cls(
            settings=settings,
            clock=clock,
            numbers=numbers,
            stores=stores,
            agents=agents,
            staff=staff,
            locks=locks,
            turns=Turns(stores.db, stores.messages, clock, _turn_changes(stores, clock, agents, staff), holders=locks),
            erasure=erasure,
            rates=Rates(Path(settings.memory.storage_dir) / "rates", clock),
            model=LanguageModel.from_settings(settings, clock),
            keys=keys,
        )


def _staff_entries(settings: Settings, numbers: BrandNumbers) -> tuple[StaffEntry, ...]:
    entries = settings.staff_entries
    unknown = sorted({brand for entry in entries for brand in entry.brands} - numbers.brands.keys())
    if unknown:
        raise WrongSetting(f"STAFF names {', '.join(unknown)}, which the brands file lacks")
    everywhere = sum(not entry.brands for entry in entries)
    if everywhere and len(numbers.brands) > 1:
        log.warning("%s of STAFF name no brand and act for every brand; write +919876500001=admin@voyage", everywhere)
    return entries


def _turn_changes(stores: Stores, clock: Clock, agents: MemoryManager, staff: Staff) -> TurnChanges:
    return TurnChanges(
        contacts=stores.contacts,
        messages=stores.messages,
        facts=stores.facts,
        readings=stores.readings,
        orders=stores.orders,
        goods=stores.goods,
        handovers=stores.handovers,
        tasks=Tasks(stores.db, clock),
        agents=agents,
        audit=AuditTrail(stores.db, clock),
        staff=staff,
    )
