"""The words of each language: one folder per language, one TOML file per subject, explained at its top."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bot.language.normalisation import fold

FOLDER = Path(__file__).parent
REFERENCE = "en"  # every other folder has the same files and keys


class MissingWords(LookupError):
    """The text names the missing file or entry."""


@cache
def table(language: str, subject: str) -> Mapping[str, Any]:
    """The entries of `words/<language>/<subject>.toml`. Raises MissingWords."""
    file = FOLDER / language / f"{subject}.toml"
    try:
        return MappingProxyType(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise MissingWords(f"words/{language}/{subject}.toml is missing") from error


def entry(language: str, subject: str, key: str) -> Any:
    """One entry; `key` may be a path: "policies.delivery". Raises MissingWords."""
    found: Any = table(language, subject)
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            raise MissingWords(f"words/{language}/{subject}.toml lacks {key}")
        found = found[part]
    return found


def words_of_all(subject: str, key: str) -> tuple[str, ...]:
    """In the order of LANGUAGES, without duplicates."""
    found = (entry(language, subject, key) for language in folders())
    return tuple(dict.fromkeys(word for each in found for word in (each.split() if isinstance(each, str) else each)))


def alternatives(subject: str, key: str) -> str:
    """Without a group: put one around it."""
    return "|".join(words_of_all(subject, key))


def lines_of_all(subject: str, key: str) -> Iterator[list[str]]:
    """The words of each line, in every language: a value or code, then words."""
    for language in folders():
        yield from (line.split() for line in entry(language, subject, key).splitlines() if line.strip())


def keyed_words(subject: str, key: str) -> Iterator[tuple[str, str]]:
    """(first word, other word) of each such line."""
    return ((first, word) for first, *words in lines_of_all(subject, key) for word in words)


def folded_alternatives(subject: str, key: str) -> str:
    """Folded, in a non-capturing group."""
    return f"(?:{fold(alternatives(subject, key))})"


def all_texts(language: str) -> Iterator[str]:
    """Without about.toml."""
    for file in sorted((FOLDER / language).glob("*.toml")):
        if file.stem != "about":
            yield from _texts(table(language, file.stem))


def _texts(entries: Any) -> Iterator[str]:
    if isinstance(entries, str):
        yield entries
    elif isinstance(entries, Mapping | list):
        for each in entries.values() if isinstance(entries, Mapping) else entries:
            yield from _texts(each)


@cache
def folders() -> tuple[str, ...]:
    """By `order` in their about.toml."""
    codes = (file.parent.name for file in FOLDER.glob("*/about.toml"))
    return tuple(sorted(codes, key=lambda code: (entry(code, "about", "order"), code)))


def missing(language: str) -> list[str]:
    """What the reference has more: "file.toml" or "file.toml: key"."""
    return sorted(_missing(FOLDER / REFERENCE, FOLDER / language))


def _missing(reference: Path, folder: Path) -> Iterator[str]:
    pairs = [(file, folder / file.name) for file in reference.glob("*.toml")]
    second_script = entry(folder.name, "about", "second_script") if (folder / "about.toml").exists() else ""
    if second_script:
        pairs.append((reference / "replies.toml", folder / f"replies-{second_script}.toml"))
    for file, own in pairs:
        if not own.exists():
            yield own.name
            continue
        expected, found = (tomllib.loads(each.read_text(encoding="utf-8")) for each in (file, own))
        yield from (f"{own.name}: {key}" for key in _keys(expected) if key not in set(_keys(found)))


def _keys(entries: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in entries.items():
        if isinstance(value, Mapping):
            yield from _keys(value, f"{above}{key}.")
        else:
            yield above + key
