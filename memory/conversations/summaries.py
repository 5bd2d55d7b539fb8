"""The thread of a long conversation: one dated line for each message that mattered, written as the conversation grows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, NamedTuple

from babel import Locale

from bot.language.languages import FIRST, LANGUAGES, about
from bot.language.reading.patterns import one_of
from bot.language.reading.statements import read_facts
from memory.conversations.messages import MESSAGE, Message, Said
from memory.storage.database import Database
from memory.storage.table import INTEGER, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, from_text

# What a line tells, the weightiest first; a context takes of each in turn.
KINDS = ("complained", "ordered", "promised", "quoted", "dated", "told", "asked", "said")
CHUNK = 20  # messages that are summarised together
RECENT = 12  # newest messages that are left alone while their session goes on
SESSION = timedelta(hours=24)
MOST_LINES = 5  # of one chunk
MOST_OF_ONE = 2  # of them of one kind
MOST_OF_A_KIND = 40  # lines that one summary chooses from
LONGEST_LINE = 140  # characters


SUMMARIES = Table(
    "summaries",
    Column("contact_id", INTEGER),
    Column("message_id", INTEGER),
    Column("kind", TEXT),
    Column("content", TEXT),
    Column("by", TEXT),
    Column("at", TIMESTAMP),
    key="contact_id, message_id",
    indexes=[
        Index("summaries_by_kind", "contact_id, kind, message_id"),
    ],
)


def _calendar_names(part: str, *widths: str) -> dict[str, str]:
    """By language, its names of months or days, as long as `widths`, as one group of alternatives."""
    found = {}
    for language in LANGUAGES:
        names = getattr(Locale.parse(about(language).locale), part)["format"]
        known = {name.casefold().rstrip(".") for width in widths for name in names[width].values()}
        found[language] = f"(?:{'|'.join(sorted(map(re.escape, known), key=lambda name: (-len(name), name)))})"
    return found


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(one_of("summaries", key, weekday=_WEEKDAY, month=_MONTH), re.IGNORECASE)


# Short days are other words as well: "el mar" is the sea.
_WEEKDAY, _MONTH = _calendar_names("days", "wide"), _calendar_names("months", "wide", "abbreviated")
_MONEY = re.compile(
    r"[€$£₹]\s?\d|\d\s?[€$£₹]"
    rf"|\b\d[\d.,]*\s?(?:eur|usd|gbp|inr|brl|mxn|{one_of('summaries', 'currencies')})\b",
    re.IGNORECASE,
)
_DATE = re.compile(r"\b\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?\b|\b\d{4}-\d\d-\d\d\b")
_DATED, _PROMISED, _COMPLAINED, _ORDERED, _OF_SELF = (
    _pattern(key) for key in ("dated", "promised", "complained", "ordered", "of_self")
)

# The newest lines of every kind as one question, which takes a third of the time of eight.
_NEWEST = " UNION ALL ".join(
    "SELECT * FROM (SELECT message_id, kind, content, at, by FROM summaries WHERE contact_id = :id"
    f" AND kind = '{kind}' AND message_id < :before ORDER BY message_id DESC LIMIT :most) AS {kind}"
    for kind in KINDS
)


class SummaryLine(NamedTuple):
    """One message in short: what it was, in its own words or a model's."""

    message_id: int
    kind: str  # one of KINDS
    text: str
    at: datetime  # when the message was said
    by: str = "built-in"  # built-in, model


