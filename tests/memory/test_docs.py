"""The examples of docs/memory.md run, in their order, and print what the page says."""

from __future__ import annotations

import inspect
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import memory
from memory.upkeep.conversation_json import PREFERENCES

PAGE = (Path(__file__).parents[2] / "docs" / "memory.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATABASE_URL", "REDIS_URL", "MEMORY_STORAGE_DIR", "BRANDS_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_the_examples_run_and_print_what_the_page_says() -> None:
    printed, names = StringIO(), dict[str, Any]()
    with redirect_stdout(printed):
        for code in re.findall(r"```python\n(.*?)```", PAGE, re.S):
            exec(code, names)  # noqa: S102
    said = re.sub(r"\[\d\d:\d\d\]", "[12:00]", printed.getvalue())
    [context] = re.findall(r"```\n(User Profile.*?)```", PAGE, re.S)
    assert said == context + "".join(f"{line}\n" for line in re.findall(r"print\(fault\)  # (.*)", PAGE))


def test_the_calls_of_the_page_are_those_of_the_class() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", PAGE, re.M)
    calls = [call for row in rows for call in re.findall(r"`(\w+)\((.*?)\)`", row)]
    assert {"add_message", "get_all_users_summary", "cleanup_old_sessions"} <= {name for name, _given in calls}
    for name, given in calls:
        taken = inspect.signature(getattr(memory.ConversationMemory, name)).parameters
        named = {part.partition("=")[0].strip() for part in given.split(",") if part.strip()}
        assert named <= set(taken) | set(PREFERENCES), name
