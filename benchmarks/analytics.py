"""Times of the HTTP API over 100,000 people and 1,000,000 messages."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from flask import Flask
from flask.testing import FlaskClient

from benchmarks.figures import Figure, share
from bot.settings import Settings
from bot.web.access import issue_token
from bot.web.api.conversations import Parts, register
from memory.conversation import ConversationMemory
from memory.conversations.analytics import Analytics
from memory.conversations.messages import Messages
from memory.conversations.sessions import Sessions
from memory.conversations.turns import Turns
from memory.people.contacts import Contacts
from memory.security.secret_keys import SecretKeys
from memory.storage.database import Database
from memory.storage.migrations import STEPS
from memory.storage.timestamps import now, to_text
from memory.upkeep.erasure import Erasure
from tests.turn_changes import turn_changes

PEOPLE = 100_000
MESSAGES = 1_000_000
HEAVY = 50_000  # of them one person's
BATCH = 10_000
ASKED = 300
LIMIT_MS = 50.0
KEYS = SecretKeys(("only for this benchmark, and only on this machine",))
BRAND = "bench"
INTERESTS = ("laptops", "smartphones", "gaming", "eyewear", "accessories", "headphones")
TYPES = ("greeting", "product_inquiry", "order", "currency_conversion", "support_request", "other")


def measure() -> list[Figure]:
    folder = Path(tempfile.gettempdir()) / "hawker-bench"
    folder.mkdir(exist_ok=True)
    path = folder / f"{PEOPLE}-{MESSAGES}.db"
    if not path.exists():
        build(path)
    return ask_all(client(path))


def ask_all(http: FlaskClient) -> list[Figure]:
    chance = random.Random(7)
    paths: dict[str, Callable[[], str]] = {
        "/analytics/users": lambda: f"/analytics/users?after={chance.randrange(PEOPLE)}",
        "/conversation": lambda: f"/conversation/{phone(chance.randrange(1, PEOPLE + 1))}",
        f"/conversation of {HEAVY:,} messages": lambda: f"/conversation/{phone(1)}",
    }
    figures = []
    for name, path in paths.items():
        took = [ask(http, path()) for _ in range(ASKED)]
        figures += [figure(f"{name}, median", share(took, 0.5)), figure(f"{name}, p99", share(took, 0.99))]
    took = [ask(http, "/analytics/messages?days=30") for _ in range(5)]
    return [*figures, Figure("/analytics/messages, median", f"{share(took, 0.5):.1f} ms")]


def figure(name: str, took_ms: float) -> Figure:
    return Figure(name, f"{took_ms:.1f} ms", f"under {LIMIT_MS:g} ms", took_ms < LIMIT_MS)


def ask(http: FlaskClient, path: str) -> float:
    """Milliseconds. Raises RuntimeError unless the answer is 200."""
    head = {"Authorization": f"Bearer {issue_token(KEYS, now, 'analyst')}"}
    start = time.perf_counter()
    answer = http.get(path, headers=head)
    took = (time.perf_counter() - start) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text}")
    return took


def client(path: Path) -> FlaskClient:
    """Only the API, over this file."""
    db = Database(path)
    contacts = Contacts(db, now)
    messages = Messages(db, contacts, Sessions(db), now)
    app = Flask("bench", static_folder=None)
    parts = Parts(
        settings=Settings.from_environment({}),
        keys=KEYS,
        clock=now,
        brands=[BRAND],
        db=db,
        contacts=contacts,
        conversations={BRAND: ConversationMemory(db=db, brand=BRAND)},
        messages=messages,
        turns=Turns(db, messages, now, turn_changes(db, now, contacts, messages)),
        analytics=Analytics(db, now),
        provider=None,
        examined=[],
        erasure=Erasure(db, now, KEYS),
    )
    register(app, parts)
    return app.test_client()


def phone(contact: int) -> str:
    return f"+9198{contact:08d}"


def build(path: Path) -> None:
    """Moved into place when it is whole."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    db = Database(draft)
    db.migrate(STEPS)
    with click.progressbar(length=PEOPLE + MESSAGES, label="writing people and messages") as bar:
        for first in range(1, PEOPLE + 1, BATCH):
            write_people(db, first)
            bar.update(BATCH)
        for first in range(1, MESSAGES + 1, BATCH):
            write_messages(db, first)
            bar.update(BATCH)
    write_tallies(db)
    db.close()
    draft.rename(path)


