from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ads.buying import Buying
from tests.ads.changes.killed_launches import Killing


@pytest.fixture
def buying(tmp_path: Path) -> Iterator[Buying]:
    shop = Buying(tmp_path / "hawker.db")
    yield shop
    shop.db.close()


@pytest.fixture
def killing(tmp_path: Path) -> Iterator[Killing]:
    killing = Killing(tmp_path)
    yield killing
    killing.close()
