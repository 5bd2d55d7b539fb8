"""A turn's memory work, by this memory and by others: two messages stored, the context read."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchmarks.figures import Figure, share
from memory import ConversationMemory
from memory.conversations.channel_messages import Inbound, Outgoing
from memory.conversations.messages import Messages
from memory.conversations.sessions import Sessions
from memory.people.address import Address
from memory.people.contacts import Contacts
from memory.recall.search import Search
from memory.storage.database import Database
from memory.storage.timestamps import now, to_text
from tests.servers import PostgresServer

# This memory: `ConversationMemory.add_message` twice, each committed with all that a message brings (contact, session,
# facts, counts, the note for the index), and `get_conversation_context` with the newest 50. Indexing runs after the reply
# and is timed apart. Commits do not wait for the disk; the row "as the webhook does" does, for the incoming message.
# The others: as in their manuals, with their own settings. openai-agents (WAL) and LangChain (rollback journal) wait for
# the disk at each commit, SQLite's default. The first design reads and writes its file whole and waits for nothing.
SIZES = (10, 1_000, 50_000)  # messages before the turn
TURNS, AT_ONCE = 400, 20
MOST_SECONDS = 4.0  # of one store at one size: some need a second for a turn
NEWEST = 50
BRAND, PHONE, SHOP = "voyage", "+14155550101", "+14155238886"
QUESTION = "do you have a gaming laptop under 1500 euros?"
ANSWER = "Yes: the Aspire 7 at 1,299 EUR, in stock, delivered within three days."
NEEDED = {"agents": "openai-agents", "langchain_community": "langchain-community"}


class Store(Protocol):
    """Remembers one conversation."""

    def fill(self, count: int) -> None:
        """`count` earlier messages, in bulk."""

    def turn(self) -> None:
        """Store a question and an answer, read the context."""


class OurMemory:
    """By the names of the first design."""

    def __init__(self, url: str | Path) -> None:
        self.db = Database(url)
        self._memory = ConversationMemory(db=self.db, brand=BRAND, our_number=SHOP)
        self._search = Search(self.db)
        self._memory.add_message(PHONE, "user", "hello")

    def fill(self, count: int) -> None:
        """Indexed."""
        self.db.run(
            "INSERT INTO messages (brand, contact_id, session_id, role, kind, content, state, at)"
            " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
            " SELECT :brand, c.id, c.session_id, CASE i % 2 WHEN 0 THEN 'assistant' ELSE 'user' END, 'text',"
            " CASE i % 2 WHEN 0 THEN :told ELSE :asked END, 'handled', :at FROM n, contacts c",
            count=count,
            brand=BRAND,
            asked=QUESTION,
            told=ANSWER,
            at=to_text(now()),
        )
        self.index()

    def turn(self) -> None:
        self._memory.add_message(PHONE, "user", QUESTION)
        self._memory.add_message(PHONE, "assistant", ANSWER)
        self._memory.get_conversation_context(PHONE)

    def index(self) -> None:
        """Done by the program every two seconds."""
        self._search.catch_up_fully()


class Desk(OurMemory):
    """As the program does: the question through the webhook's intake, the answer into the outbox."""

    def __init__(self, url: str | Path) -> None:
        super().__init__(url)
        contacts = Contacts(self.db, now)
        self._messages = Messages(self.db, contacts, Sessions(self.db), now)
        self._contact = contacts.find(BRAND, PHONE).id
        self._said = 0

    def turn(self) -> None:
        """Durable on the way in: the provider does not ask again."""
        self._said += 1
        address = Address(f"whatsapp:{PHONE}", phone=PHONE)
        inbound = Inbound(f"SM{self._said:032d}", SHOP, address, "text", QUESTION, now())
        with self.db.transaction(durable=True):
            self._messages.take_in(BRAND, inbound)
        self._messages.put_out(self._contact, Outgoing(ANSWER))
        self._messages.history(self._contact, limit=NEWEST)


