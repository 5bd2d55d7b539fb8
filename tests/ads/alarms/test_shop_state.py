"""The shop's state for the hourly check."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.ads.alarms.shop_state import StoredShopState
from memory.conversations.channel_messages import Outgoing
from memory.conversations.turns import MessageReading, Outcome
from memory.shop.catalogue_items import Goods
from tests.memory.stores import BRAND, Stores, as_is


def test_only_replies_of_the_last_hour_count(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "hawker.db")
    state = StoredShopState(stores.turns, Goods(stores.db, stores.clock), stores.clock)
    message = stores.hear("hello", urgent=True)
    stores.clock.pass_by(minutes=2)
    outcome = Outcome([Outgoing("hello!")], readings={message: MessageReading("greeting")})
    [lease] = stores.turns.claim("w", 1)
    assert stores.turns.finish(lease, stores.turns.waiting(lease.contact_id), outcome, split=as_is)
    assert state.pressure(BRAND).replies == 1
    assert state.pressure(BRAND).slow_reply >= timedelta(minutes=2)
    stores.clock.pass_by(minutes=61)
    assert state.pressure(BRAND).replies == 0
