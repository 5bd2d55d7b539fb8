"""One line of a member of staff while it is carried out, and what a command is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.roles import Role
from memory.conversations.channel_messages import Outgoing
from memory.conversations.turn_changes import Change
from memory.conversations.turns import Outcome
from memory.people.contacts import Contact


class NotAllowed(Exception):
    """This role may not do that; the text says who may."""


class Unclear(Exception):
    """The command cannot be carried out as it stands; the text says how to write it."""


@dataclass(slots=True)
class Line:
    """One line from a member of staff, being carried out."""

    who: Contact
    role: str
    message_id: int  # of the line
    words: str  # what follows the command
    outcome: Outcome  # of the turn, which is kept after all its lines were carried out
    whole: str = ""  # the line as it was written
    deadline: datetime | None = None  # until then a model may think about it

    @property
    def brand(self) -> str:
        """Whose staff this is."""
        return self.who.brand

    @property
    def replies(self) -> list[Outgoing]:
        """What the turn says, so far."""
        return self.outcome.replies

    @property
    def changes(self) -> list[Change]:
        """What this turn changes when it is finished, earlier lines included."""
        return self.outcome.changes

    def say(self, text: str, *, about: Sequence[int] = ()) -> None:
        """Answer with this; `about`: the customers it tells of."""
        self.replies.append(Outgoing(text, message_type="staff", about=tuple(about)))


@dataclass(frozen=True, slots=True)
class Command:
    """What may be asked for by its first word, and by whom."""

    usage: str
    explanation: str
    role: Role  # from which on it may be asked for
    do: Callable[[Line], None]


def number_in(words: str, usage: str) -> int:
    """The number that the words are. Raises Unclear."""
    digits = words.strip().lstrip("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise Unclear(f"Write *{usage}*, with the number.")
    return int(digits)


def first_word(text: str) -> tuple[str, str]:
    """The word that names the command, and what follows it."""
    word, *rest = text.strip().split(maxsplit=1)[:2] or [""]
    return word, rest[0].strip() if rest else ""
