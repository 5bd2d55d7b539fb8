"""The simulator's state, in memory or a SQLite file."""

from __future__ import annotations

import base64
import json
import secrets
import sqlite3
import threading
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlite_utils


def new_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


@dataclass(slots=True)
class Person:
    address: str  # whatsapp:+… or whatsapp:CC.id
    name: str
    user_id: str | None = None
    open: bool = False  # whether they look at the chat: messages are then read
    blocked: bool = False


@dataclass(slots=True)
class Attachment:
    sid: str
    content_type: str
    content: bytes


@dataclass(slots=True)
class Letter:
    """A message, either direction."""

    sid: str
    direction: str  # inbound, outbound-api
    sender: str
    to: str
    body: str
    status: str
    created: str  # ISO, UTC
    sent: str | None = None
    error_code: int | None = None
    callback: str | None = None
    media_url: str | None = None
    media: list[str] = field(default_factory=list)  # sids of attachments
    buttons: list[dict[str, str]] = field(default_factory=list)
    template: bool = False
    form: dict[str, str] = field(default_factory=dict)  # what was posted, for an inbound one
    ordinal: int = 0

    @property
    def person(self) -> str:
        """The other end's address."""
        return self.sender if self.direction == "inbound" else self.to


class Chats:
    """Guarded by the condition `changed`."""

    def __init__(self, path: Path | None = None) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.people: dict[str, Person] = {}
        self.letters: dict[str, Letter] = {}
        self.attachments: dict[str, Attachment] = {}
        self.contents: dict[str, dict[str, Any]] = {}
        self.secrets: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []
        self.run = secrets.token_hex(8)  # events are numbered anew in each run
        self.closed = False
        self._by_person: defaultdict[str, dict[str, Letter]] = defaultdict(dict)
        self._file = _open(path) if path else None
        self._ordinal = 0
        self._read_back()

    def secret(self, name: str, made: str) -> str:
        """The stored secret, or `made` the first time."""
        with self.changed:
            if name not in self.secrets:
                self.secrets[name] = made
                self._write("secret", name, made)
            return self.secrets[name]

    def person(self, address: str, name: str = "", user_id: str | None = None) -> Person:
        """Created if missing."""
        with self.changed:
            known = self.people.get(address)
            if known is None:
                known = self.people[address] = Person(address, name or "Someone", user_id)
                self.keep_person(known)
            return known

    def keep_person(self, person: Person) -> None:
        with self.changed:
            self._write("person", person.address, asdict(person))
            self.tell({"type": "person", "chat": person.address})

    def keep(self, letter: Letter) -> None:
        with self.changed:
            if not letter.ordinal:
                self._ordinal += 1
                letter.ordinal = self._ordinal
            self.letters[letter.sid] = letter
            self._by_person[letter.person][letter.sid] = letter
            self._write("letter", letter.sid, asdict(letter))
            self.tell({"type": "message", "chat": letter.person, "sid": letter.sid})

    def attach(self, attachment: Attachment) -> None:
        with self.changed:
            self.attachments[attachment.sid] = attachment
            content = base64.b64encode(attachment.content).decode()
            self._write(
                "attachment",
                attachment.sid,
                {"sid": attachment.sid, "content_type": attachment.content_type, "content": content},
            )

    def keep_content(self, content: dict[str, Any]) -> None:
        """Quick replies or a template."""
        with self.changed:
            self.contents[content["sid"]] = content
            self._write("content", content["sid"], content)

    def forget(self, letter: Letter) -> None:
        """As at Twilio, files stay."""
        with self.changed:
            del self.letters[letter.sid]
            del self._by_person[letter.person][letter.sid]
            self._erase("letter", letter.sid)
            self.tell({"type": "gone", "chat": letter.person, "sid": letter.sid})

    def forget_attachment(self, sid: str) -> None:
        with self.changed:
            self.attachments.pop(sid, None)
            self._erase("attachment", sid)

    def between(self, person: str) -> list[Letter]:
        """Oldest first."""
        with self.changed:
            return list(self._by_person[person].values())

    def last_inbound(self, person: str, ours: str) -> datetime | None:
        """When the 24-hour window started."""
        with self.changed:
            times = [one.created for one in self._by_person[person].values() if one.sender == person and one.to == ours]
        return datetime.fromisoformat(max(times)) if times else None

    def tell(self, event: dict[str, Any]) -> None:
        with self.changed:
            self.events.append({"n": len(self.events) + 1, **event})
            self.changed.notify_all()

    def news(self, after: int, seconds: float) -> list[dict[str, Any]]:
        """Waits up to `seconds` for the first event after number `after`."""
        with self.changed:
            self.changed.wait_for(lambda: self.closed or len(self.events) > after, timeout=seconds)
            return self.events[after:]

    def close(self) -> None:
        """Releases all waiters."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def _write(self, kind: str, key: str, value: Any) -> None:
        if self._file is not None:
            row = {"kind": kind, "key": key, "value": json.dumps(value)}
            self._file["things"].upsert(row, pk=("kind", "key"))  # type: ignore[union-attr]

    def _erase(self, kind: str, key: str) -> None:
        if self._file is not None:
            self._file["things"].delete_where("kind = ? and key = ?", [kind, key])  # type: ignore[union-attr]

    def _read_back(self) -> None:
        if self._file is None:
            return
        for row in self._file["things"].rows:
            self._restore(row["kind"], row["key"], json.loads(row["value"]))
        self.letters = dict(sorted(self.letters.items(), key=lambda item: item[1].ordinal))
        for letter in self.letters.values():
            self._by_person[letter.person][letter.sid] = letter
            self._ordinal = letter.ordinal

    def _restore(self, kind: str, key: str, value: Any) -> None:
        match kind:
            case "secret":
                self.secrets[key] = value
            case "person":
                self.people[key] = Person(**{**value, "open": False})
            case "letter":
                self.letters[key] = Letter(**value)
            case "content":
                self.contents[key] = value
            case "attachment":
                self.attachments[key] = Attachment(
                    value["sid"], value["content_type"], base64.b64decode(value["content"])
                )


def _open(path: Path) -> sqlite_utils.Database:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = sqlite_utils.Database(sqlite3.connect(path, check_same_thread=False, timeout=15))  # guarded by `changed`
    file["things"].create(  # type: ignore[union-attr]
        {"kind": str, "key": str, "value": str}, pk=("kind", "key"), if_not_exists=True
    )
    return file
