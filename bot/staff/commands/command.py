"""A staff command, and an entry in the command list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.language.foreign_text import in_one_line
from bot.roles import Role
from memory.conversations.channel_messages import Outgoing
from memory.conversations.turn_changes import Change
from memory.conversations.turns import Outcome
from memory.people.contacts import Contact


class RoleTooLow(Exception):
    pass


class Unclear(Exception):
    """The text says how to write the command."""


@dataclass(frozen=True, slots=True)
class StaffCommand:
    """One message from staff."""

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
        return self.who.brand

    @property
    def name(self) -> str:
        return self.word.lower().rstrip(":")

    @property
    def why(self) -> str:
        """The reason recorded with an account change."""
        return f"asked in chat: {in_one_line(self.text, 200)}"

    @property
    def replies(self) -> list[Outgoing]:
        return self.outcome.replies

    @property
    def changes(self) -> list[Change]:
        """Includes those of the turn's earlier messages."""
        return self.outcome.changes

    def say(self, text: str, *, about: Sequence[int] = ()) -> None:
        """`about`: ids of the customers mentioned."""
        self.replies.append(Outgoing(text, message_type="staff", about=tuple(about)))


class ProviderCheck(StrEnum):
    """When a command is compared with the message at the provider (`bot.staff.sender_check`)."""

    NEVER = "never"  # only reads, and answers the sender
    FIRST = "first"
    AFTERWARDS = "afterwards"  # stopping cannot wait


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """`role` is the lowest that may use it."""

    usage: str
    explanation: str
    role: Role
    do: Callable[[StaffCommand], None]
    check: ProviderCheck = ProviderCheck.NEVER


def number_in(words: str, usage: str) -> int:
    """Raises Unclear unless `words` is a number."""
    digits = words.strip().lstrip("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise Unclear(f"Write *{usage}*, with the number.")
    return int(digits)
