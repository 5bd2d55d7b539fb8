"""One turn's memory work, this memory's and others', side by side in one run: two messages appended, the context read.

What is timed, of this memory: `ConversationMemory.add_message` twice, with everything that a message brings about (its
person by the phone in any spelling, the session, what its text tells of the writer, the figures about customers, the
note that the index lacks it), each committed on its own, and `get_conversation_context`: profile and newest 50 messages
as text. The indexing itself runs after the reply, in the clock; it is timed apart, and counted in where a row says so.
What waits for the disk: nothing, as where the program writes what it can do again; the row "as the webhook
does" is the way of a customer's message through the program, deduplicated and waited for, and of its answer.

Of the others: what their manuals show, with their own settings. openai-agents writes a journal in WAL mode and waits for
the disk at each commit (SQLite's default); so does LangChain's, with a rollback journal. The file of the first design is
read and written whole, as it was, and waits for nothing.
"""

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

SIZES = (10, 1_000, 50_000)  # messages before the turn
TURNS, AT_ONCE = 400, 20
MOST_SECONDS = 4.0  # of one store at one size: some need a second for a turn
NEWEST = 50
BRAND, PHONE, SHOP = "voyage", "+14155550101", "+14155238886"
ASKED = "do you have a gaming laptop under 1500 euros?"
TOLD = "Yes: the Aspire 7 at 1,299 EUR, in stock, delivered within three days."
NEEDED = {"agents": "openai-agents", "langchain_community": "langchain-community"}


class Store(Protocol):
    """Something that remembers one conversation."""

    def fill(self, count: int) -> None:
        """Put `count` messages there, the short way."""

    def turn(self) -> None:
        """Append a question and an answer, read the recent context."""


class Conversation:
    """This memory, by the names of the first design."""

    def __init__(self, url: str | Path) -> None:
        self.db = Database(url)
        self._memory = ConversationMemory(db=self.db, brand=BRAND, our_number=SHOP)
        self._search = Search(self.db)
        self._memory.add_message(PHONE, "user", "hello")

    def fill(self, count: int) -> None:
        """As they were left by earlier turns, indexed."""
        self.db.run(
            "INSERT INTO messages (brand, contact_id, session_id, role, kind, content, state, at)"
            " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
            " SELECT :brand, c.id, c.session_id, CASE i % 2 WHEN 0 THEN 'assistant' ELSE 'user' END, 'text',"
            " CASE i % 2 WHEN 0 THEN :told ELSE :asked END, 'handled', :at FROM n, contacts c",
            count=count,
            brand=BRAND,
            asked=ASKED,
            told=TOLD,
            at=to_text(now()),
        )
        self.index()

    def turn(self) -> None:
        """The two messages and the context."""
        self._memory.add_message(PHONE, "user", ASKED)
        self._memory.add_message(PHONE, "assistant", TOLD)
        self._memory.get_conversation_context(PHONE)

    def index(self) -> None:
        """What the clock does every two seconds."""
        self._search.catch_up_fully()


class Desk(Conversation):
    """This memory, as the program uses it: the question through the webhook's door, the answer into the outbox."""

    def __init__(self, url: str | Path) -> None:
        super().__init__(url)
        contacts = Contacts(self.db, now)
        self._messages = Messages(self.db, contacts, Sessions(self.db), now)
        self._contact = contacts.find(BRAND, PHONE).id
        self._said = 0

    def turn(self) -> None:
        """Durable on the way in, as the provider does not ask again."""
        self._said += 1
        address = Address(f"whatsapp:{PHONE}", phone=PHONE)
        inbound = Inbound(f"SM{self._said:032d}", SHOP, address, "text", ASKED, now())
        with self.db.transaction(durable=True):
            self._messages.take_in(BRAND, inbound)
        self._messages.put_out(self._contact, Outgoing(TOLD))
        self._messages.history(self._contact, limit=NEWEST)


