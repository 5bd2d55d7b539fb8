"""Many short plays of the whole queue under faults; docs/simulation.md tells what is played and how to replay one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.shop import Shop

QUICK = 50
ALL = 1000


@pytest.mark.parametrize(
    "seed", [*range(QUICK), *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(QUICK, ALL))]
)
def test_every_message_is_answered_once_in_order(tmp_path: Path, seed: int) -> None:
    Shop(tmp_path, seed).play()


def test_a_seed_plays_the_same_twice(tmp_path: Path) -> None:
    first, second = Shop(tmp_path / "first", 4), Shop(tmp_path / "second", 4)
    first.play()
    second.play()
    assert first.schedule.trace == second.schedule.trace
    assert first.schedule.steps == second.schedule.steps