class Summaries:
    """The lines of every contact, and how far they reach."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def next_chunk(self, contact_id: int) -> list[Message]:
        """The oldest messages that are to be summarised now, oldest first; empty while all of them are recent."""
        upto = self._upto(contact_id)
        messages = MESSAGE.all(
            self._db,
            f"SELECT {MESSAGE.columns} FROM messages WHERE contact_id = :id AND id > :upto ORDER BY id LIMIT :most",
            id=contact_id,
            upto=upto,
            most=CHUNK + RECENT,
        )
        if len(messages) == CHUNK + RECENT:
            return messages[:CHUNK]
        return [message for message in messages if self._clock() - message.at > SESSION][:CHUNK]

    def keep(self, contact_id: int, chunk: Sequence[Message], lines: Iterable[SummaryLine]) -> bool:
        """Write the lines of a chunk and move on behind it, together.

        False, and nothing written, where another process did that first, or the person was erased meanwhile.
        """
        with self._db.transaction():
            self._db.hold(f"summary of {contact_id}")
            known = self._db.one("SELECT 1 FROM contacts WHERE id = :id", id=contact_id)
            if known is None or self._upto(contact_id) >= chunk[-1].id:
                return False
            for line in lines:
                row = SUMMARIES.stored(
                    contact_id=contact_id,
                    message_id=line.message_id,
                    kind=line.kind,
                    content=line.text[:LONGEST_LINE],
                    by=line.by,
                    at=line.at,
                )
                self._db.run(SUMMARIES.insert(row, "ON CONFLICT DO NOTHING"), **row)
            self._move_on(contact_id, chunk[-1].id)
        return True

    def catch_up(
        self, contact_id: int, write: Callable[[Sequence[Message]], Sequence[SummaryLine]] | None = None
    ) -> int:
        """Summarise everything that is due; how many messages that took in. `write` may know better than `extract`."""
        taken = 0
        while chunk := self.next_chunk(contact_id):
            self.keep(contact_id, chunk, (write or extract)(chunk))
            taken += len(chunk)
        return taken

    def skip(self, contact_id: int) -> None:
        """Move on behind the next chunk, which nobody could read, without a line of it."""
        ids = self._db.tuples(
            "SELECT id FROM messages WHERE contact_id = :id AND id > :upto ORDER BY id LIMIT :most",
            id=contact_id,
            upto=self._upto(contact_id),
            most=CHUNK,
        )
        if ids:
            self._move_on(contact_id, ids[-1][0])

    def is_due(self, contact_id: int, newest: Sequence[Message | Said], *, are_all: bool) -> bool:
        """Whether `catch_up` may find something to do, by the contact's `newest` messages: read for a context anyway.

        `are_all`: nothing was said before them.
        """
        upto = self._upto(contact_id)
        left = [message for message in newest if message.id > upto]
        if len(left) >= CHUNK + RECENT or (len(left) == len(newest) and not are_all):
            return True
        over = self._clock() - SESSION
        return any(message.at < over for message in left)

    def lines(
        self, contact_id: int, *, most: int = MOST_OF_A_KIND * len(KINDS), before: int | None = None
    ) -> list[SummaryLine]:
        """The lines to tell from, weightiest first: of every kind in turn the newest.

        A context takes as many from the beginning as it has room for, and shows them by date. `most`: no more than
        these; `before`: of messages older than the one with this id.
        """
        first = 1 << 62 if before is None else before
        rows = self._db.tuples(_NEWEST, id=contact_id, before=first, most=min(most, MOST_OF_A_KIND))
        kinds: dict[str, list[tuple[Any, ...]]] = {kind: [] for kind in KINDS}
        for row in rows:
            kinds[row[1]].append(row)
        said = kinds.pop(KINDS[-1])
        rounds = [row for each in zip_longest(*kinds.values()) for row in each if row is not None]
        return [SummaryLine(id, kind, text, from_text(at), by) for id, kind, text, at, by in (rounds + said)[:most]]

    def _move_on(self, contact_id: int, upto: int) -> None:
        self._db.run(
            "INSERT INTO readings (contact_id, marked, summary_upto) VALUES (:id, 0, :upto)"
            " ON CONFLICT (contact_id) DO UPDATE SET summary_upto = excluded.summary_upto",
            id=contact_id,
            upto=upto,
        )

    def _upto(self, contact_id: int) -> int:
        return int(self._db.value("SELECT summary_upto FROM readings WHERE contact_id = :id", id=contact_id) or 0)


def extract(chunk: Sequence[Message]) -> list[SummaryLine]:
    """The lines of a chunk in the messages' own words, without a model: at most five, of different words.

    What is only "said" (greetings, thanks) gets none.
    """
    kinds = {message.id: kind_of(message) for message in chunk}
    ranked = sorted(chunk, key=lambda message: (KINDS.index(kinds[message.id]), -_weight(message), message.id))
    kept: dict[str, Message] = {}
    seen: defaultdict[str, int] = defaultdict(int)
    for message in ranked:
        words = in_short(message.content)
        kind = kinds[message.id]
        new = words and kind != "said" and words.casefold() not in kept
        if new and seen[kind] < MOST_OF_ONE and len(kept) < MOST_LINES:
            kept[words.casefold()] = message
            seen[kind] += 1
    chosen = sorted(kept.values(), key=lambda message: message.id)
    return [SummaryLine(each.id, kinds[each.id], in_short(each.content), each.at) for each in chosen]


def kind_of(message: Message) -> str:
    """What a message was, by what the desk made of it, else by its words."""
    text, heard = message.content, message.role == "user"
    if heard and (message.message_type == "complaint_refund" or _COMPLAINED.search(text)):
        return "complained"
    if (message.message_type == "order" and heard and not text.rstrip().endswith("?")) or _ORDERED.search(text):
        return "ordered"
    if not heard and (message.metadata.get("asks_order") or _MONEY.search(text)):
        return "quoted"
    if _PROMISED.search(text):
        return "promised"
    if _DATE.search(text) or _DATED.search(text):
        return "dated"
    if heard and (_MONEY.search(text) or _OF_SELF.search(text) or read_facts(text, message.language or FIRST)):
        return "told"
    return "asked" if heard and (text.rstrip().endswith("?") or message.message_type in ASKING) else "said"


ASKING = ("product_inquiry", "pricing_discount", "order_status", "support_request", "currency_conversion")


def in_short(text: str) -> str:
    """One line of a text, cut at a word where it is long."""
    line = " ".join(text.split())
    if len(line) <= LONGEST_LINE:
        return line
    cut = line[: LONGEST_LINE - 1]
    return (cut[: cut.rfind(" ")] if " " in cut[LONGEST_LINE // 2 :] else cut).rstrip(" ,;:-") + "…"


def _weight(message: Message) -> int:
    """How much a message tells, among those of one kind: figures first, then length up to a line; people over the desk."""
    return (
        (100 if re.search(r"\d", message.content) else 0)
        + min(len(message.content), 100)
        + 30 * (message.role == "user")
    )
