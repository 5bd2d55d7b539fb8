"""Builds delivery."""

from __future__ import annotations

import threading
from datetime import timedelta

from bot.channels.channel import Channel
from bot.delivery.media_understanding import MediaUnderstanding
from bot.delivery.missed_messages import CatchUp
from bot.delivery.outbox import Outbox
from bot.delivery.turn_router import TurnRouter
from bot.delivery.worker import Worker, WorkerParts
from bot.sales.desk import Seller
from bot.staff.commands.ad_commands import AdCommands
from bot.staff.commands.shop_commands import Commands
from bot.wiring.desk import media_describer
from bot.wiring.foundation import Foundation


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
    )


def turn_router(foundation: Foundation, seller: Seller, ads: AdCommands, channel: Channel) -> TurnRouter:
    stores = foundation.stores
    commands = Commands(stores.contacts, stores.messages, stores.handovers, stores.orders, ads=ads)
    media = MediaUnderstanding(channel, stores.attachments, stores.messages, media_describer(foundation))
    return TurnRouter(seller, commands, foundation.staff, media)


def worker(foundation: Foundation, outbox: Outbox, router: TurnRouter, wake: threading.Event) -> Worker:
    """`wake` is set whenever there may be work."""
    parts = WorkerParts(
        contacts=foundation.stores.contacts,
        turns=foundation.turns,
        outbox=outbox,
        handler=router,
        channel=outbox.channel,
        staff=foundation.staff,
        clock=foundation.clock,
        deadline=timedelta(seconds=foundation.settings.reply_deadline_seconds),
    )
    return Worker(parts, wake)


def catch_up(foundation: Foundation, channel: Channel, wake: threading.Event) -> CatchUp:
    stores = foundation.stores
    return CatchUp(channel, stores.intake, stores.runs, foundation.numbers, foundation.clock, wake)
