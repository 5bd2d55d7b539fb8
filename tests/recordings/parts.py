"""The parts of a recording: a dialogue, all payloads, the mornings of the ad agent."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import parse_qsl

from tests.ads.shop import AdShop
from tests.model_server import ModelServer
from tests.recordings.dialogues import QUIET_SECONDS, Dialogue, Stage, StillClock
from tests.recordings.tables import Placeholders, draw_alike, dump
from tests.world import open_shop

ROSTER: Final = Path(__file__).with_name("practice.toml")
PAYLOADS: Final = Path(__file__).parents[1] / "payloads"
MORNINGS: Final = 30
ACCOUNTS: Final = range(23)  # of data/practice.toml: all
ADS: Final = 4  # of each


@contextmanager
def _stage(folder: Path, model: ModelServer | None = None, *, practice: bool = False) -> Iterator[Stage]:
    """A shop of its own; what was said in it and its tables are written when the block ends."""
    folder.mkdir(parents=True)
    draw_alike()
    clock = StillClock()
    with TemporaryDirectory() as place:
        with open_shop(
            Path(place),
            clock=clock,
            model=model,
            roster=ROSTER,
            jobs=False,
            REPLY_QUIET_SECONDS=str(QUIET_SECONDS),
            REPLY_DEADLINE_SECONDS="100",  # a slow machine is no slow model
            SECRET_KEY="what signs the recordings, the same each time",
            PRACTICE_DAYS_PER_HOUR="1" if practice else "0",
        ) as world:
            stage = Stage(world, clock, model)
            yield stage
        _write(folder, Path(place) / "hawker.db", {"script.txt": stage.script, "model.txt": stage.asked()})


def _write(folder: Path, database: Path, texts: dict[str, list[str]]) -> None:
    placeholders = Placeholders()
    placeholders.learn(database)
    for name, lines in texts.items():
        if lines:
            (folder / name).write_text(placeholders.cover("\n".join(lines)) + "\n", encoding="utf-8")
    dump(database, folder, placeholders)


def record_dialogue(folder: Path, dialogue: Dialogue) -> None:
    """One dialogue."""
    with ModelServer() as model:
        with _stage(folder, model if dialogue.has_model else None, practice=dialogue.has_ads) as stage:
            stage.play(dialogue)
        assert model.complaints == [], dialogue.name


def record_payloads(folder: Path) -> None:
    """All forms of tests/payloads, one after another."""
    with _stage(folder) as stage:
        for path in sorted(PAYLOADS.glob("*.txt")):
            stage.post(path.stem, parse_qsl(path.read_text("utf-8").strip(), keep_blank_values=True))


def record_mornings(folder: Path) -> None:
    """The agent's mornings on the practice accounts, with the budgets that each leaves behind."""
    folder.mkdir(parents=True)
    draw_alike()
    with TemporaryDirectory() as place:
        shop = AdShop(Path(place), places=ACCOUNTS, ads=ADS)
        heard, budgets = [], []
        for number in range(1, MORNINGS + 1):
            shop.morning(hours=3 if number == 1 else 24)
            heard += [f"* morning {number}", *(text for _brand, text in shop.heard)]
            shop.heard.clear()
            for account in shop.accounts:
                for each in account.structure().ad_sets:
                    budgets.append(f"{number} {account.spec.id} {each.id} {each.status} {each.daily_budget}")
        shop.db.close()
        _write(folder, Path(place) / "hawker.db", {"cards.txt": heard, "budgets.txt": budgets})
        dump(Path(place) / "practice.db", folder, Placeholders())


def prepare() -> None:
    """What a process does before its first part."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    importlib.import_module("openai")  # takes a second, which would count as the model's
