"""Builds the shop's scheduled jobs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.channels.channel import Channel
from bot.delivery.changed_numbers import ChangedNumbersNotice
from bot.delivery.maintenance import Backups, ProviderErasure, Retention
from bot.delivery.missed_messages import CatchUp
from bot.delivery.scheduler import Job, JobScheduler, Leadership
from bot.delivery.set_aside import FormRetention, SetAsideNotice
from bot.delivery.staff_messages import StaffMessages
from bot.sales.desk import Seller
from bot.settings import Settings
from bot.shop.exchange_rates import Rates, RatesNotRefreshed
from bot.wiring.desk import background_reader
from bot.wiring.foundation import Foundation
from memory.agents.workflows import end_silent_sessions
from memory.audit_log.audit_trail import AuditTrail
from memory.conversations.failed_readings import FailedReadings
from memory.storage.quotas import Limits
from memory.storage.timestamps import Clock

log = logging.getLogger(__name__)


def job_scheduler(foundation: Foundation, jobs: Sequence[Job]) -> JobScheduler:
    """All processes on this database share it; one runs it at a time."""
    return JobScheduler(jobs, foundation.stores.runs, _lock(foundation.settings))


def _lock(settings: Settings) -> Path | Leadership:
    if settings.on_server:
        from memory.storage.postgres import ServerLock  # psycopg is installed only where there is a server

        return ServerLock(settings.database_url, "clock")
    return settings.database_path.parent / "clock.lock"


def shop_jobs(foundation: Foundation, channel: Channel, catch_up: CatchUp, seller: Seller) -> list[Job]:
    stores, clock = foundation.stores, foundation.clock
    forgetting = ProviderErasure(stores.contacts, channel, foundation.erasure)
    return [
        Job("catch-up", timedelta(minutes=5), catch_up.run, at_start=True),
        Job("forgetting", timedelta(minutes=1), forgetting.run, at_start=True),
        Job("rates", timedelta(days=1), partial(refresh_rates, foundation.rates)),
        Job("limits", timedelta(days=1), partial(forget_old_windows, stores.limits, clock)),
        Job("search", timedelta(seconds=2), stores.search.catch_up_fully, at_start=True),
        Job("reading", timedelta(seconds=5), background_reader(foundation).run, at_start=True),
        Job("changed numbers", timedelta(seconds=30), _changed_numbers(foundation).run),
        Job("set-aside notice", timedelta(days=1), _set_aside_notice(foundation, channel).run),
        *_tidying(foundation),
        Job("silence", timedelta(hours=1), partial(note_silent_customers, seller)),
    ]


def _tidying(foundation: Foundation) -> list[Job]:
    settings = foundation.settings
    days = {brand.id: brand.retention_days for brand in foundation.brands.values()}
    forms = FormRetention(foundation.stores.forms, days if settings.memory.auto_cleanup else {}, foundation.clock)
    jobs = [Job("received forms", timedelta(hours=1), forms.run)]
    if settings.memory.auto_cleanup:
        retention = Retention(
            foundation.stores.sessions, foundation.stores.attachments, foundation.erasure, days, foundation.clock
        )
        jobs.append(Job("retention", timedelta(hours=1), retention.run))
        jobs.append(Job("workflows", timedelta(minutes=1), partial(end_silent_sessions, foundation.agents)))
    jobs.append(Job("audit log", timedelta(days=1), partial(keep_audit_log, foundation)))
    if settings.backup_dir and not settings.on_server:  # a server has its own backups
        jobs.append(Job("backup", timedelta(days=1), _backups(foundation).run))
    return jobs


def _changed_numbers(foundation: Foundation) -> ChangedNumbersNotice:
    stores = foundation.stores
    return ChangedNumbersNotice(
        stores.db,
        stores.contacts.recycled,
        stores.messages,
        foundation.staff,
        tuple(foundation.brands),
        foundation.clock,
    )


def _set_aside_notice(foundation: Foundation, channel: Channel) -> SetAsideNotice:
    stores = foundation.stores
    told = StaffMessages(stores.db, stores.messages, foundation.staff, channel.limits)
    return SetAsideNotice(stores.forms, FailedReadings(stores.db), stores.runs, foundation.numbers, told)


def _backups(foundation: Foundation) -> Backups:
    settings = foundation.settings
    return Backups(
        database=settings.database_path,
        folder=Path(settings.backup_dir),
        key=settings.database_key or None,
        erasure=foundation.erasure,
        keys=foundation.keys,
        messages=foundation.stores.messages,
        staff=foundation.staff,
        brand=next(iter(foundation.brands)),
        clock=foundation.clock,
    )


def keep_audit_log(foundation: Foundation) -> None:
    """Cut off old entries, and sign the rest."""
    trail, days = AuditTrail(foundation.stores.db, foundation.clock), foundation.settings.audit_days
    trail.cut(foundation.keys, foundation.clock() - timedelta(days=days))
    trail.checkpoint(foundation.keys)


def refresh_rates(rates: Rates) -> None:
    """Keeps yesterday's rates if today's are unavailable."""
    try:
        log.info("exchange rates as of %s", rates.refresh())
    except RatesNotRefreshed as fault:
        log.warning("exchange rates not refreshed, still as of %s: %s", rates.as_of(), fault)


def forget_old_windows(limits: Limits, clock: Clock) -> None:
    """Of the rate limits."""
    limits.forget_windows(clock() - timedelta(days=1))


def note_silent_customers(seller: Seller) -> None:
    log.info("%s customers recorded as lost", seller.note_lost())
