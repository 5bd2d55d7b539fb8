"""Builds delivery."""

from __future__ import annotations

import threading
from datetime import timedelta

from bot.channels.channel import Channel
from bot.delivery.media_understanding import MediaUnderstanding
from bot.delivery.missed_messages import CatchUp
from bot.delivery.outbox import Outbox
from bot.delivery.sorter import Sorter, SorterParts
from bot.delivery.turn_router import TurnRouter
from bot.delivery.worker import Worker, WorkerParts
from bot.sales.desk import Seller
from bot.staff.commands.ad_commands import AdCommands
from bot.staff.commands.shop_commands import Commands
from bot.staff.sender_check import SenderCheck
from bot.wiring.desk import media_describer
from bot.wiring.foundation import Foundation
from memory.audit_log.audit_trail import AuditTrail
from memory.conversations.failed_readings import FailedReadings


def outbox(foundation: Foundation, channel: Channel) -> Outbox:
    stores = foundation.stores
    return Outbox(
        db=stores.db,
        contacts=stores.contacts,
        messages=stores.messages,
        turns=foundation.turns,
        switches=stores.switches,
        channel=channel,
        clock=foundation.clock,
        brands=foundation.brands,
        staff=foundation.staff,
        erasure=foundation.erasure,
        resend_after=timedelta(seconds=foundation.settings.resend_after_seconds),
    )


def turn_router(foundation: Foundation, seller: Seller, ads: AdCommands, channel: Channel) -> TurnRouter:
    stores = foundation.stores
    commands = Commands(
        stores.contacts,
        stores.messages,
        stores.handovers,
        stores.orders,
        AuditTrail(stores.db, foundation.clock),
        senders=SenderCheck(channel, foundation.clock),
        ads=ads,
    )
    describer = media_describer(foundation)
    media = MediaUnderstanding(channel, stores.attachments, stores.messages, describer, FailedReadings(stores.db))
    return TurnRouter(seller, commands, foundation.staff, media)


def sorter(foundation: Foundation, outbox: Outbox, arrived: threading.Event, wake: threading.Event) -> Sorter:
    """`arrived` is set when a form may have come, `wake` when there may be work for the worker."""
    stores = foundation.stores
    parts = SorterParts(stores.db, stores.forms, stores.messages, outbox, outbox.channel, foundation.numbers)
    return Sorter(parts, arrived, wake)


def worker(foundation: Foundation, outbox: Outbox, router: TurnRouter, sorter: Sorter, wake: threading.Event) -> Worker:
    """`wake` is set whenever there may be work."""
    parts = WorkerParts(
        contacts=foundation.stores.contacts,
        turns=foundation.turns,
        outbox=outbox,
        handler=router,
        sorter=sorter,
        channel=outbox.channel,
        staff=foundation.staff,
        clock=foundation.clock,
        deadline=timedelta(seconds=foundation.settings.reply_deadline_seconds),
        locks=foundation.locks,
    )
    return Worker(parts, wake)


def catch_up(foundation: Foundation, channel: Channel, wake: threading.Event) -> CatchUp:
    stores = foundation.stores
    return CatchUp(channel, stores.db, stores.messages, stores.runs, foundation.numbers, foundation.clock, wake)
