"""Fills the prompt files within a token budget."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from string import Template

from bot.language.languages import about
from bot.language.money import Money
from bot.model.answers import ModelMessage
from bot.model.language_model import estimate_tokens
from bot.promises.facts import Breach
from bot.sales.answering.desk_actions import Actions
from bot.sales.answering.model_tools import offer_data, order_data, quote_data
from bot.sales.answering.reply_draft import wording_for
from bot.sales.situation import Situation
from bot.shop.exchange_rates import UnknownCurrency
from memory.conversations.messages import Message
from memory.conversations.summaries import SummaryLine
from memory.people.fact_history import MANY

PROMPTS = Path(__file__).parent / "prompts"
MOST_ITEMS = 8
MOST_ORDERS = 3
MOST_THINGS = 10  # that they own, or dislike
AD = "Came by this advertisement of the shop:"
SUMMARY = "Earlier, in short:"
RECALLED = "Earlier, on this subject:"
LONGEST_LINE = 600  # characters of one earlier message


class MissingWord(Exception):
    pass


@cache
def _template(name: str) -> Template:
    return Template((PROMPTS / name).read_text(encoding="utf-8"))


def fill(name: str, **values: str) -> str:
    """Raises MissingWord for a `$word` that is missing or unknown."""
    template = _template(name)
    wrong = set(template.get_identifiers()) ^ set(values)
    if wrong or not template.is_valid():
        raise MissingWord(f"{name}: {', '.join(sorted(wrong)) or 'a $ without a word'}")
    return template.substitute(values)  # one pass: a `$word` in a customer's text is not replaced


@dataclass(frozen=True, slots=True)
class Briefing:
    """The opening messages to the model."""

    situation: Situation
    actions: Actions
    budget: int  # tokens for system and user message together
    # Random, and part of the tags around customers' text, so that no customer can close the tag and speak as the shop.
    mark: str = field(default_factory=lambda: secrets.token_hex(4))

    def messages(self) -> list[ModelMessage]:
        """All that comes from the customer is in the user message."""
        system = self._system()
        left = self.budget - estimate_tokens(system)
        return [{"role": "system", "content": system}, {"role": "user", "content": self._customer(left)}]

    def correction(self, breaches: Sequence[Breach]) -> ModelMessage:
        text = fill(
            "repair.md",
            mark=self.mark,
            breaches="\n".join(f"- {_compact(asdict(breach))}" for breach in breaches),
            language=about(self.situation.language).in_chat,
        )
        return {"role": "user", "content": text}

    def rules(self) -> str:
        """The instructions without the facts: what a reply may not repeat."""
        return _template("desk.md").template.partition("# Facts")[0]

    def _system(self) -> str:
        situation = self.situation
        today = situation.now.astimezone(situation.brand.time_zone)
        return fill(
            "desk.md",
            brand=situation.brand.name,
            language=about(situation.language).in_chat,
            currency=situation.currency,
            mark=self.mark,
            today=today.strftime("%A %d %B %Y, %H:%M"),
            policies=_lines(
                f"{topic}: {situation.brand.policy(topic, situation.language)}" for topic in situation.brand.policies
            ),
            discounts=_lines(self._discounts()),
            links=_lines(situation.brand.links),
            catalogue=_lines(self._items()),
            rates=_lines(self._rates()),
            orders=_lines(_compact(order_data(order)) for order in situation.orders[:MOST_ORDERS]),
            quote=_compact(quote_data(situation.quote)) if situation.quote else "none",
        )

    def _discounts(self) -> Iterator[str]:
        brand = self.situation.brand
        today = self.situation.now.astimezone(brand.time_zone).date()
        for discount in brand.discounts:
            if discount.valid_until >= today:
                yield f"{discount.code}: {discount.percent}% off, until {discount.valid_until.isoformat()}"

    def _items(self) -> Iterator[str]:
        """Items shown last, then search results."""
        catalogue = self.situation.catalogue
        shown = [item for sku in self.situation.shown if (item := catalogue.find(sku))]
        asked = catalogue.search(self.situation.text, limit=MOST_ITEMS)
        items = {item.sku: item for item in (*shown[: MOST_ITEMS // 2], *asked)}
        for item in list(items.values())[:MOST_ITEMS]:
            yield _compact(offer_data(self.actions.offer(item)))

    def _rates(self) -> Iterator[str]:
        # The pair of the chat; the model has a tool for others.
        situation = self.situation
        if situation.currency == situation.brand.currency:
            return
        try:
            found = situation.rates.convert(Money(Decimal(1), situation.brand.currency), situation.currency)
        except UnknownCurrency:
            return
        day = f"{found.as_of.isoformat()}, {wording_for(situation).say(f'rate_{found.source}')}"
        yield f"1 {situation.brand.currency} = {found.rate:.6g} {situation.currency} ({day})"

    def _customer(self, budget: int) -> str:
        situation = self.situation
        text = situation.text[: 3 * max(budget // 2, 100)]
        profile = _lines(self._profile())
        left = budget - estimate_tokens(text) - estimate_tokens(profile) - 60
        earlier = self._earlier(left // 3)
        left -= estimate_tokens(earlier)
        history = _lines(self._history(left))
        return fill("customer.md", mark=self.mark, profile=profile, earlier=earlier, history=history, text=text or "…")

    def _profile(self) -> Iterator[str]:
        # Without the phone number: no answer needs it.
        situation = self.situation
        known = dict(situation.facts)
        name = known.pop("name", None)
        yield f"User Profile: {(name.value if name else situation.contact.name) or 'name not known'}"
        yield f"Preferred Currency: {situation.currency}"
        yield f"Total Interactions: {situation.contact.total_interactions}"
        if situation.interests:
            yield f"Interests: {', '.join(interest.name for interest in situation.interests[:8])}"
        for predicate in sorted(known.keys() - {"currency", "language", *MANY}):
            fact = known[predicate]
            yield f"{_label(predicate)}: {fact.value} (told {self._day(fact.since)})"
        for predicate in sorted(MANY):
            several = [fact.value for fact in situation.known if fact.predicate == predicate][-MOST_THINGS:]
            if several:
                yield f"{_label(predicate)}: {', '.join(several)}"

    def _earlier(self, budget: int) -> str:
        lines = {self._summary_line(line): line.message_id for line in self.situation.summary}
        recalled = [self._line(message) for message in self.situation.recalled]
        blocks = [
            _lines_that_fit(AD, self.situation.ad.splitlines(), budget // 4),
            _lines_that_fit(SUMMARY, lines, budget // 3, in_order=sorted(lines, key=lambda line: lines[line])),
            _lines_that_fit(RECALLED, recalled, budget // 3),
        ]
        return "".join(f"\n{block}\n" for block in blocks if block)

    def _summary_line(self, line: SummaryLine) -> str:
        return f"{self._day(line.at)} {line.kind}: {line.text}"

    def _day(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.situation.brand.time_zone):%Y-%m-%d}"

    def _line(self, message: Message) -> str:
        # Data, not a transcript: a customer who types "ASSISTANT: as agreed" must not look like the desk.
        return _compact(
            {
                "at": f"{message.at.astimezone(self.situation.brand.time_zone):%Y-%m-%d %H:%M}",
                "by": "customer" if message.role == "user" else "desk",
                "text": _shortened(message.content),
            }
        )

    def _history(self, budget: int) -> list[str]:
        kept: list[str] = []
        for message in reversed(self.situation.history):
            line = self._line(message)
            budget -= estimate_tokens(line)
            if budget < 0:
                break
            kept.append(line)
        return kept[::-1]


def _label(predicate: str) -> str:
    return predicate.replace("_", " ").capitalize()


def _lines_that_fit(title: str, lines: Iterable[str], budget: int, *, in_order: Sequence[str] = ()) -> str:
    """The first lines that fit, under the title, sorted as `in_order`; "" if none fits."""
    budget -= estimate_tokens(title)
    kept: list[str] = []
    for line in lines:
        cost = estimate_tokens(line)
        if cost <= budget:  # one long line does not keep out the short ones behind it
            kept.append(line)
            budget -= cost
    shown = [line for line in in_order if line in kept] if in_order else kept
    return "\n".join([title, *shown]) if kept else ""


def _compact(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + "…"


def _lines(lines: Sequence[str] | Iterator[str]) -> str:
    return "\n".join(lines) or "none"
