"""A reply as written, and the wording that it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.language.money import Money
from bot.language.texts import ReplyWording, reply_wording
from bot.sales.situation import Situation
from memory.conversations.channel_messages import Button


@dataclass(slots=True)
class ReplyDraft:
    """A reply as written, with what it stands on."""

    body: str = ""
    buttons: tuple[Button, ...] = ()
    shown: tuple[str, ...] = ()  # skus
    asks_order: str | None = None  # the sku that a yes would order
    offers: str | None = None  # the sku that a yes would quote
    failed: bool = False  # it did not help
    amounts: tuple[Money, ...] = ()  # of quotes and orders it names

    @property
    def metadata(self) -> dict[str, Any]:
        """What the next turn needs to know about this one."""
        notes = {"shown": list(self.shown), "asks_order": self.asks_order, "offers": self.offers}
        return {name: note for name, note in notes.items() if note}


def words_for(situation: Situation) -> ReplyWording:
    """The lines in the language and the script that this customer writes."""
    mine = situation.text + "".join(m.content for m in situation.history[-6:] if m.role == "user")
    return reply_wording(situation.language, mine)
