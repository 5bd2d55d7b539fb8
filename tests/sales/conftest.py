from __future__ import annotations

from pathlib import Path

import pytest

from tests.sales.shop import TestShop


@pytest.fixture
def shop(tmp_path: Path) -> TestShop:
    return TestShop(tmp_path)