class OpenAIAgents:
    """SQLiteSession, a turn in one run of its event loop."""

    def __init__(self, folder: Path, limit: int | None) -> None:
        from agents import SQLiteSession

        self._session = SQLiteSession(PHONE, folder / f"agents-{limit}.db")
        self._limit = limit
        self._runner = asyncio.Runner()

    def fill(self, count: int) -> None:
        pairs = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}]
        self._runner.run(self._session.add_items(pairs * (count // 2)))

    def turn(self) -> None:
        self._runner.run(self._turn())

    async def _turn(self) -> None:
        await self._session.add_items([{"role": "user", "content": QUESTION}])
        await self._session.add_items([{"role": "assistant", "content": ANSWER}])
        await self._session.get_items(limit=self._limit)


class LangChain:
    """SQLChatMessageHistory, which reads everything."""

    def __init__(self, folder: Path) -> None:
        from langchain_community.chat_message_histories import SQLChatMessageHistory

        self._history = SQLChatMessageHistory(PHONE, connection=f"sqlite:///{folder / 'langchain.db'}")

    def fill(self, count: int) -> None:
        from langchain_core.messages import AIMessage, HumanMessage

        self._history.add_messages([HumanMessage(QUESTION), AIMessage(ANSWER)] * (count // 2))

    def turn(self) -> None:
        self._history.add_user_message(QUESTION)
        self._history.add_ai_message(ANSWER)
        _ = self._history.messages


class WholeFile:
    """The first design's JSON file a person, read and written whole."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "conversation.json"

    def fill(self, count: int) -> None:
        said = [self._message("user", QUESTION), self._message("assistant", ANSWER)]
        self._file.write_text(json.dumps({"messages": said * (count // 2)}, indent=2), encoding="utf-8")

    def turn(self) -> None:
        self._append("user", QUESTION)
        self._append("assistant", ANSWER)
        _ = self._read()["messages"][-NEWEST:]

    def _append(self, role: str, content: str) -> None:
        known = self._read()
        known["messages"].append(self._message(role, content))
        self._file.write_text(json.dumps(known, indent=2), encoding="utf-8")

    def _read(self) -> dict[str, Any]:
        known: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        return known

    def _message(self, role: str, content: str) -> dict[str, Any]:
        return {"timestamp": to_text(now()), "role": role, "content": content, "message_type": None, "metadata": {}}


@dataclass
class Timed:
    """Times in milliseconds."""

    name: str
    store: Store
    theirs: bool
    took: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)  # milliseconds of processor, in all threads
    indexing: float = 0.0  # milliseconds a turn, of ours, after the reply

    def run_turns(self) -> None:
        for _ in range(AT_ONCE):
            if sum(self.took) < MOST_SECONDS * 1000:
                start = time.process_time()
                self.took.append(_timed(self.store.turn))
                self.worked.append((time.process_time() - start) * 1000)

    def index(self) -> None:
        """Of our memory only."""
        if isinstance(self.store, OurMemory):
            self.indexing = _timed(self.store.index) / len(self.took)

    @property
    def median(self) -> float:
        return share(self.took, 0.5)


def measure() -> list[Figure]:
    _require_packages()
    figures: list[Figure] = []
    small: dict[str, float] = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            timed = _measured(_stores(Path(folder)), size)
        figures += [_row(one, size) for one in timed]
        figures += _promises(timed, size, small)
    with PostgresServer() as server:
        for size in SIZES:
            url = server.create(f"bench{size}")
            figures += [
                _row(one, size) for one in _measured([("this memory on PostgreSQL", OurMemory(url), False)], size)
            ]
    return figures


def _stores(folder: Path) -> Sequence[tuple[str, Store, bool]]:
    return (
        ("this memory", OurMemory(folder / "ours.db"), False),
        ("this memory, as the webhook does", Desk(folder / "desk.db"), False),
        ("openai-agents, newest 50", OpenAIAgents(folder, NEWEST), True),
        ("openai-agents, as it comes", OpenAIAgents(folder, None), True),
        ("LangChain", LangChain(folder), True),
        ("one JSON file", WholeFile(folder), True),
    )


def _measured(stores: Sequence[tuple[str, Store, bool]], size: int) -> list[Timed]:
    timed = [Timed(name, store, theirs) for name, store, theirs in stores]
    with ExitStack() as ends:
        for one in timed:
            one.store.fill(size)
            if isinstance(one.store, OurMemory):
                ends.callback(one.store.db.close)
            one.store.turn()  # what is read or compiled once
        for _ in range(TURNS // AT_ONCE):  # by turns, so that whatever else the machine does hits all alike
            for one in timed:
                one.run_turns()
        for one in timed:
            one.index()
    return timed


def _row(one: Timed, size: int) -> Figure:
    measured = f"{one.median:8.2f} {share(one.took, 0.99):8.2f} {share(one.worked, 0.5):8.2f} ms"
    return Figure(f"{size:>6,} earlier, {one.name}", measured, "median, p99, median of processor time")


def _promises(timed: Sequence[Timed], size: int, small: dict[str, float]) -> list[Figure]:
    ours, fastest = timed[0], min((one for one in timed if one.theirs), key=lambda one: one.median)
    ratio, whole = fastest.median / ours.median, fastest.median / (ours.median + ours.indexing)
    worst, work = share(ours.took, 0.99), share(fastest.worked, 0.5) / share(ours.worked, 0.5)
    growth = ours.median / small.setdefault(ours.name, ours.median)
    return [
        Figure(f"{size:>6,} earlier, times as fast as {fastest.name}", f"{ratio:.1f}", "4 or more", ratio >= 4),
        Figure(f"{size:>6,} earlier, the same by processor time", f"{work:.1f}"),
        Figure(f"{size:>6,} earlier, the same with the indexing counted in", f"{whole:.1f}"),
        Figure(f"{size:>6,} earlier, 99 of 100 turns of this memory", f"{worst:.2f} ms", "under 5 ms", worst < 5),
        Figure(f"{size:>6,} earlier, this memory / the same with 10", f"{growth:.2f}", "1.2 at most", growth <= 1.2),
    ]


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _require_packages() -> None:
    missing = [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise SystemExit(f"{' and '.join(missing)} are compared with: pip install -r requirements-bench.txt")
