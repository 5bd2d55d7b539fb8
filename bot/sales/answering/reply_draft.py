"""A reply before it is checked and sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.language.money import Money
from bot.language.texts import ReplyWording, reply_wording
from bot.sales.situation import Situation
from memory.conversations.channel_messages import Button


@dataclass(slots=True)
class ReplyDraft:
    body: str = ""
    buttons: tuple[Button, ...] = ()
    shown: tuple[str, ...] = ()  # skus
    asks_order: str | None = None  # the sku that a yes would order
    offers: str | None = None  # the sku that a yes would quote
    failed: bool = False  # it did not help
    amounts: tuple[Money, ...] = ()  # of quotes and orders it names

    @property
    def metadata(self) -> dict[str, Any]:
        """Stored with the reply, read in the next turn."""
        notes = {"shown": list(self.shown), "asks_order": self.asks_order, "offers": self.offers}
        return {name: note for name, note in notes.items() if note}


def wording_for(situation: Situation) -> ReplyWording:
    """In the language and script that the customer writes."""
    mine = situation.text + "".join(m.content for m in situation.history[-6:] if m.role == "user")
    return reply_wording(situation.language, mine)
