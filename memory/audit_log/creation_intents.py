"""What is to be made in an ad account, so that it is made once: each thing with a token, before it is asked for."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from memory.ads.ad_account import Kind
from memory.storage.database import Database, Row
from memory.storage.timestamps import Clock, from_text, to_text

# planned: never asked for; asked: it may be there; made: it is there; dropped: it is not wanted any more.
IntentState = Literal["planned", "asked", "made", "dropped"]
# making: parts are being made, all paused; made: all there, being published; live; dropped: taken away again.
LaunchState = Literal["making", "publishing", "live", "dropped"]


TOKEN_LETTERS = "23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ"  # none that look alike  # noqa: S105
TOKEN_LENGTH = 8  # 54^8: a million tokens collide with a chance of 1 in 140, and the unique key decides


@dataclass(frozen=True, slots=True)
class Part:
    """One thing of a launch: `part` says which (campaign, ad_set 0, creative 0, ad 0); `body` what it is to be."""

    part: str
    kind: Kind
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Intent(Part):
    """A thing of a launch as it was written down, and how far it has come."""

    id: int
    launch_id: int
    account_id: str
    token: str
    state: IntentState
    tries: int
    object_id: str | None
    asked_at: datetime | None


@dataclass(frozen=True, slots=True)
class LaunchRecord:
    """A launch: everything of it belongs to one campaign and goes live together, or not at all."""

    id: int
    brand: str
    account_id: str
    change_id: int
    name: str
    at: datetime
    state: LaunchState
    fault: str


class Intents:
    """The journal of what is made."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def plan(self, brand: str, account_id: str, change_id: int, name: str, parts: Sequence[Part]) -> LaunchRecord:
        """Write a launch down with all its parts, each with a token of its own; call it in a transaction."""
        launch_id = self._db.insert(
            "INSERT INTO ad_launches (brand, account_id, change_id, name, at, state)"
            " VALUES (:brand, :account, :change, :name, :now, 'making') RETURNING id",
            brand=brand,
            account=account_id,
            change=change_id,
            name=name,
            now=to_text(self._clock()),
        )
        for part in parts:
            self._db.insert(
                "INSERT INTO ad_intents (launch_id, account_id, part, kind, token, body, state)"
                " VALUES (:launch, :account, :part, :kind, :token, :body, 'planned') RETURNING id",
                launch=launch_id,
                account=account_id,
                part=part.part,
                kind=part.kind,
                token=new_token(),
                body=json.dumps(dict(part.body)),
            )
        return self.launch(launch_id)

    def ask(self, intent_id: int) -> bool:
        """The account is about to be asked for it. True where it never was before: then it can't be there yet."""
        with self._db.transaction(durable=True):
            before = self._db.value("SELECT state FROM ad_intents WHERE id = :id", id=intent_id)
            self._db.run(
                "UPDATE ad_intents SET state = 'asked', tries = tries + 1, asked_at = :now WHERE id = :id",
                now=to_text(self._clock()),
                id=intent_id,
            )
        return bool(before == "planned")

    def made(self, intent_id: int, object_id: str) -> None:
        """It is there, under this id."""
        self._db.run(
            "UPDATE ad_intents SET state = 'made', object_id = :object WHERE id = :id", object=object_id, id=intent_id
        )

    def publish(self, launch_id: int) -> None:
        """All parts are there; from now on they are being switched on."""
        self._db.run("UPDATE ad_launches SET state = 'publishing' WHERE id = :id AND state = 'making'", id=launch_id)

    def finish(self, launch_id: int, state: Literal["live", "dropped"], fault: str = "") -> None:
        """How the launch ended."""
        with self._db.transaction():
            self._db.run(
                "UPDATE ad_launches SET state = :state, fault = :fault WHERE id = :id",
                state=state,
                fault=fault,
                id=launch_id,
            )
            if state == "dropped":
                self._db.run("UPDATE ad_intents SET state = 'dropped' WHERE launch_id = :id", id=launch_id)

    def launch(self, launch_id: int) -> LaunchRecord:
        """A launch by its number, which must exist."""
        return _launch(self._row("SELECT * FROM ad_launches WHERE id = :id", id=launch_id))

    def of_change(self, change_id: int) -> LaunchRecord:
        """The launch that this change wrote down."""
        return _launch(self._row("SELECT * FROM ad_launches WHERE change_id = :id", id=change_id))

    def parts(self, launch_id: int) -> list[Intent]:
        """The parts of a launch, in the order in which they are made."""
        rows = self._db.all("SELECT * FROM ad_intents WHERE launch_id = :id ORDER BY id", id=launch_id)
        return [_intent(row) for row in rows]

    def open_in(self, account_id: str) -> list[LaunchRecord]:
        """Launches of this account that are under way, by any process."""
        rows = self._db.all(
            "SELECT * FROM ad_launches WHERE account_id = :id AND state IN ('making', 'publishing') ORDER BY id",
            id=account_id,
        )
        return [_launch(row) for row in rows]

    def tokens(self, account_id: str) -> dict[str, Intent]:
        """Everything that was ever to be made in this account, by its token."""
        rows = self._db.all("SELECT * FROM ad_intents WHERE account_id = :id", id=account_id)
        return {row["token"]: _intent(row) for row in rows}

    def _row(self, sql: str, **values: Any) -> Row:
        row = self._db.one(sql, **values)
        assert row is not None, "launches are never deleted"
        return row


def new_token() -> str:
    """Short enough to stand behind a name, and nobody's guess."""
    return "".join(secrets.choice(TOKEN_LETTERS) for _ in range(TOKEN_LENGTH))


def _launch(row: Row) -> LaunchRecord:
    return LaunchRecord(
        id=row["id"],
        brand=row["brand"],
        account_id=row["account_id"],
        change_id=row["change_id"],
        name=row["name"],
        at=from_text(row["at"]),
        state=cast(LaunchState, row["state"]),
        fault=row["fault"],
    )


def _intent(row: Row) -> Intent:
    return Intent(
        id=row["id"],
        launch_id=row["launch_id"],
        account_id=row["account_id"],
        part=row["part"],
        kind=cast(Kind, row["kind"]),
        token=row["token"],
        body=json.loads(row["body"]),
        state=cast(IntentState, row["state"]),
        tries=row["tries"],
        object_id=row["object_id"],
        asked_at=None if row["asked_at"] is None else from_text(row["asked_at"]),
    )
