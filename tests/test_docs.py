"""What the pages name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.staff.staff_phones import ANA, Newsroom

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MADE_AT_RUN_TIME = {"data/hawker.db", "data/secret_key", "data/simulator.db"}
FILE = re.compile(r"(?<![\w/.-])((?:bot|memory|tests|benchmarks|deploy|data|docs)/[\w/.-]*\w\.\w+)")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {ROOT / name for name in FILE.findall(text) if name not in MADE_AT_RUN_TIME}
    named |= {page.parent / link for link in LINK.findall(text)}
    assert sorted(str(file) for file in named if not file.exists()) == []


def test_the_staff_page_and_the_commands_agree(tmp_path: Path) -> None:
    offered = set(re.findall(r"^\*(\w+)", Newsroom(tmp_path).says(ANA, "help"), re.M))
    page = (ROOT / "docs" / "staff.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page, re.M)
    explained = {words.split()[0].rstrip(":") for row in rows for words in re.findall(r"`([^`]+)`", row)}
    assert explained == offered
