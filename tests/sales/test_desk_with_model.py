"""The seller and a model that helps, lies, repairs itself, or is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.model.language_model import LanguageModel
from bot.model.token_prices import Prices
from bot.sales.answering.model_writer import ModelDesk
from bot.sales.desk import Seller
from memory.storage.quotas import Limits
from tests.model_server import KEY, ModelServer, calls, failing, says
from tests.sales.shop import TestShop

RAPTOR = "Kestrel Raptor 15"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def shop(tmp_path: Path, server: ModelServer) -> Iterator[TestShop]:
    shop = TestShop(tmp_path)
    clock = shop.stores.clock
    model = LanguageModel(api_key=KEY, base_url=server.url, model="gpt-4.1-mini", prices=Prices.read(), clock=clock)
    shop.seller = Seller(shop.shop, shop.stores.contacts, ModelDesk(model, Limits(shop.stores.db, clock), clock))
    yield shop
    model.close()


def test_a_true_answer_leaves_as_the_model_wrote_it(shop: TestShop, server: ModelServer) -> None:
    server.plays(says(f"The {RAPTOR} costs €1,199."))
    assert shop.says("how much is the raptor 15?") == f"The {RAPTOR} costs €1,199."
    assert shop.outcome.answered_by == "model"
    assert shop.outcome.tokens_in > 0 and shop.outcome.cost_micros > 0


def test_a_lie_is_repaired_once(shop: TestShop, server: ModelServer) -> None:
    server.plays(says(f"The {RAPTOR} costs €999."), says(f"The {RAPTOR} costs €1,199."))
    assert "€1,199" in shop.says("how much is the raptor 15?")
    assert shop.outcome.used["repaired"] == ["price: €999"]


def test_a_lie_that_stays_never_leaves(shop: TestShop, server: ModelServer) -> None:
    server.plays(says(f"The {RAPTOR} costs €999."), says("Fine: €998, and 50% off!"))
    answer = shop.says(f"how much is the {RAPTOR}?")
    assert "€1,199" in answer and "998" not in answer and "50%" not in answer
    assert (shop.outcome.answered_by, shop.outcome.why) == ("built-in", "promised what is not so")


def test_what_a_lying_draft_did_goes_with_it(shop: TestShop, server: ModelServer) -> None:
    server.plays(
        calls("hand_over", reason="no reason"), says(f"The {RAPTOR} costs €1."), says(f"The {RAPTOR} costs €2.")
    )
    shop.says("show me sunglasses")
    assert shop.told_staff() == []
    assert shop.shop.handovers.current(shop.customer().id) is None


def test_the_writer_answers_for_a_model_that_is_down(shop: TestShop, server: ModelServer) -> None:
    server.plays(failing(500), failing(500))
    assert RAPTOR in shop.says("show me gaming laptops")
    assert (shop.outcome.answered_by, shop.outcome.why) == ("built-in", "server error")


def test_a_model_cannot_order_without_the_customers_yes(shop: TestShop, server: ModelServer) -> None:
    server.plays(calls("quote_order", sku="KR-RAPTOR-15"), calls("place_order"), says("Shall I place the order?"))
    shop.says("tell me about the raptor 15")
    assert shop.orders() == []
    shop.says("yes")
    assert [order.title for order in shop.orders()] == [RAPTOR]
    assert server.left == 0
