"""The sales desk: its shop, its writer, and what reads its conversations in the background."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from bot.sales.answering.model_writer import MediaDescriber, ModelDesk
from bot.sales.background_reading import BackgroundReader
from bot.sales.desk import Seller
from bot.sales.situation import Shop
from bot.shop.catalogue import Catalogue, read_catalogue
from bot.wiring.foundation import Foundation

log = logging.getLogger(__name__)


def seller(foundation: Foundation) -> Seller:
    """The desk over the catalogue as its file is now."""
    model = foundation.model
    writer = ModelDesk(model, foundation.stores.limits, foundation.clock) if model else None
    return Seller(_shop(foundation), foundation.stores.contacts, writer)


def _shop(foundation: Foundation) -> Shop:
    settings, stores, rates = foundation.settings.memory, foundation.stores, foundation.rates
    _take_catalogue(foundation, Path(foundation.settings.catalogue_file))
    return Shop(
        brands=foundation.brands,
        catalogues={brand.id: Catalogue(stores.goods, rates, brand) for brand in foundation.brands.values()},
        rates=rates,
        goods=stores.goods,
        messages=stores.messages,
        facts=stores.facts,
        orders=stores.orders,
        handovers=stores.handovers,
        clock=foundation.clock,
        agents=foundation.agents,
        most_history=settings.max_messages_per_session,
        session=timedelta(hours=settings.session_timeout_hours),
        search=stores.search,
        summaries=stores.summaries,
    )


def _take_catalogue(foundation: Foundation, file: Path) -> None:
    """It is read again at each start; stock that was sold since stays sold while the file is the same."""
    read = read_catalogue(file)
    for fault in read.faults:
        log.error("the catalogue has a row that cannot be used: %s", fault)
    foundation.stores.goods.replace(read.items, read.digest)


def senses(foundation: Foundation) -> MediaDescriber | None:
    """What hears voice notes and sees pictures, within the smallest of the brands' daily budgets."""
    if foundation.model is None:
        return None
    budget = min(brand.daily_model_budget_usd for brand in foundation.brands.values())
    return MediaDescriber(foundation.model, foundation.stores.limits, daily_budget_usd=budget)


def reader(foundation: Foundation) -> BackgroundReader:
    """What reads conversations while nobody waits."""
    stores = foundation.stores
    return BackgroundReader(
        contacts=stores.contacts,
        facts=stores.facts,
        readings=stores.readings,
        summaries=stores.summaries,
        brands=foundation.brands,
        limits=stores.limits,
        clock=foundation.clock,
        model=foundation.model,
    )
