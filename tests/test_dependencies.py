"""What is installed is named with version and hash, and each library with its reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMPILED = sorted(path.name for path in ROOT.glob("requirements*.txt"))
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def logical_lines(file: str) -> list[str]:
    text = (ROOT / file).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def named(file: str) -> set[str]:
    found = (NAME.match(line) for line in logical_lines(file))
    return {canonical(name[0]) for name in found if name}


def test_every_list_is_compiled_from_a_short_one() -> None:
    assert sorted(path.with_suffix(".txt").name for path in ROOT.glob("requirements*.in")) == COMPILED
    assert "requirements.txt" in COMPILED


@pytest.mark.parametrize("file", COMPILED)
def test_every_compiled_line_pins_one_version_with_hashes(file: str) -> None:
    pinned = re.compile(r"[A-Za-z0-9._-]+==\S+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+(\s+# via .*)?\s*")
    assert [line[:60] for line in logical_lines(file) if not pinned.fullmatch(line)] == []
    assert not re.search(r"^ *-|://| /", (ROOT / file).read_text().replace("    --hash", ""), re.MULTILINE)


@pytest.mark.parametrize("file", COMPILED)
def test_every_library_asked_for_is_compiled_and_has_a_reason(file: str) -> None:
    short = file.replace(".txt", ".in")
    assert named(short) - named(file) == set()
    asked = [line for line in logical_lines(short) if not line.startswith("-r ")]
    assert [line for line in asked if not re.search(r"\S +# \S", line)] == []


def test_lists_agree_on_versions() -> None:
    versions: dict[tuple[str, str], set[str]] = {}
    for file in COMPILED:
        for line in logical_lines(file):
            name, _, version = line.split()[0].partition("==")
            versions.setdefault((name, line.partition(" ; ")[2].partition("--hash")[0]), set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
