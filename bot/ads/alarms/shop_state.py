"""State of the shop behind the ads: sales desk and stock."""

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
    def pressure(self, brand: str) -> Pressure:
        """Reply times are of the last hour."""

    def stock(self, brand: str) -> Mapping[str, int]:
        """Units by sku."""


@dataclass(frozen=True, slots=True)
class StoredShopState:
    turns: Turns
    goods: Goods
    clock: Clock  # the machine's: customers do not live in practice time

    def pressure(self, brand: str) -> Pressure:
        return self.turns.pressure(brand, self.clock() - LATELY)

    def stock(self, brand: str) -> Mapping[str, int]:
        return self.goods.stocks(brand)
