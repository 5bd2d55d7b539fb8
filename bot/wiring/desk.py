"""Builds the sales desk."""

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
from memory.conversations.failed_readings import FailedReadings

log = logging.getLogger(__name__)


def seller(foundation: Foundation) -> Seller:
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
    """Stock sold since the last import stays sold while the file is unchanged."""
    read = read_catalogue(file)
    for fault in read.faults:
        log.error("skipped a row of the catalogue: %s", fault)
    foundation.stores.goods.replace(read.items, read.digest)


def media_describer(foundation: Foundation) -> MediaDescriber | None:
    """Within the smallest of the brands' daily model budgets."""
    if foundation.model is None:
        return None
    budget = min(brand.daily_model_budget_usd for brand in foundation.brands.values())
    return MediaDescriber(foundation.model, foundation.stores.limits, daily_budget_usd=budget)


def background_reader(foundation: Foundation) -> BackgroundReader:
    stores = foundation.stores
    return BackgroundReader(
        contacts=stores.contacts,
        facts=stores.facts,
        readings=stores.readings,
        summaries=stores.summaries,
        brands=foundation.brands,
        limits=stores.limits,
        clock=foundation.clock,
        failed=FailedReadings(stores.db),
        model=foundation.model,
    )
