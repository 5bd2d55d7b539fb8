"""What a language's folder must hold, and that what is missing is named."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.language import words
from bot.language.languages import LANGUAGES
from bot.language.words import FOLDER, REFERENCE, MissingWords, entry, missing, table

BLANK = re.compile(r"\{(\w*)\}")
LINES = ("replies", "replies-latin", "ad_reports", "staff_answers")  # what is said, with blanks that code fills in


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_holds_what_english_holds(language: str) -> None:
    assert missing(language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_has_entries_that_nobody_reads(language: str) -> None:
    for file in (FOLDER / language).glob("*.toml"):
        reference = table(REFERENCE, file.stem.removesuffix("-latin"))
        assert set(table(language, file.stem)) - set(reference) == set(), file


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_have_the_blanks_of_the_english_ones(language: str) -> None:
    for file in (FOLDER / language).glob("*.toml"):
        if file.stem not in LINES:
            continue
        reference = table(REFERENCE, file.stem.removesuffix("-latin"))
        for key, line in table(language, file.stem).items():
            assert set(BLANK.findall(line)) == set(BLANK.findall(reference[key])), (file, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_piece_of_a_pattern_compiles(language: str) -> None:
    for file in (FOLDER / language).glob("*.toml"):
        for piece in pieces(table(language, file.stem)):
            re.compile(piece)


def test_what_a_folder_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOLDER / "en", tmp_path / "en")
    shutil.copytree(FOLDER / "en", tmp_path / "xx")
    (tmp_path / "xx" / "replies.toml").unlink()
    about = (tmp_path / "xx" / "about.toml").read_text().replace("locale", "place")
    (tmp_path / "xx" / "about.toml").write_text(about)
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    assert missing("xx") == ["about.toml: locale", "replies.toml"]
    with pytest.raises(MissingWords, match=re.escape("words/xx/about.toml lacks locale")):
        entry("xx", "about", "locale")
    with pytest.raises(MissingWords, match=re.escape("words/xx/replies.toml is missing")):
        table("xx", "replies")


def pieces(entries: Mapping[str, Any]) -> Iterator[str]:
    """Every phrase or piece of a pattern of a table, however deep."""
    for value in entries.values():
        if isinstance(value, Mapping):
            yield from pieces(value)
        elif isinstance(value, list):
            yield from (each for each in value if isinstance(each, str))
