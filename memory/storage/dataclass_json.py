"""Dataclasses as JSON and back, by their type hints; for values stored as one document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from bot.language.money import Money

T = TypeVar("T")


class Unreadable(ValueError):
    """The stored JSON does not match its type; the text names the difference."""


def to_json(value: Any) -> Any:
    """Dataclasses and mappings as objects, tuples (named ones, too) as lists, decimals and dates as text."""
    if is_dataclass(value) and not isinstance(value, type | Money):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): to_json(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(each) for each in value]
    if isinstance(value, Money):
        return [str(value.amount), value.currency]
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def from_json(kind: type[T], stored: Any) -> T:
    """Read what `to_json` stored. Raises Unreadable.

    Missing fields take their defaults, unknown ones are dropped. For any other change of shape, define a static method
    `upgraded` on the class: it gets the stored object first.
    """
    try:
        return _read(kind, stored)  # type: ignore[no-any-return]
    except (KeyError, TypeError, ValueError, ArithmeticError) as fault:
        raise Unreadable(f"{getattr(kind, '__name__', kind)}: {type(fault).__name__} {fault}") from None


def _read(kind: Any, stored: Any) -> Any:
    if kind is Any:
        return stored
    if is_dataclass(kind) and kind is not Money:
        return _object(kind, stored)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if stored is None and NoneType in inner:
            return None
        [only] = [each for each in inner if each is not NoneType]
        return _read(only, stored)
    if origin is tuple:
        return tuple(_read(inner[0], each) for each in _checked(list, stored))
    if origin is Literal:
        if stored not in inner:
            raise ValueError(f"{stored!r} is none of {inner}")
        return stored
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: _read(inner[1], each) for name, each in _checked(dict, stored).items()}
    return _plain(kind, stored)


def _object(kind: Any, stored: Any) -> Any:
    hints = _hints(kind)
    given = kind.upgraded(_checked(dict, stored)) if hasattr(kind, "upgraded") else _checked(dict, stored)
    return kind(
        **{
            field.name: _read(hints[field.name], given[field.name])
            for field in fields(kind)
            if field.name in given or (field.default is MISSING and field.default_factory is MISSING)
        }
    )


def _plain(kind: Any, stored: Any) -> Any:
    if kind is Money:
        amount, currency = _checked(list, stored)
        return Money(Decimal(_checked(str, amount)), _checked(str, currency))
    if kind is Decimal:
        return Decimal(_checked(str, stored))
    if kind is date:
        return date.fromisoformat(_checked(str, stored))
    if issubclass(kind, StrEnum):
        return kind(stored)
    if issubclass(kind, tuple):
        return kind(*(_read(hint, each) for hint, each in zip(_hints(kind).values(), stored, strict=True)))
    if kind is float:
        return float(_checked((int, float), stored))
    return _checked(kind, stored)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _checked(kind: Any, stored: Any) -> Any:
    if not isinstance(stored, kind) or (isinstance(stored, bool) and kind is not bool):
        raise TypeError(f"{stored!r} is no {kind}")
    return stored
