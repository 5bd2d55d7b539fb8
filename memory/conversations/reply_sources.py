"""What a reply's record points to, looked up again: the facts it knew, the older messages it recalled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from memory.storage.database import Database, Row

SHOWN = 120  # characters of a recalled message, on a screen


def facts_used(db: Database, contact_id: int, used: Mapping[str, Any]) -> list[Row]:
    """predicate, value, since, until, message_id of each fact of this contact that the record names and that is still kept."""
    return _rows(
        db,
        "SELECT id, predicate, value, valid_from AS since, valid_to AS until, message_id FROM facts"
        " WHERE contact_id = :contact AND id IN ({ids}) ORDER BY predicate, id",
        contact_id,
        used.get("fact_ids", ()),
    )


def messages_recalled(db: Database, contact_id: int, used: Mapping[str, Any]) -> list[Row]:
    """id, at, role, content of each older message of this contact that the record names, in the record's order."""
    ids = used.get("recalled", ())
    rows = _rows(
        db,
        "SELECT id, at, role, content FROM messages WHERE contact_id = :contact AND id IN ({ids})",
        contact_id,
        ids,
    )
    return sorted(rows, key=lambda row: ids.index(row["id"]))


def told(db: Database, contact_id: int, used: Mapping[str, Any]) -> list[str]:
    """The same in lines for a person."""
    facts = [
        f"Knew {row['predicate']}: {row['value']} ({_source(row)}, since {row['since'][:10]})"
        for row in facts_used(db, contact_id, used)
    ]
    recalled = [
        f"Recalled message {row['id']} of {row['at'][:10]}: {' '.join(row['content'].split())[:SHOWN]}"
        for row in messages_recalled(db, contact_id, used)
    ]
    summary = [f"Summary from messages {_listed(used['summary'])}"] if used.get("summary") else []
    return [*facts, *recalled, *summary]


def _source(row: Row) -> str:
    return f"message {row['message_id']}" if row["message_id"] else "set by hand"


def _listed(ids: Sequence[int]) -> str:
    shown = ", ".join(map(str, sorted(ids)[:20]))
    return shown if len(ids) <= 20 else f"{shown} and {len(ids) - 20} more"


def _rows(db: Database, sql: str, contact_id: int, ids: Sequence[int]) -> list[Row]:
    if not ids:
        return []
    names = {f"id_{n}": each for n, each in enumerate(ids)}
    return db.all(sql.format(ids=", ".join(f":{name}" for name in names)), contact=contact_id, **names)
