"""Settings from environment variables: each field of a dataclass says which variable it is read from, and how."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from dotenv import dotenv_values
from marshmallow import EXCLUDE, Schema, ValidationError, fields


def setting(name: str, read: fields.Field[Any], *, secret: bool = False) -> Any:
    """A dataclass field that `read` reads from the variable `name`; its default is that of `read`."""
    read.data_key = name
    told = {"read": read}
    if callable(read.load_default):
        return dataclasses.field(default_factory=read.load_default, repr=not secret, metadata=told)
    return dataclasses.field(default=read.load_default, repr=not secret, metadata=told)


def read_environment(settings: type, environment: Mapping[str, str | None]) -> tuple[dict[str, Any], list[str]]:
    """The values of the dataclass `settings`, and every fault: the variable's name and what is allowed.

    An empty variable is one that is not set. No fault repeats a value: it may be a secret.
    """
    readers = {each.name: each.metadata["read"] for each in dataclasses.fields(settings) if "read" in each.metadata}
    schema = Schema.from_dict(readers)(unknown=EXCLUDE)
    try:
        return dict(schema.load({name: value for name, value in environment.items() if value})), []
    except ValidationError as error:
        told: dict[str, list[str]] = error.messages_dict
        return {}, [f"{name}: {' '.join(map(str, texts))}" for name, texts in sorted(told.items())]


def process_environment() -> dict[str, str | None]:
    """`.env` and, above it, this process's environment."""
    return {**dotenv_values(".env"), **os.environ}
