"""Patterns from pieces in the languages' folders."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import count

from bot.language.words import entry, folders

NAMED_GROUP = re.compile(r"\(\?P<([a-z]+)>")


def one_of(subject: str, key: str, **blanks: str | Mapping[str, str]) -> str:
    """A list entry of every language as one group of alternatives.

    `blanks`: patterns for `{name}` in a piece, shared or by language. Named groups get numbers, since a name must be unique
    in a pattern: read them with `said`.
    """
    filled = dict.fromkeys(
        _filled(piece, language, blanks) for language in folders() for piece in entry(language, subject, key)
    )
    if not filled:
        raise ValueError(f"no language has an entry of {key} in {subject}.toml")
    numbers = count(1)
    return f"(?:{NAMED_GROUP.sub(lambda group: f'(?P<{group[1]}{next(numbers)}>', '|'.join(filled))})"


def _filled(piece: str, language: str, blanks: Mapping[str, str | Mapping[str, str]]) -> str:
    for name, pattern in blanks.items():
        piece = piece.replace(f"{{{name}}}", pattern if isinstance(pattern, str) else pattern[language])
    return piece


def subject_patterns(subject: str) -> Callable[..., str]:
    """`one_of` for one subject."""
    return lambda key, **blanks: one_of(subject, key, **blanks)


def said(found: re.Match[str], group: str) -> str | None:
    """In whichever piece matched; None if empty."""
    return next(
        (value for name, value in found.groupdict().items() if value and name.rstrip("0123456789") == group), None
    )
