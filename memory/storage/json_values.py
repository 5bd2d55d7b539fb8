"""Validates what agents store: JSON values under names."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

from memory.storage.errors import NotStorable

MOST_CHARACTERS = 262_144  # of a value's JSON; larger things belong in a file, with their path in memory
LONGEST_NAME = 200
LONGEST_FILE_NAME = 200  # disks take 255 bytes, with an ending


def to_json(value: Any) -> str:
    """JSON that reads back equal (tuples as lists). Raises NotStorable."""
    try:
        _check_keys(value)
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotStorable(
            f"this value is not JSON ({error}); store dicts with text keys, lists, text, numbers"
        ) from None
    if len(text) > MOST_CHARACTERS:
        raise NotStorable(f"this value has {len(text):,} characters as JSON; at most {MOST_CHARACTERS:,} are kept")
    return text


def check_name(what: str, name: object) -> str:
    """Return `name` if it is text of 1 to 200 characters. Raises NotStorable."""
    if not isinstance(name, str) or not name.strip():
        raise NotStorable(f"{what} must be given as text; there is no memory without an owner")
    if len(name) > LONGEST_NAME:
        raise NotStorable(f"{what} has {len(name):,} characters; at most {LONGEST_NAME} are possible")
    if not name.isprintable():
        raise NotStorable(f"{what} has a character that cannot be seen, such as NUL or a line break")
    return name


def file_name(name: str) -> str:
    """A unique file name for `name`, valid on every file system."""
    quoted = quote(name, safe=" +")
    if len(quoted) <= LONGEST_FILE_NAME:
        return quoted
    return f"{quoted[:100]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def check_text(what: str, text: object) -> str:
    """Return `text` if every engine can store it. Raises NotStorable."""
    if not isinstance(text, str):
        raise NotStorable(f"{what} must be text")
    if len(text) > MOST_CHARACTERS:
        raise NotStorable(f"{what} has {len(text):,} characters; at most {MOST_CHARACTERS:,} are kept")
    if "\0" in text:
        raise NotStorable(f"{what} has a NUL byte in it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotStorable(f"{what} has half of a surrogate pair in it, which is no character") from None
    return text


def check_ttl(ttl: object) -> None:
    """Accept whole seconds from 1 to ten years. Raises NotStorable."""
    if not isinstance(ttl, int) or isinstance(ttl, bool) or not 1 <= ttl <= 10 * 365 * 86400:
        raise NotStorable("a time to live is a whole number of seconds, from 1 to ten years")


def _check_keys(value: Any) -> None:
    # json.dumps would silently turn other keys into text.
    if isinstance(value, dict):
        strange = [key for key in value if not isinstance(key, str)]
        if strange:
            raise TypeError(f"a dict has a key of type {type(strange[0]).__name__}")
    if isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            _check_keys(part)
