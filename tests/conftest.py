"""What holds for every test: how many examples a property is tried with, and that none is measured by the clock."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=25)
settings.register_profile("exhaustive", settings.get_profile("quick"), max_examples=200)
settings.load_profile("quick")
