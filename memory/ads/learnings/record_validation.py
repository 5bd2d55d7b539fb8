"""Validates imported records: an invalid one becomes a fault, the rest is imported."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from memory.storage.table import ColumnType

MOST_DEPTH = 30


class Faults(list[str]):
    """One sentence per fault: where it stood, and what was expected."""

    def mapping(self, value: Any, place: str) -> dict[str, Any]:
        """{} and a fault unless it is an object."""
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return dict(value)
        self.append(f"{place}: expected an object, found {_kind(value)}")
        return {}

    def entries(self, record: Mapping[str, Any], name: str, place: str) -> Iterator[tuple[str, Any]]:
        """With their places; a missing list is empty."""
        value = record.get(name, [])
        if not isinstance(value, list):
            self.append(f"{place}.{name}: expected a list, found {_kind(value)}")
            return
        for position, entry in enumerate(value):
            yield f"{place}.{name}[{position}]", entry

    def fits(self, record: Any, place: str, required: Mapping[str, type], optional: Mapping[str, type]) -> bool:
        if not isinstance(record, Mapping):
            self.append(f"{place}: expected an object, found {_kind(record)}")
            return False
        before = len(self)
        for name, kind in {**required, **optional}.items():
            if name not in record:
                if name in required:
                    self.append(f"{place}.{name}: is missing, expected {_NAMES[kind]}")
            elif not _is(record[name], kind):
                self.append(f"{place}.{name}: expected {_NAMES[kind]}, found {_kind(record[name])}")
        return len(self) == before and self.storable(record, place)

    def storable(self, record: Any, place: str) -> bool:
        """JSON that survives a round trip."""
        wrong = _unstorable(record, MOST_DEPTH)
        if wrong:
            self.append(f"{place}: {wrong}")
        return not wrong

    def moment(self, record: Mapping[str, Any], name: str, place: str) -> bool:
        """Missing, or an ISO date and time."""
        value = record.get(name)
        try:
            if value is not None:
                moment_of(value)
        except (TypeError, ValueError, OverflowError):
            self.append(f"{place}.{name}: expected a date and time such as 2026-08-26T05:13:25, found {value!r:.40}")
            return False
        return True


_NAMES: dict[type, str] = {str: "a text", dict: "an object", list: "a list", float: "a number"}


def moment_of(text: str) -> datetime:
    """UTC without a zone."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def text_of(record: Any) -> str:
    # ASCII only: the same on every engine.
    return json.dumps(record, allow_nan=False)


RECORD = ColumnType("TEXT", json.loads, text_of)  # the whole entry as it is exported


def _is(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, Mapping if kind is dict else kind)


def _unstorable(value: Any, depth: int) -> str:
    if depth == 0:
        return f"is nested more than {MOST_DEPTH} deep"
    if isinstance(value, float) and not math.isfinite(value):
        return "holds a number that is not finite"
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            return "holds a field whose name is not a text"
        return next(filter(None, (_unstorable(each, depth - 1) for each in value.values())), "")
    if isinstance(value, list):
        return next(filter(None, (_unstorable(each, depth - 1) for each in value)), "")
    return "" if value is None or isinstance(value, str | int | float) else f"holds {_kind(value)}"


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    for kinds, name in ((bool, "true or false"), (str, "a text"), ((int, float), "a number"), (list, "a list")):
        if isinstance(value, kinds):
            return name
    return "an object" if isinstance(value, Mapping) else "something else"
