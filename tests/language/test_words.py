"""What a language's folder must hold, and that what is missing is named."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from bot.ads.morning.objections import Topic
from bot.ads.new_ads.compliance import CATEGORIES
from bot.language import words
from bot.language.currencies import CODES, WORDLIKE_CODES
from bot.language.languages import LANGUAGES, about
from bot.language.reading.patterns import one_of, said
from bot.language.words import FOLDER, REFERENCE, MissingWords, entry, missing, table

BLANK = re.compile(r"\{(\w*)\}")
PIECE_BLANKS = {"names": {"word"}, "facts": {"determiner"}, "summaries": {"weekday", "month"}}


JOINED = ("topics", "answers", "data_rights", "search")  # pieces that code joins with those of the other languages
LINES = (
    "replies",
    "ad_reports",
    "staff_answers",
    "handovers",
    "set_aside",
    "selling_points",
)  # what is said, with blanks that code fills in


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_holds_what_english_holds(language: str) -> None:
    assert missing(language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_has_entries_that_nobody_reads(language: str) -> None:
    for file in (FOLDER / language).glob("*.toml"):
        reference = table(REFERENCE, subject_of(file))
        assert set(keys(table(language, file.stem))) - set(keys(reference)) == set(), file


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_have_the_blanks_of_the_english_ones(language: str) -> None:
    for file in (FOLDER / language).glob("*.toml"):
        if subject_of(file) not in LINES:
            continue
        reference = table(REFERENCE, subject_of(file))
        for key, line in table(language, file.stem).items():
            assert set(BLANK.findall(line)) == set(BLANK.findall(reference[key])), (file, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_piece_of_a_pattern_compiles(language: str) -> None:
    for file in (FOLDER / language).glob("*.toml"):
        for piece in pieces(table(language, file.stem)):
            re.compile(piece)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pieces_have_only_blanks_and_groups_that_code_knows(language: str) -> None:
    for file in (FOLDER / language).glob("*.toml"):
        for piece in pieces(table(language, file.stem)):
            if file.stem in PIECE_BLANKS:
                assert set(re.findall(r"\{([a-z_]+)\}", piece)) <= PIECE_BLANKS[file.stem], (file, piece)
                assert set(re.findall(r"\?P<(\w+)>", piece)) <= {"name", "place", "thing"}, (file, piece)


@pytest.mark.parametrize("language", LANGUAGES)
def test_currencies_are_named_by_their_code(language: str) -> None:
    entries = table(language, "amounts")
    named = "\n".join(entries[key] for key in ("names", "names_after_number", "names_with_nation", "nations"))
    assert {line.split()[0] for line in named.splitlines() if line.strip()} <= CODES | WORDLIKE_CODES


@pytest.mark.parametrize("language", LANGUAGES)
def test_short_forms_stand_behind_an_equals_sign(language: str) -> None:
    for line in entry(language, "message_type", "short_forms").strip().splitlines():
        word, _, short_forms = line.partition("=")
        assert word.strip(), line
        assert short_forms.split(), line


def test_groups_of_the_same_name_meet_in_one_pattern() -> None:
    pattern = re.compile(one_of("facts", "liked"), re.IGNORECASE)
    for text, thing in (("ahora sí me gusta Sony", "Sony"), ("agora gosto de Sony", "Sony")):
        found = pattern.match(text)
        assert found
        assert said(found, "thing") == thing
        assert said(found, "place") is None


def test_an_entry_that_no_language_fills_is_no_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOLDER / "en", tmp_path / "en")
    (tmp_path / "en" / "facts.toml").write_text("worn = []\n")
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    for cached in (words.table, words.folders):
        cached.cache_clear()
    try:
        with pytest.raises(ValueError, match=re.escape("no language has an entry of worn in facts.toml")):
            one_of("facts", "worn")
    finally:
        for cached in (words.table, words.folders):
            cached.cache_clear()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("subject", JOINED)
def test_joined_pieces_capture_nothing(subject: str, language: str) -> None:
    assert [piece for piece in pieces(table(language, subject)) if re.compile(piece).groups] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_about_facts_name_the_fact(language: str) -> None:
    assert [piece for piece in entry(language, "topics", "asked_back") if piece.count("{fact}") != 1] == []


def test_a_second_script_says_whose_policies_it_reads() -> None:
    told = {language: (about(language).second_script, about(language).second_script_reads) for language in LANGUAGES}
    assert {bool(script) == (reads in LANGUAGES) for script, reads in told.values()} == {True}
    assert {entry(language, "detection", "script") != "" for language in LANGUAGES if told[language][0]} == {True}


@pytest.mark.parametrize("language", LANGUAGES)
def test_claims_capture_nothing_but_counts(language: str) -> None:
    for piece in pieces(table(language, "claims")):
        assert re.compile(piece).groups == 0, piece  # the check numbers the groups that it puts around {count}


@pytest.mark.parametrize("language", LANGUAGES)
def test_folders_know_every_topic_and_rule(language: str) -> None:
    topics = {topic.replace(" ", "_") for topic in get_args(Topic)}
    assert set(table(language, "objections")) == topics
    assert set(entry(language, "ad_policies", "special")) == {category.lower() for category in CATEGORIES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_calendar_spellings_have_a_text_for_each_day_and_month(language: str) -> None:
    assert len(entry(language, "claims", "weekday_spellings")) == 7
    assert len(entry(language, "claims", "month_spellings")) == 12


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", ["units", "before_scale", "counting", "scales", "attached_scales"])
def test_lines_of_number_words_begin_with_a_value(language: str, key: str) -> None:
    for line in entry(language, "numbers", key).splitlines():
        assert re.fullmatch(r"(?:\d+(?:\.\d+)?(?: \S+)+)?", line), line


def test_what_a_folder_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOLDER / "en", tmp_path / "en")
    shutil.copytree(FOLDER / "en", tmp_path / "xx")
    (tmp_path / "xx" / "replies.toml").unlink()
    told = (tmp_path / "xx" / "about.toml").read_text().replace("\nlocale", "\nplace")
    told = told.replace('second_script = ""', 'second_script = "latin"')
    (tmp_path / "xx" / "about.toml").write_text(told)
    latin = (tmp_path / "en" / "replies.toml").read_text().replace("hello_again", "hullo")
    (tmp_path / "xx" / "replies-latin.toml").write_text(latin)
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    assert missing("xx") == ["about.toml: locale", "replies-latin.toml: hello_again", "replies.toml"]
    with pytest.raises(MissingWords, match=re.escape("words/xx/about.toml lacks locale")):
        entry("xx", "about", "locale")
    with pytest.raises(MissingWords, match=re.escape("words/xx/replies.toml is missing")):
        table("xx", "replies")


def subject_of(file: Path) -> str:
    """What a file is about; "replies-latin" is about replies."""
    return file.stem.partition("-")[0]


def keys(entries: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Every entry's path, "topics.delivery"."""
    for key, value in entries.items():
        if isinstance(value, Mapping):
            yield from keys(value, f"{above}{key}.")
        else:
            yield above + key


def pieces(entries: Mapping[str, Any]) -> Iterator[str]:
    """Every phrase or piece of a pattern of a table, however deep."""
    for value in entries.values():
        if isinstance(value, Mapping):
            yield from pieces(value)
        elif isinstance(value, list):
            yield from (each for each in value if isinstance(each, str))