class OpenAIAgents:
    """SQLiteSession of openai-agents, all of a turn in one run of its event loop."""

    def __init__(self, folder: Path, limit: int | None) -> None:
        from agents import SQLiteSession

        self._session = SQLiteSession(PHONE, folder / f"agents-{limit}.db")
        self._limit = limit
        self._runner = asyncio.Runner()

    def fill(self, count: int) -> None:
        """In one go."""
        pairs = [{"role": "user", "content": ASKED}, {"role": "assistant", "content": TOLD}]
        self._runner.run(self._session.add_items(pairs * (count // 2)))

    def turn(self) -> None:
        """The two messages, each when it is there, and the items."""
        self._runner.run(self._turn())

    async def _turn(self) -> None:
        await self._session.add_items([{"role": "user", "content": ASKED}])
        await self._session.add_items([{"role": "assistant", "content": TOLD}])
        await self._session.get_items(limit=self._limit)


class LangChain:
    """SQLChatMessageHistory of langchain-community, which reads everything there is."""

    def __init__(self, folder: Path) -> None:
        from langchain_community.chat_message_histories import SQLChatMessageHistory

        self._history = SQLChatMessageHistory(PHONE, connection=f"sqlite:///{folder / 'langchain.db'}")

    def fill(self, count: int) -> None:
        """In one go."""
        from langchain_core.messages import AIMessage, HumanMessage

        self._history.add_messages([HumanMessage(ASKED), AIMessage(TOLD)] * (count // 2))

    def turn(self) -> None:
        """The two messages and all of them."""
        self._history.add_user_message(ASKED)
        self._history.add_ai_message(TOLD)
        _ = self._history.messages


class WholeFile:
    """The first design: one JSON file a person, read and written whole."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "conversation.json"

    def fill(self, count: int) -> None:
        """In one go."""
        said = [self._message("user", ASKED), self._message("assistant", TOLD)]
        self._file.write_text(json.dumps({"messages": said * (count // 2)}, indent=2), encoding="utf-8")

    def turn(self) -> None:
        """The two messages, and the newest."""
        self._append("user", ASKED)
        self._append("assistant", TOLD)
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
    """A store, and how long its turns took, in milliseconds."""

    name: str
    store: Store
    theirs: bool
    took: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)  # milliseconds of processor, in all threads
    indexing: float = 0.0  # milliseconds a turn, of ours, after the reply

    def go_on(self) -> None:
        """Some more turns, unless it had its time."""
        for _ in range(AT_ONCE):
            if sum(self.took) < MOST_SECONDS * 1000:
                start = time.process_time()
                self.took.append(_timed(self.store.turn))
                self.worked.append((time.process_time() - start) * 1000)

    def index(self) -> None:
        """What our turns left to the clock."""
        if isinstance(self.store, Conversation):
            self.indexing = _timed(self.store.index) / len(self.took)

    @property
    def median(self) -> float:
        """Half of the turns took less."""
        return share(self.took, 0.5)


def measure() -> list[Figure]:
    """Every store at every size: half of the turns and 99 of 100 took less than this, and what that is of the others'."""
    _require_the_others()
    figures: list[Figure] = []
    small: dict[str, float] = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            timed = _measured(_beside_each_other(Path(folder)), size)
        figures += [_row(one, size) for one in timed]
        figures += _promises(timed, size, small)
    with PostgresServer() as server:
        for size in SIZES:
            url = server.create(f"bench{size}")
            figures += [
                _row(one, size) for one in _measured([("this memory on PostgreSQL", Conversation(url), False)], size)
            ]
    return figures


def _beside_each_other(folder: Path) -> Sequence[tuple[str, Store, bool]]:
    return (
        ("this memory", Conversation(folder / "ours.db"), False),
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
            if isinstance(one.store, Conversation):
                ends.callback(one.store.db.close)
            one.store.turn()  # what is read or compiled once
        for _ in range(TURNS // AT_ONCE):  # by turns, so that whatever else the machine does hits all alike
            for one in timed:
                one.go_on()
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


def _require_the_others() -> None:
    missing = [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise SystemExit(f"{' and '.join(missing)} are compared with: pip install -r requirements-bench.txt")
