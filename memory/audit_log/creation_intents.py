"""Exactly-once creation: each object of a launch is stored with a token before the platform is asked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from memory.ads.ad_account import Kind
from memory.storage.database import Database
from memory.storage.table import INTEGER, JSON, ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, to_text

# planned: never asked for; asked: it may be there; made: it is there; dropped: it is not wanted any more.
IntentState = Literal["planned", "asked", "made", "dropped"]
# making: parts are being made, all paused; made: all there, being published; live; dropped: taken away again.
LaunchState = Literal["making", "publishing", "live", "dropped"]


TOKEN_LETTERS = "23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ"  # noqa: S105  # nosec B105 # none that look alike
TOKEN_LENGTH = 8  # 54^8: a million tokens collide with a chance of 1 in 140, and the unique key decides


@dataclass(frozen=True, slots=True)
class Part:
    """An object of a launch. `part`: campaign, ad_set 0, creative 0, ad 0 …; `body`: its fields."""

    part: str
    kind: Kind
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Intent(Part):
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
    """A launch: one campaign with everything in it goes live as a whole, or not at all."""

    id: int
    brand: str
    account_id: str
    change_id: int
    name: str
    at: datetime
    state: LaunchState
    fault: str


AD_LAUNCHES = Table(
    "ad_launches",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("account_id", TEXT),
    Column("change_id", INTEGER, unique=True),
    Column("name", TEXT),
    Column("at", TIMESTAMP),
    Column("state", TEXT),
    Column("fault", TEXT, default="''"),
    indexes=[Index("ad_launches_open", "account_id, id", where="state IN ('making', 'publishing')")],
)
AD_INTENTS = Table(
    "ad_intents",
    Column("id", ROW_ID),
    Column("launch_id", INTEGER, references="ad_launches (id)"),
    Column("account_id", TEXT),
    Column("part", TEXT),
    Column("kind", TEXT),
    Column("token", TEXT, unique=True),
    Column("body", JSON),
    Column("state", TEXT),
    Column("tries", INTEGER, default="0"),
    Column("object_id", TEXT, null=True),
    Column("asked_at", TIMESTAMP, null=True),
    unique=["launch_id, part"],
    indexes=[Index("ad_intents_by_object", "account_id, object_id")],
)
LAUNCH = AD_LAUNCHES.rows(LaunchRecord)
INTENT = AD_INTENTS.rows(Intent)
_LAUNCHES = f"SELECT {LAUNCH.columns} FROM ad_launches"
_INTENTS = f"SELECT {INTENT.columns} FROM ad_intents"


class Intents:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def plan(self, brand: str, account_id: str, change_id: int, name: str, parts: Sequence[Part]) -> LaunchRecord:
        """Store a launch and its parts, each with a token; call it in a transaction."""
        launch = AD_LAUNCHES.stored(
            brand=brand, account_id=account_id, change_id=change_id, name=name, at=self._clock(), state="making"
        )
        launch_id = self._db.insert(AD_LAUNCHES.insert(launch, "RETURNING id"), **launch)
        for part in parts:
            intent = AD_INTENTS.stored(
                launch_id=launch_id,
                account_id=account_id,
                part=part.part,
                kind=part.kind,
                token=new_token(),
                body=dict(part.body),
                state="planned",
            )
            self._db.insert(AD_INTENTS.insert(intent, "RETURNING id"), **intent)
        return self.launch(launch_id)

    def ask(self, intent_id: int) -> bool:
        """Store that the platform is asked now. True the first time: then the object cannot exist yet."""
        with self._db.transaction(durable=True):
            before = self._db.value("SELECT state FROM ad_intents WHERE id = :id", id=intent_id)
            self._db.run(
                "UPDATE ad_intents SET state = 'asked', tries = tries + 1, asked_at = :now WHERE id = :id",
                now=to_text(self._clock()),
                id=intent_id,
            )
        return bool(before == "planned")

    def made(self, intent_id: int, object_id: str) -> None:
        self._db.run(
            "UPDATE ad_intents SET state = 'made', object_id = :object WHERE id = :id", object=object_id, id=intent_id
        )

    def publish(self, launch_id: int) -> None:
        """All parts exist; they are being switched on."""
        self._db.run("UPDATE ad_launches SET state = 'publishing' WHERE id = :id AND state = 'making'", id=launch_id)

    def finish(self, launch_id: int, state: Literal["live", "dropped"], fault: str = "") -> None:
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
        return self._launch("id = :id", id=launch_id)

    def of_change(self, change_id: int) -> LaunchRecord:
        return self._launch("change_id = :id", id=change_id)

    def parts(self, launch_id: int) -> list[Intent]:
        """In the order of creation."""
        return INTENT.all(self._db, f"{_INTENTS} WHERE launch_id = :id ORDER BY id", id=launch_id)

    def open_in(self, account_id: str) -> list[LaunchRecord]:
        """Unfinished, of any process."""
        return LAUNCH.all(
            self._db,
            f"{_LAUNCHES} WHERE account_id = :id AND state IN ('making', 'publishing') ORDER BY id",
            id=account_id,
        )

    def tokens(self, account_id: str) -> dict[str, Intent]:
        """Intents by token."""
        intents = INTENT.all(self._db, f"{_INTENTS} WHERE account_id = :id", id=account_id)
        return {intent.token: intent for intent in intents}

    def _launch(self, which: str, **values: Any) -> LaunchRecord:
        launch = LAUNCH.one(self._db, f"{_LAUNCHES} WHERE {which}", **values)
        assert launch is not None, "launches are never deleted"
        return launch


def new_token() -> str:
    # Short enough to append to a name, and unguessable.
    return "".join(secrets.choice(TOKEN_LETTERS) for _ in range(TOKEN_LENGTH))
