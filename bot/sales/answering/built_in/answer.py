"""One answer of the built-in writer in the making."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from bot.language.money import Money
from bot.language.texts import ReplyWording
from bot.sales.answering.desk_actions import Actions
from bot.sales.answering.reply_draft import ReplyDraft, words_for
from bot.sales.situation import Situation
from bot.sales.understanding.interests import name_of
from bot.shop.categories import Categories
from memory.people.facts import Fact
from memory.shop.catalogue_items import Item

SURE: Final = 0.6  # confidence from which the classification alone decides what a better answer cannot take back


@dataclass
class BuiltInAnswer:
    """The situation, the actions, and the draft so far.

    The functions of this package take it first. Those that answer a part of a message return lines; an empty list leaves
    the part to another function.
    """

    situation: Situation
    actions: Actions
    draft: ReplyDraft = field(default_factory=ReplyDraft)

    @cached_property
    def words(self) -> ReplyWording:
        """The lines of the customer's language and script."""
        return words_for(self.situation)

    @cached_property
    def items(self) -> dict[str, Item]:
        return {item.sku: item for item in self.situation.catalogue.items()}

    @property
    def categories(self) -> Categories:
        return self.situation.catalogue.categories

    @cached_property
    def shown(self) -> list[Item]:
        """The items shown last that are still sold, in their order."""
        return [self.items[sku] for sku in self.situation.shown if sku in self.items]

    @property
    def called(self) -> str:
        """The customer's name behind a space, or nothing."""
        return f" {self.situation.name}" if self.situation.name else ""

    def say(self, line: str, **words: object) -> str:
        """A line of the language's folder, filled in."""
        return self.words.say(line, **words)

    def title(self, item: Item) -> str:
        return item.title_in(self.words.policy_language)

    def kinds(self) -> str:
        """What the shop sells, as a list in words."""
        kinds = dict.fromkeys(item.category for item in self.items.values())
        return self.words.listed([name_of(kind, self.categories, self.words) for kind in kinds])

    def policy(self, topic: str) -> str:
        """The brand's terms on a topic."""
        return self.situation.brand.policy(topic, self.words.policy_language)

    def about(self, price: Money) -> str:
        """The same in the customer's own currency, where the shop has no price in it."""
        if price.currency == self.situation.currency:
            return ""
        made = self.actions.convert(price.amount, price.currency, self.situation.currency)
        return self.say("about", money=self.words.money(made.result), date=self.words.date(made.as_of))

    def cost(self, item: Item) -> Any:
        """What items are compared by: the price in the brand's currency."""
        return self.situation.catalogue.price(item, self.situation.brand.currency).money.amount

    def last_said(self, note: str) -> Any:
        """A note of the desk's last message; None where it has none."""
        last = next((m for m in reversed(self.situation.history) if m.role == "assistant"), None)
        return last.metadata.get(note) if last else None

    def is_news(self, fact: Fact) -> bool:
        """Whether these messages told it."""
        return fact.message_id in {message.id for message in self.situation.messages}

    def has_learned(self, predicate: str) -> bool:
        """Whether these messages told this of the customer."""
        fact = self.situation.facts.get(predicate)
        return fact is not None and self.is_news(fact)

    def hand_over(self, reason: str, line: str, **words: object) -> str:
        """Have a person take over; what the customer is told."""
        self.actions.hand_over(reason)
        return self.say(line, **words)
