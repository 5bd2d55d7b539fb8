"""Launches on a Graph API that loses one answer in ten."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ads.buying import BRAND, SAM, Buying, idea
from tests.ads.facebook.graph_server import GraphFault, GraphRequest, GraphServer, losing, unheard

LAUNCHES = 25
PARTS = ("campaigns", "adsets", "adcreatives", "ads")


class OneInTen:
    """Loses a tenth of the requests, half of them before anything was done."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def __call__(self, request: GraphRequest) -> GraphFault | None:
        if self._rng.random() >= 0.1:
            return None
        return losing(on=".*") if self._rng.random() < 0.5 else unheard()


@pytest.fixture
def buying(tmp_path: Path) -> Buying:
    return Buying(tmp_path / "hawker.db", cap="1000000", above="1000000")


@pytest.fixture
def meta(buying: Buying) -> Iterator[GraphServer]:
    with GraphServer(clock=buying.clock) as server:
        server.opens("act_111")
        server.images.add("hash")
        graph = server.graph(sleep=lambda seconds: buying.clock.pass_by(seconds=seconds))
        buying.accounts["act_111"] = server.account(graph=graph)  # type: ignore[assignment]
        yield server


def test_a_hundred_creates_with_lost_answers_create_once_each(buying: Buying, meta: GraphServer) -> None:
    meta.rule = OneInTen(7)
    for number in range(LAUNCHES):
        for _ in range(20):
            if (
                buying.actions.launch(BRAND, "act_111", idea(f"Idea {number}"), SAM, key=f"idea-{number}").state
                != "open"
            ):
                break
    meta.rule = None
    for edge in PARTS[:2] + PARTS[3:]:
        names = Counter(row["name"].partition(" ·")[0] for row in meta.living(edge) if row["status"] == "ACTIVE")
        assert len(names) == LAUNCHES
        assert set(names.values()) == {1}
    assert all(meta.runs(ad["id"]) for ad in meta.living("ads") if ad["status"] == "ACTIVE")
    assert meta.complaints == []
