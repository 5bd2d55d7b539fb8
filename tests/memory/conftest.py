from __future__ import annotations

from pathlib import Path

import pytest

from tests.memory.stores import Stores


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return Stores(tmp_path / "hawker.db")
