"""Checks an ad's claims with the promise check of replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.brands import Brand
from bot.promises.check import check
from bot.promises.facts import ReplyFacts
from memory.shop.catalogue_items import Goods
from memory.storage.timestamps import Clock


@dataclass(frozen=True, slots=True)
class FactsCheck:
    facts: ReplyFacts

    def unsupported(self, text: str) -> list[tuple[str, str]]:
        return [(breach.text, breach.why) for breach in check(text, self.facts)]


@dataclass(frozen=True, slots=True)
class ShopClaims:
    brands: Mapping[str, Brand]
    goods: Goods
    clock: Clock

    def of(self, brand: str) -> FactsCheck:
        about = self.brands[brand]
        today = self.clock().astimezone(about.time_zone).date()
        return FactsCheck(ReplyFacts.of(about, self.goods.items(brand), today=today))