def insert_all(db: Database, table: str, rows: Iterable[dict[str, object]]) -> None:
    for row in rows:
        db.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(':' + column for column in row)})", **row)


def write_people(db: Database, first: int) -> None:
    """Each with an identity, a session and two interests."""
    at = to_text(now())
    people = range(first, first + BATCH)
    with db.transaction():
        insert_all(db, "contacts",
            ({"id": n, "brand": BRAND, "name": f"Person {n}", "address": f"whatsapp:{phone(n)}",
             "our_number": "+14155238886", "session_id": n, "total_interactions": 5, "first_seen_at": at,
             "last_interaction_at": at, "preferred_currency": "INR", "language": "en"} for n in people),
        )  # fmt: skip
        insert_all(
            db,
            "identities",
            (
                {"brand": BRAND, "kind": "phone", "value": phone(n), "contact_id": n, "raw": f"whatsapp:{phone(n)}"}
                for n in people
            ),
        )
        insert_all(
            db,
            "sessions",
            (
                {"id": n, "brand": BRAND, "contact_id": n, "created_at": at, "last_at": at, "total_messages": 10}
                for n in people
            ),
        )
        insert_all(db, "interests",
            ({"contact_id": n, "brand": BRAND, "interest": INTERESTS[(n + k) % len(INTERESTS)], "times": 1 + k,
             "last_at": at} for n in people for k in (0, 1)),
        )  # fmt: skip


def write_messages(db: Database, first: int) -> None:
    """Over all people and the last sixty days; each second one is a reply with its turn."""
    with db.transaction():
        insert_all(db, "messages", message_rows(first))
        insert_all(db, "turns",
            ({"id": n, "brand": BRAND, "contact_id": owner(n), "at": moment(n), "waited_ms": (n * 7919) % 9000,
             "answered_by": ("model", "built-in", "people")[n % 7 % 3]} for n in range(first + 1, first + BATCH, 2)),
        )  # fmt: skip


def message_rows(first: int) -> Iterator[dict[str, object]]:
    for n in range(first, first + BATCH):
        yield {
            "id": n, "brand": BRAND, "contact_id": owner(n), "session_id": owner(n),
            "role": "user" if n % 2 else "assistant", "provider_id": f"SM{n:032d}", "kind": "text",
            "content": "Do you have a gaming laptop under 1500 euros?", "message_type": TYPES[n % len(TYPES)],
            "state": "handled" if n % 2 else "read", "at": moment(n), "turn_id": n + n % 2,
        }  # fmt: skip


def owner(n: int) -> int:
    """Pairs of question and reply; every twentieth pair is the heavy writer's."""
    pair = (n + 1) // 2
    return 1 if pair % (MESSAGES // HEAVY) == 0 else 1 + pair % PEOPLE


def moment(n: int) -> str:
    """Evenly over sixty days that end a little before the build."""
    return to_text(START + timedelta(days=60) * (n / MESSAGES))


def write_tallies(db: Database) -> None:
    days = [to_text(START + timedelta(days=day))[:10] for day in range(61)]
    each = MESSAGES // 2 // len(days) // len(TYPES)
    rows = [("contacts", "", "", PEOPLE), ("interactions", "", "", MESSAGES // 2)]
    rows += [("interests", "", interest, 2 * PEOPLE // len(INTERESTS)) for interest in INTERESTS]
    rows += [("message_type", day, kind, each) for day in days for kind in TYPES]
    rows += [("language", day, "en", each * len(TYPES)) for day in days]
    with db.transaction():
        insert_all(
            db,
            "tallies",
            ({"brand": BRAND, "name": name, "day": day, "key": key, "n": n} for name, day, key, n in rows),
        )


START = datetime.now(UTC) - timedelta(days=60, hours=1)
