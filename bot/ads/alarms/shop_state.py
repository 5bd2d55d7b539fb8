"""How the shop stands that the ads send people to: its sales desk and its stock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from memory.conversations.turns import Pressure, Turns
from memory.shop.catalogue_items import Goods
from memory.storage.timestamps import Clock

LATELY: Final = timedelta(hours=1)


class ShopState(Protocol):
    """The shop as the hourly check sees it."""

    def pressure(self, brand: str) -> Pressure:
        """Who waits for an answer now, and how fast the last hour's replies were."""

    def stock(self, brand: str) -> Mapping[str, int]:
        """Units left, by sku."""


@dataclass(frozen=True, slots=True)
class StoredShopState:
    """From the desk's queue and the catalogue."""

    turns: Turns
    goods: Goods
    clock: Clock  # the machine's: customers do not live in practice time

    def pressure(self, brand: str) -> Pressure:
        """Who waits for an answer now, and how fast the last hour's replies were."""
        return self.turns.pressure(brand, self.clock() - LATELY)

    def stock(self, brand: str) -> Mapping[str, int]:
        """Units left, by sku."""
        return self.goods.stocks(brand)
