"""Reads a dataclass from environment variables; each field names its variable."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from dotenv import dotenv_values
from marshmallow import EXCLUDE, Schema, ValidationError, fields


def setting(name: str, read: fields.Field[Any], *, secret: bool = False) -> Any:
    """A dataclass field read from the variable `name`; the default is that of `read`."""
    read.data_key = name
    read_by = {"read": read}
    if callable(read.load_default):
        return dataclasses.field(default_factory=read.load_default, repr=not secret, metadata=read_by)
    return dataclasses.field(default=read.load_default, repr=not secret, metadata=read_by)


def read_environment(settings: type, environment: Mapping[str, str | None]) -> tuple[dict[str, Any], list[str]]:
    """Values and faults; a fault names the variable and what is allowed, never the value, which may be a secret.

    An empty variable counts as not set.
    """
    readers = {each.name: each.metadata["read"] for each in dataclasses.fields(settings) if "read" in each.metadata}
    schema = Schema.from_dict(readers)(unknown=EXCLUDE)
    try:
        return dict(schema.load({name: value for name, value in environment.items() if value})), []
    except ValidationError as error:
        read_by: dict[str, list[str]] = error.messages_dict
        return {}, [f"{name}: {' '.join(map(str, texts))}" for name, texts in sorted(read_by.items())]


def process_environment() -> dict[str, str | None]:
    """`.env`, overridden by this process's environment."""
    return {**dotenv_values(".env"), **os.environ}
