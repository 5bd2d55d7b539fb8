"""The usual margin of an order by catalogue prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bot.brands import Brand
from bot.language.money import CurrencyConverter, Money
from memory.ads.ad_account import AdAccount
from memory.shop.catalogue_items import Goods


@dataclass(frozen=True, slots=True)
class OrderMargins:
    brands: Mapping[str, Brand]
    goods: Goods
    rates: CurrencyConverter

    def usual(self, account: AdAccount) -> Decimal | None:
        """Margin share × mean catalogue price. None without prices, ads settings or rate, and for practice accounts."""
        brand = self.brands[account.brand]
        prices = [item.prices[brand.currency] for item in self.goods.items(brand.id) if brand.currency in item.prices]
        if account.practice or brand.ads is None or not prices:
            return None
        mean = Money(sum(price.amount for price in prices) / Decimal(len(prices)), brand.currency)
        usual = self.rates.in_currency(mean, account.currency)
        return None if usual is None else usual.amount * brand.ads.margin
