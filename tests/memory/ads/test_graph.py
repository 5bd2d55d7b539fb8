"""Queries of the graph, and its copy on a graph server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from memory.ads.ad_account import Structure
from memory.ads.attribution import AdSale, Attribution, ChatDay
from memory.ads.campaigns import Campaigns
from memory.ads.figures import AdFigures
from memory.ads.graph import Graph, Node, UnknownKind, wilson
from memory.ads.graph_export import Copied, GraphNotCopied, Target, copy_graph
from memory.ads.learnings.strategy import Strategy
from tests.memory.ads.ad_account import ACCOUNT, BRAND, TODAY, account, reading, rupees, structure
from tests.memory.stores import Stores
from tests.servers import GraphServer

DAY = TODAY - timedelta(days=2)
SAFE, SALE = "https://shop.example.com/safe", "https://shop.example.com/sale"
ADS = (
    ("1", "Summer · security · video"),
    ("2", "Summer · security · image"),
    ("3", "Winter · price · image"),
    ("4", "Winter · security · image"),
)
HELD = structure(*ADS, pages={"1": SAFE, "2": SALE, "3": SALE}, formats={"1": "video"})


class Advertised:
    """A brand whose ads brought chats, leads and orders."""

    def __init__(self, stores: Stores, brand: str = BRAND) -> None:
        self.brand = brand
        self.campaigns = Campaigns(stores.db, stores.clock)
        self.scope = Attribution(stores.db, stores.clock)
        self.strategy = Strategy(stores.db, stores.clock)
        figures = AdFigures(stores.db, self.campaigns, stores.clock)
        self.graph = Graph(stores.db, self.campaigns, figures, self.strategy)

    def hold(self, held: Structure) -> None:
        self.campaigns.store_structure(held)

    def bring(self, ad: str, chats: int, orders: int, *, buyer: str | None = None) -> None:
        self.campaigns.store_readings(self.brand, [reading(ad, DAY)])
        self.scope.store_chats(self.brand, [ChatDay(ad, DAY, chats, chats // 2)])
        at = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)
        sales = [
            AdSale(f"{ad}-{n}", ad, DAY, at, rupees(900), rupees(400), buyer=buyer or f"{ad}-{n}")
            for n in range(orders)
        ]
        self.scope.store_sales(self.brand, sales)


@pytest.fixture
def shop(stores: Stores) -> Advertised:
    shop = Advertised(stores)
    shop.hold(HELD)
    for ad, chats, orders in (("1", 200, 40), ("2", 200, 20), ("3", 300, 90), ("4", 1, 1)):
        shop.bring(ad, chats, orders)
    return shop


def told(groups: list[Any]) -> list[tuple[str, int, int]]:
    return [(group.name, group.chats, group.orders) for group in groups]


def test_which_landing_pages_convert_best_with_security_focused_ads(shop: Advertised) -> None:
    pages = shop.graph.landing_pages(BRAND, angle="security-focused")
    assert told(pages) == [(SAFE, 200, 40), (SALE, 200, 20), ("chat", 1, 1)]
    assert (pages[0].conversion, pages[0].spend) == (0.2, (rupees("100.00"),))
    assert told(shop.graph.landing_pages(BRAND)) == [(SALE, 500, 110), (SAFE, 200, 40), ("chat", 1, 1)]
    assert shop.graph.landing_pages("other") == []


def test_the_sure_part_of_a_rate_grows_with_its_tries() -> None:
    assert 0 < wilson(4, 10) < wilson(40, 100) < wilson(400, 1000) < 0.4
    assert wilson(0, 0) == wilson(0, 9) == 0


def test_which_angle_brings_customers_who_buy_again(shop: Advertised) -> None:
    shop.campaigns.store_structure(
        structure(*ADS, ("5", "Spring · gifts"), seen_at=datetime(2026, 11, 21, 9, tzinfo=UTC))
    )
    shop.bring("5", 10, 3, buyer="one who comes back")
    gifts, price, security = shop.graph.buy_again(BRAND)
    assert (gifts.key, gifts.buyers, gifts.returned, gifts.orders) == ("gifts", 1, 1, 3)
    assert (price.return_rate, security.return_rate) == (0.0, 0.0)


def test_what_did_we_learn_about_video(shop: Advertised) -> None:
    shop.strategy.learn(BRAND, "creative_insight", "Video sells better", {"lift": 0.6}, subject="format:video")
    shop.strategy.learn(BRAND, "audience_insight", "Evenings are best", {})
    old = shop.strategy.learn(BRAND, "creative_insight", "Video is too dear", {})
    shop.strategy.withdraw(BRAND, old, "the numbers turned")
    known = shop.graph.learned_about(BRAND, "video")
    assert [each.record["insight"] for each in known.learnings] == ["Video sells better"]
    assert [each.id for each in known.withdrawn] == [old]
    assert told([known.those, known.others]) == [("those", 200, 40), ("others", 501, 111)]
    assert shop.graph.learned_about(BRAND, "carousel").those.chats == 0


def test_the_graph_is_walked_back_from_angles_and_onward_from_orders(shop: Advertised) -> None:
    orders = shop.graph.reached(BRAND, "angle", "security", to="order")
    assert len(orders) == 61
    assert {node.steps for node in orders} == {3}
    found = shop.graph.reached(BRAND, "order", orders[0].key, direction="onward", steps=5)
    assert Node("ad", "1", 2) in found
    assert Node("creative", "k-1", 3) in found
    assert Node("landing_page", SAFE, 3) in found
    assert Node("account", ACCOUNT, 5) in found
    assert not [node for node in found if node.kind == "ad" and node.key != "1"]
    with pytest.raises(UnknownKind, match="landing_page"):
        shop.graph.reached(BRAND, "page", SAFE)


def test_one_brand_never_reaches_anothers_things(shop: Advertised, stores: Stores) -> None:
    theirs = Advertised(stores, "other")
    theirs.hold(structure(("1", "Theirs · security"), of=account(brand="other")))
    theirs.bring("1", 7, 3)
    assert len(theirs.graph.reached("other", "angle", "security", to="order")) == 3
    assert len(shop.graph.reached(BRAND, "angle", "security", to="order")) == 61
    assert told(theirs.graph.angles("other")) == [("security", 7, 3)]
    assert told(shop.graph.angles(BRAND)) == [("price", 300, 90), ("security", 401, 61)]


@pytest.fixture(scope="module")
def server() -> Iterator[GraphServer]:
    with GraphServer() as server:
        yield server


@pytest.fixture
def file_shop(tmp_path: Path) -> Iterator[tuple[Advertised, Stores]]:
    stores = Stores(tmp_path / "hawker.db")
    shop = Advertised(stores)
    shop.hold(HELD)
    shop.bring("1", 20, 4)
    shop.bring("3", 30, 9)
    shop.strategy.learn(BRAND, "creative_insight", "Video sells better", {}, subject="format:video")
    yield shop, stores
    stores.db.close()


def ask(server: GraphServer, cypher: str) -> list[list[Any]]:
    from neo4j import GraphDatabase

    target = Target.read(server.url)
    with GraphDatabase.driver(target.address, auth=(target.user, target.password)) as driver:
        return [record.values() for record in driver.execute_query(cypher, database_=target.database).records]


def test_the_copy_answers_in_cypher_and_is_repeated_without_doubles(
    server: GraphServer, file_shop: tuple[Advertised, Stores]
) -> None:
    shop, _stores = file_shop
    target = Target.read(server.url)
    ask(server, "MERGE (n:Angle {key: 'elsewhere/security'}) SET n.brand = 'elsewhere'")
    first = copy_graph(shop.graph, BRAND, target)
    assert copy_graph(shop.graph, BRAND, target) == first == Copied(first.nodes, first.relations, 0)
    assert first.relations == len(list(shop.graph.edges(BRAND)))
    through = "MATCH (o:Order)-[:CAME_FROM]->(:Chats)-[:CAME_FROM]->(a:Ad)-[:SPEAKS_OF]->(g:Angle)"
    count = f"{through} RETURN g.id, count(DISTINCT o), count(*) ORDER BY g.id"
    assert ask(server, count) == [["price", 9, 9], ["security", 4, 4]]
    assert ask(server, "MATCH (l:Learning)-[:ABOUT]->(f:Format) RETURN f.id") == [["video"]]
    assert ask(server, "MATCH (c:Chats {id: '1 " + str(DAY.toordinal()) + "'}) RETURN c.chats, c.day")[0][0] == 20

    shop.scope.move(BRAND, "3-0", "returned")
    shop.campaigns.label(BRAND, "1", angle="trust")
    again = copy_graph(shop.graph, BRAND, target)
    assert again.removed == 1, "the order that came back"
    assert ask(server, count) == [["price", 8, 8], ["trust", 4, 4]]
    assert ask(server, "MATCH (n:Angle {key: 'elsewhere/security'}) RETURN count(n)") == [[1]], (
        "another brand's is gone"
    )


def test_no_person_and_no_order_number_is_copied(file_shop: tuple[Advertised, Stores]) -> None:
    shop, stores = file_shop
    known = [*shop.graph.edges(BRAND), *shop.graph.properties(BRAND)]
    numbers = [row["number"] for row in stores.db.all("SELECT number FROM ad_sales")]
    assert numbers
    assert not [number for number in numbers if f"'{number}'" in repr(known)]


@pytest.mark.parametrize("url", ["http://host", "bolt://", "neo4j", ""])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(GraphNotCopied, match="bolt://user@host"):
        Target.read(url)


def test_an_address_is_read_and_its_password_is_not_repeated(file_shop: tuple[Advertised, Stores]) -> None:
    target = Target.read("bolt://root:s%40crt@127.0.0.1:1/g")
    assert target == Target("bolt://127.0.0.1:1", "root", "s@crt", "g")
    with pytest.raises(GraphNotCopied) as refused:
        copy_graph(file_shop[0].graph, BRAND, target)
    assert "127.0.0.1:1" in str(refused.value)
    assert "crt" not in str(refused.value)
