"""One command from a member of staff, and an entry of the list of commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.roles import Role
from memory.conversations.channel_messages import Outgoing
from memory.conversations.turn_changes import Change
from memory.conversations.turns import Outcome
from memory.people.contacts import Contact


class RoleTooLow(Exception):
    """This role may not do that; the text names the role that may."""


class Unclear(Exception):
    """The command cannot be carried out as it stands; the text says how to write it."""


@dataclass(frozen=True, slots=True)
class StaffCommand:
    """One message from a member of staff while it is carried out."""

    who: Contact
    role: Role
    message_id: int
    text: str  # the whole message
    word: str  # its first, as written
    words: str  # what follows it
    outcome: Outcome  # of the turn, shared with the other messages of the turn
    deadline: datetime | None = None  # until then a model may think about it

    @property
    def brand(self) -> str:
        """Whose staff this is."""
        return self.who.brand

    @property
    def name(self) -> str:
        """Which command it is."""
        return self.word.lower().rstrip(":")

    @property
    def why(self) -> str:
        """The reason recorded with a change of an ad account."""
        return f"asked in chat: {self.text.strip()[:200]}"

    @property
    def replies(self) -> list[Outgoing]:
        """What the turn says, so far."""
        return self.outcome.replies

    @property
    def changes(self) -> list[Change]:
        """What this turn changes when it is finished, earlier messages included."""
        return self.outcome.changes

    def say(self, text: str, *, about: Sequence[int] = ()) -> None:
        """Answer with this; `about`: the customers it tells of."""
        self.replies.append(Outgoing(text, message_type="staff", about=tuple(about)))


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command as `help` lists it, the lowest role that may give it, and what carries it out."""

    usage: str
    explanation: str
    role: Role
    do: Callable[[StaffCommand], None]


def number_in(words: str, usage: str) -> int:
    """The number that the words are. Raises Unclear."""
    digits = words.strip().lstrip("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise Unclear(f"Write *{usage}*, with the number.")
    return int(digits)
