"""Shops for the stories: one that answers by itself, one that a scripted model answers for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model_server import ModelServer
from tests.world import MovableClock, World, open_shop


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def shop(tmp_path: Path, clock: MovableClock) -> Iterator[World]:
    with open_shop(tmp_path, clock=clock) as world:
        yield world


@pytest.fixture(scope="session")
def loaded() -> None:
    """The model's client takes a second to import; the program does it at its start, a test's deadline is short."""
    importlib.import_module("openai")


@pytest.fixture
def model(loaded: None) -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server
    assert server.complaints == []


@pytest.fixture
def model_shop(tmp_path: Path, clock: MovableClock, model: ModelServer) -> Iterator[World]:
    with open_shop(tmp_path, clock=clock, model=model) as world:
        yield world
