"""What the functions of the built-in writer share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from bot.language.money import Money
from bot.language.texts import ReplyWording
from bot.sales.answering.desk_actions import Actions
from bot.sales.answering.reply_draft import ReplyDraft, wording_for
from bot.sales.situation import Situation
from bot.sales.understanding.interests import name_of
from bot.shop.categories import Categories
from memory.people.facts import Fact
from memory.shop.catalogue_items import Item

SURE: Final = 0.6  # confidence from which the message type alone decides, where the decision cannot be taken back


@dataclass
class BuiltInAnswer:
    """A function answers a part of the message with lines; [] leaves the part to the next function."""

    situation: Situation
    actions: Actions
    draft: ReplyDraft = field(default_factory=ReplyDraft)

    @cached_property
    def wording(self) -> ReplyWording:
        return wording_for(self.situation)

    @cached_property
    def items(self) -> dict[str, Item]:
        return {item.sku: item for item in self.situation.catalogue.items()}

    @cached_property
    def categories(self) -> Categories:
        return self.situation.catalogue.categories

    @cached_property
    def shown(self) -> list[Item]:
        """Shown last and still sold."""
        return [self.items[sku] for sku in self.situation.shown if sku in self.items]

    @property
    def name_suffix(self) -> str:
        """ " Ana", or "" if unknown: for lines such as "Thank you{name}!"."""
        return f" {self.situation.name}" if self.situation.name else ""

    def say(self, line: str, **words: object) -> str:
        return self.wording.say(line, **words)

    def title(self, item: Item) -> str:
        return item.title_in(self.wording.policy_language)

    def kinds(self) -> str:
        kinds = dict.fromkeys(item.category for item in self.items.values())
        return self.wording.listed([name_of(kind, self.categories, self.wording) for kind in kinds])

    def policy(self, topic: str) -> str:
        return self.situation.brand.policy(topic, self.wording.policy_language)

    def converted_price(self, price: Money) -> str:
        """Converted for a customer of another currency, else ""."""
        if price.currency == self.situation.currency:
            return ""
        made = self.actions.convert(price.amount, price.currency, self.situation.currency)
        return self.say("about", money=self.wording.money(made.result), date=self.wording.date(made.as_of))

    def cost(self, item: Item) -> Any:
        """For comparing items."""
        return self.situation.catalogue.price(item, self.situation.brand.currency).money.amount

    def last_note(self, note: str) -> Any:
        """From the metadata of the desk's last message."""
        last = next((m for m in reversed(self.situation.history) if m.role == "assistant"), None)
        return last.metadata.get(note) if last else None

    def is_news(self, fact: Fact) -> bool:
        """Told in the messages being answered."""
        return fact.message_id in {message.id for message in self.situation.messages}

    def has_learned(self, predicate: str) -> bool:
        fact = self.situation.facts.get(predicate)
        return fact is not None and self.is_news(fact)

    def hand_over(self, reason: str, line: str, **words: object) -> str:
        """The line for the customer."""
        self.actions.hand_over(reason)
        return self.say(line, **words)
