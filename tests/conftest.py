"""What holds for every test: their order, how many examples a property is tried with, and that no clock measures any."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# They wait for leases and restarts, half a minute a test. At the end of a run one process would do them alone.
LONGEST = {"test_killed.py", "test_restored.py", "test_cluster.py"}

settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=25)
settings.register_profile("exhaustive", settings.get_profile("quick"), max_examples=200)
settings.load_profile("quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin first, beside the many short ones."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
