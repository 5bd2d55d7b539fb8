"""The built-in writer: answers from classification, profile, catalogue, rates and order book, without a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from bot.brands import Discount
from bot.language.amounts import find_amounts
from bot.language.money import Money
from bot.language.normalisation import fold
from bot.language.reading.learned import BUDGET, PRICE, SHOPPING
from bot.language.reading.message_type import Classification, believed
from bot.language.texts import ReplyWording, reply_wording
from bot.sales.answering.desk_actions import Actions, CannotDo, PriceChanged, TooFewLeft, charged
from bot.sales.situation import Situation
from bot.sales.understanding import topics
from bot.sales.understanding.interests import last_interest, name_of, search_words
from bot.sales.understanding.order_replies import (
    BUY_PAYLOAD,
    NO_PAYLOAD,
    YES_PAYLOAD,
    find_order_number,
    says_half_yes,
    says_no,
    says_yes,
)
from bot.shop.catalogue import read_wish
from bot.shop.categories import Categories
from memory.conversations.channel_messages import Button
from memory.people.facts import Fact
from memory.shop.catalogue_items import Item
from memory.shop.orders import Quote

FEW = 3  # so many left are worth a word
MOST_FAILED = 2  # answers in a row that did not help, before a person takes over
MOST_BUTTONS = 3
NOT_HELPED = "two answers did not help"
SURE = 0.6  # confidence from which the classification alone decides what cannot be taken back by a better answer
MOST_PARTS = 5
# What helps with a message whose kind is known where its words are not: a thing that is not sold, "I want to order".
# News about themselves that is thanked for where the message says nothing else.
NOTED = ("city", "budget", "address", "birthday", "size", "shoe_size", "clothing_size", "owns", "disliked")
KNOWN_WAYS = {
    "order": "what_to_order",
    "product_inquiry": "nothing",
    "pricing_discount": "nothing",
    "opt_out": "how_to_stop",
}


@dataclass(slots=True)
class Draft:
    """A reply as written, with what it stands on."""

    body: str = ""
    buttons: tuple[Button, ...] = ()
    shown: tuple[str, ...] = ()
    asks_order: str | None = None  # the sku that a yes would order
    offers: str | None = None  # the sku that a yes would quote
    failed: bool = False  # it did not help
    amounts: tuple[Money, ...] = ()  # of quotes and orders it names

    @property
    def metadata(self) -> dict[str, Any]:
        """What the next turn needs to know about this one."""
        notes = {"shown": list(self.shown), "asks_order": self.asks_order, "offers": self.offers}
        return {name: note for name, note in notes.items() if note}


def write(situation: Situation, actions: Actions) -> Draft:
    """Answer everything the waiting messages ask, in one reply."""
    return _Answer(situation, actions).write()


def words_for(situation: Situation) -> ReplyWording:
    """The lines in the language and the script that this customer writes."""
    mine = situation.text + "".join(m.content for m in situation.history[-6:] if m.role == "user")
    return reply_wording(situation.language, mine)


@dataclass
class _Answer:
    """One answer in the making."""

    situation: Situation
    actions: Actions
    draft: Draft = field(default_factory=Draft)

    def write(self) -> Draft:
        said = self._to_quote() or self._to_button() or self._to_parts()
        self.draft.body = "\n\n".join(dict.fromkeys(said))
        return self.draft

    @cached_property
    def words(self) -> ReplyWording:
        return words_for(self.situation)

    @cached_property
    def items(self) -> dict[str, Item]:
        return {item.sku: item for item in self.situation.catalogue.items()}

    @property
    def categories(self) -> Categories:
        return self.situation.catalogue.categories

    @cached_property
    def shown(self) -> list[str]:
        return [sku for sku in self.situation.shown if sku in self.items]

    @property
    def _called(self) -> str:
        return f" {self.situation.name}" if self.situation.name else ""

    def say(self, line: str, **words: object) -> str:
        return self.words.say(line, **words)

    def _title(self, item: Item) -> str:
        return item.title_in(self.words.policy_language)

    # Quotes and orders

    def _to_quote(self) -> list[str]:
        quote, messages = self.situation.quote, self.situation.messages
        if quote is None:
            return self._to_offer()
        if says_yes(messages):
            return [self._order()]
        if says_no(messages):
            self.actions.cancel_quote()
            return [self.say("quote_dropped")]
        if says_half_yes(messages):
            return [self._ask_again(quote)]
        self.actions.cancel_quote()
        return []

    def _to_offer(self) -> list[str]:
        """A yes to "Shall I order it?", which is no order yet; and a yes to nothing."""
        messages = self.situation.messages
        offered = self._last_said("offers")
        if offered in self.items and (says_yes(messages) or says_half_yes(messages)):
            return self._quote(self.items[offered], 1)
        if says_yes(messages):
            return [self.say("nothing_to_confirm")]
        if says_half_yes(messages) or says_no(messages):
            return [self.say("at_hand")]
        return []

    def _last_said(self, note: str) -> Any:
        last = next((m for m in reversed(self.situation.history) if m.role == "assistant"), None)
        return last.metadata.get(note) if last else None

    def _to_button(self) -> list[str]:
        pressed = str(self.situation.messages[-1].metadata.get("payload") or "")
        sku = pressed.removeprefix(BUY_PAYLOAD)
        if pressed in (YES_PAYLOAD, NO_PAYLOAD):  # of a quote that is over
            return [self.say("nothing_to_confirm")]
        return self._quote(self.items[sku], 1) if sku != pressed and sku in self.items else []

    def _ask_again(self, quote: Quote) -> str:
        self._wait_for_yes(quote)
        total = self.words.money(quote.total)
        return self.say(
            "quote_again",
            quantity=quote.quantity,
            title=self.situation.title_of(quote, self.words.policy_language),
            total=total,
        )

    def _wait_for_yes(self, quote: Quote) -> None:
        self.draft.asks_order = quote.sku
        self.draft.shown = (quote.sku,)
        self.draft.amounts += (quote.unit, quote.total)
        self.draft.buttons = (
            Button(self.say("yes_button"), YES_PAYLOAD),
            Button(self.say("no_button"), NO_PAYLOAD),
        )

    def _order(self) -> str:
        try:
            order = self.actions.confirm_order()
        except TooFewLeft as short:
            self.actions.cancel_quote()
            return self._too_few(short.item)
        except PriceChanged as changed:
            anew = self._quote(changed.item, changed.quantity)
            return "\n\n".join([self.say("price_changed"), *anew])
        except CannotDo:
            self.actions.cancel_quote()
            return self.say("nothing_to_confirm")
        self.draft.amounts += (order.unit, order.total)
        return self.say(
            "ordered",
            name=self._called,
            number=order.number,
            quantity=order.quantity,
            title=self.situation.title_of(order, self.words.policy_language),
            total=self.words.money(order.total),
            link=order.payment_link,
        )

    def _quote(self, item: Item, quantity: int) -> list[str]:
        try:
            quote = self.actions.quote(item.sku, quantity)
        except TooFewLeft as short:
            return [self._too_few(short.item)]
        except CannotDo:
            return [self._hand_over("large order", "too_many")]
        self._wait_for_yes(quote)
        return [
            self.say(
                "quote",
                quantity=quantity,
                title=self.situation.title_of(quote, self.words.policy_language),
                unit=self.words.money(quote.unit),
                total=self.words.money(quote.total),
                about=self._about(quote.total),
                delivery=self._policy("delivery"),
            )
        ]

    def _too_few(self, item: Item) -> str:
        self.draft.shown = (item.sku,)
        if item.stock == 0:
            return self.say("not_in_stock", title=self._title(item))
        return self.say("too_few", left=item.stock, title=self._title(item))

    def _about(self, price: Money) -> str:
        """The same in the customer's own currency, where the shop has no price in it."""
        if price.currency == self.situation.currency:
            return ""
        made = self.actions.convert(price.amount, price.currency, self.situation.currency)
        return self.say("about", money=self.words.money(made.result), date=self.words.date(made.as_of))

    # What was asked, part by part

    def _to_parts(self) -> list[str]:
        return self._answers(_IN_ORDER) or [self._to_the_rest()]

    def _answers(self, ways: Sequence[_Asked]) -> list[str]:
        parts = topics.parts_of(self.situation.text)[:MOST_PARTS]
        answers = [answer for part in parts for answer in self._to_part(part, ways, alone=len(parts) == 1)]
        return self._with_quote(answers) if answers else []

    def _with_quote(self, answers: list[str]) -> list[str]:
        """A question about the shop while a quote waits is answered, and the quote asked again."""
        quote = self.situation.quote
        asked_else = self.draft.shown or self.actions.quoted or self.actions.handed_over
        if asked_else or not self._asks_aside():
            return answers
        if quote is None:
            return [*answers, *self._offer_again()]
        item = self.items.get(quote.sku)
        if item is None or item.stock < quote.quantity:
            return answers
        return [*answers, self._ask_again(self.actions.quote(quote.sku, quote.quantity))]

    def _asks_aside(self) -> bool:
        text = fold(self.situation.text)
        return bool(topics.topics_in(text)) or self._asks_terms(text) or self._names_code(text)

    def _offer_again(self) -> list[str]:
        """What was offered before a question in between stays offered: the offer is made anew, so a yes is to it."""
        item = self.items.get(self._last_said("offers") or "")
        if item is None or not item.stock:
            return []
        self._offer(item)
        return [self.say("order_hint_again", title=self._title(item))]

    def _to_part(self, part: str, ways: Sequence[_Asked], *, alone: bool) -> list[str]:
        plain = fold(part)
        kind = self.situation.classification if alone else believed(part)
        for answer in ways:
            said = answer(self, part, plain, kind)
            if said:
                return said
        return []

    def _to_the_rest(self) -> str:
        """Nothing in the text could be answered as a question about the shop."""
        text = fold(self.situation.text)
        if (
            topics.is_greeting(text)
            or topics.GREETING.match(text)
            or self.situation.classification.message_type == "greeting"
        ):
            return self._greet()
        if self._has_learned("name"):
            return self.say("nice_to_meet", who=self.situation.name)
        if self.situation.classification.message_type == "thanks_goodbye":
            return self.say("thanks", name=self._called)
        if any(map(self._has_learned, NOTED)):
            return self.say("noted")
        return self._unclear()

    def _has_learned(self, predicate: str) -> bool:
        fact = self.situation.facts.get(predicate)
        return fact is not None and self._is_news(fact)

    def _is_news(self, fact: Fact) -> bool:
        return fact.message_id in {message.id for message in self.situation.messages}

    def _greet(self) -> str:
        interest = last_interest(self.situation.interests, self.categories, self.words)
        if interest:
            currency = self.situation.currency
            return self.say("welcome_back", name=self._called, interest=interest, currency=currency)
        if any(message.role == "assistant" for message in self.situation.history):
            return self.say("hello_again", name=self._called)
        return self.say("hello", name=self._called, brand=self.situation.brand.name, kinds=self._kinds())

    def _kinds(self) -> str:
        kinds = dict.fromkeys(item.category for item in self.items.values())
        return self.words.listed([name_of(kind, self.categories, self.words) for kind in kinds])

    def _unclear(self) -> str:
        kind = self.situation.classification.message_type
        if kind in KNOWN_WAYS:
            return self.say(KNOWN_WAYS[kind], kinds=self._kinds())
        self.draft.failed = True
        if self.situation.contact.failed_answers + 1 >= MOST_FAILED:
            return self._hand_over(NOT_HELPED, "give_up")
        return self.say("what_is_wrong" if kind == "support_request" else "unclear")

    def _hand_over(self, reason: str, line: str, **words: object) -> str:
        self.actions.hand_over(reason)
        return self.say(line, **words)

    # One kind of question each; empty where it is another's

    def _remembered(self, _part: str, plain: str, _kind: Classification) -> list[str]:
        """What they told is told back, with its day; what they did not tell is asked for."""
        predicates = topics.asked_back(plain)
        if not predicates:
            return []
        told = [fact for fact in self.situation.known if fact.predicate in predicates]
        if any(map(self._is_news, told)):
            return []  # "remember my name is John" tells it
        if not told:
            return [self.say("not_told", what=self.say(f"fact_{predicates[0]}"))]
        return [self._told(fact) for fact in told[-2:]]

    def _told(self, fact: Fact) -> str:
        value = self.words.birthday(fact.value) if fact.predicate == "birthday" else fact.value
        amounts = [Money(each.value, each.currency) for each in find_amounts(value) if each.currency]
        if fact.predicate == "budget" and amounts:
            self.draft.amounts += (amounts[0],)
            value = self.words.money(amounts[0])
        day = self.words.date(fact.since.astimezone(self.situation.brand.time_zone).date())
        return self.say("told", what=self.say(f"fact_{fact.predicate}"), value=value, date=day)

    def _conversion(self, part: str, plain: str, kind: Classification) -> list[str]:
        if kind.message_type != "currency_conversion" or BUDGET.search(plain):
            return []
        wish = read_wish(part, self.situation.currency)
        if (wish.min_price or wish.max_price) and self._names_goods(part, plain):
            return []  # "cookies under 8 euros"
        amount, source, target = (kind.entities.get(key) for key in ("amount", "from", "to"))
        wished = target or source
        if isinstance(wished, str) and (amount is None or self._meant(plain)):
            return self._priced_in(plain, wished)
        if wished is None and amount is None and self._has_learned("currency"):
            return self._priced_in(plain, self.situation.currency)
        target = target or self.situation.currency
        if amount is None or source is None or source == target:
            return [self.say("convert_what")]
        try:
            made = self.actions.convert(amount, str(source), str(target))  # type: ignore[arg-type]
        except CannotDo:
            return [self.say("no_rate")]
        given, result = self.words.money(made.given), self.words.money(made.result)
        source, day = self.say(f"rate_{made.source}"), self.words.date(made.as_of)
        return [self.say("converted", given=given, result=result, source=source, date=day)]

    def _priced_in(self, plain: str, target: str) -> list[str]:
        """ "How much is it in dollars?", "show prices in GBP": what was shown, in that currency from now on."""
        if target not in self.situation.rates.known():
            return [self.say("no_rate")]
        meant = self._meant(plain) or [self.items[sku] for sku in self.shown]
        if len(meant) == 1:
            return [self._details(meant[0])]
        said = self.say("prices_in", currency=target)
        return [said + "\n" + self._list(meant)] if meant else [said]

    def _status(self, part: str, plain: str, kind: Classification) -> list[str]:
        number = find_order_number(part, [order.number for order in self.situation.orders])
        wanted = kind.message_type == "order_status" or topics.STATUS.search(plain)
        if not number and self._asks_terms(plain):
            return []
        if topics.CANCEL.search(plain) or not (wanted or number):
            return []
        if number and all(order.number != number for order in self.situation.orders):
            return [self.say("not_yours")]
        orders = self.actions.order_status(number)
        if not orders:
            return [self.say("no_orders")]
        return [self._state_of(order.number) for order in orders[:3]]

    def _asks_terms(self, plain: str) -> bool:
        """Whether a text asks how delivery goes in general: its price, or its days where nothing is on its way yet."""
        about = "delivery" in topics.topics_in(plain) or topics.ARRIVES.search(plain)
        if not about or topics.OWN_ORDER.search(plain):
            return False
        return not self.situation.orders or bool(PRICE.search(plain))

    def _state_of(self, number: str) -> str:
        order = self.actions.order_status(number)[0]
        self.draft.amounts += (order.unit, order.total)
        return self.say(
            f"status_{order.state}",
            number=order.number,
            quantity=order.quantity,
            title=self.situation.title_of(order, self.words.policy_language),
            total=self.words.money(order.total),
            link=order.payment_link,
        )

    def _cancel(self, part: str, plain: str, kind: Classification) -> list[str]:
        if not topics.CANCEL.search(plain) or kind.message_type == "opt_out":
            return []
        number = find_order_number(part, [order.number for order in self.situation.orders])
        running = [order for order in self.situation.orders if order.state not in ("cancelled", "delivered")]
        if number is None and self.situation.quote is not None:
            return [self.say("quote_dropped")]
        chosen = [order for order in self.situation.orders if order.number == number] or running
        if not chosen or (number is None and len(running) > 1):
            return [self.say("not_yours" if number else "no_orders")]
        try:
            self.actions.cancel_order(chosen[0].number)
        except CannotDo:
            return [self._hand_over("wants to cancel an order", "cannot_cancel", number=chosen[0].number)]
        return [self.say("cancelled", number=chosen[0].number)]

    def _human(self, _part: str, plain: str, kind: Classification) -> list[str]:
        points = topics.ordinals_in(plain, self.shown)  # "number 3 please" is about the list
        wanted = kind.message_type == "human_handoff" and kind.confidence >= SURE and not points
        if not wanted and not topics.HUMAN.fullmatch(plain.strip(" .!?¿¡।")):
            return []
        return [self._hand_over("asked for a person", "human")]

    def _complaint(self, _part: str, plain: str, kind: Classification) -> list[str]:
        asks = "returns" in topics.topics_in(plain) or "warranty" in topics.topics_in(plain)
        sore = topics.COMPLAINT.search(plain)
        sure = kind.message_type == "complaint_refund" and kind.confidence >= SURE and not topics.BUY.search(plain)
        if not sore and (not sure or asks):
            return []
        if asks and "?" in plain and kind.message_type != "complaint_refund":
            return []
        return [self._hand_over("complaint", "complaint")]

    def _shop(self, _part: str, plain: str, kind: Classification) -> list[str]:
        asked = topics.topics_in(plain)
        if "discount" in asked or self._names_code(plain):
            by_hand = [self.say("code_by_hand")] if self._names_code(plain) and self._running_discounts() else []
            return [self._discount(), *by_hand, *self._policies(asked)]
        if kind.message_type == "support_request" and topics.TROUBLE.search(plain):
            return []
        if not asked and self._asks_terms(plain):
            asked = ["delivery"]
        buys = kind.message_type == "order" and self._meant(plain)
        return [] if buys else self._policies(asked)

    def _policies(self, asked: Sequence[str]) -> list[str]:
        return [self._policy(topic) for topic in asked if topic in topics.POLICIES]

    def _policy(self, topic: str) -> str:
        return self.situation.brand.policy(topic, self.words.policy_language)

    def _names_code(self, plain: str) -> bool:
        codes = {fold(each.code) for each in self.situation.brand.discounts}
        return bool(topics.CODE.search(plain) or codes.intersection(re.findall(r"[a-z0-9]+", plain)))

    def _running_discounts(self) -> list[Discount]:
        today = self.situation.now.astimezone(self.situation.brand.time_zone).date()
        return [each for each in self.situation.brand.discounts if each.valid_until >= today]

    def _discount(self) -> str:
        running = self._running_discounts()
        if not running:
            return self.say("no_discount")
        best = max(running, key=lambda each: each.percent)
        until = self.words.date(best.valid_until)
        return self.say("discount", code=best.code, percent=f"{best.percent.normalize():f}", date=until)

    def _comparison(self, part: str, plain: str, _kind: Classification) -> list[str]:
        if not topics.COMPARE.search(plain):
            return []
        meant = self._meant(plain)
        if len(meant) < 2:
            meant = [self.items[sku] for sku in self.shown]
        if len(meant) < 2:
            return [] if self._found(part) else [self.say("compare_which")]
        meant = meant[:3]
        cheapest = min(meant, key=self._cost)
        line = self.say("cheaper" if len(meant) == 2 else "cheapest", title=self._title(cheapest))
        return [self.say("compare") + "\n" + self._list(meant, line)]

    def _purchase(self, part: str, plain: str, kind: Classification) -> list[str]:
        if kind.message_type != "order" and not topics.BUY.search(plain):
            return []
        first, *others = topics.items_of(plain)
        meant = self._meant(first) or self._just_asked(first)
        if len(meant) == 1:
            by_number = len(self.shown) > 1 and topics.takes_number(first)
            quoted = self._quote(meant[0], 1 if by_number else topics.count_in(first))
            return [self.say("one_at_a_time"), *quoted] if any(map(self._names_another, others)) else quoted
        return [self.say("which")] if self.shown and not self._found(part) else []

    def _names_another(self, plain: str) -> bool:
        return bool(self._meant(plain) or self._found(plain))

    def _just_asked(self, part: str) -> list[Item]:
        """The one item there can be no doubt about: the only one shown, or the only one the words find."""
        found = self._found(part)
        if len(found) == 1:
            return found
        return [self.items[self.shown[0]]] if len(self.shown) == 1 and not found else []

    def _item(self, _part: str, plain: str, _kind: Classification) -> list[str]:
        meant = self._meant(plain)
        if not meant:
            return []
        if len(meant) > 1:
            return [self.say("found") + "\n" + self._list(meant)]
        if "stock" in topics.topics_in(plain):
            return [self._stock_of(meant[0])]
        return [self._details(meant[0])]

    def _search(self, part: str, plain: str, kind: Classification) -> list[str]:
        wish = read_wish(part, self.situation.currency)
        asks_for = bool(wish.words and topics.HAVE.search(plain))
        if not (
            asks_for
            or kind.message_type in SHOPPING
            or wish.max_price
            or wish.min_price
            or self._names_goods(part, plain)
        ):
            return []
        words = part if wish.words else f"{search_words(self.situation.interests, self.categories)} {part}"
        offers = self.actions.search_catalogue(words)
        if len(offers) == 1:
            return [self._details(self.items[offers[0].sku])]
        if offers:
            return [self.say("found") + "\n" + self._list([self.items[offer.sku] for offer in offers])]
        return self._nothing(
            words, sure=asks_for or (kind.message_type == "product_inquiry" and kind.confidence >= SURE)
        )

    def _names_goods(self, part: str, plain: str) -> bool:
        """Whether a text names a kind of thing or a maker: what else it says may only look like one of our words."""
        makers = {fold(maker) for maker in {item.maker for item in self.items.values()} if maker}
        if self.categories.named(part) or any(maker in plain for maker in makers):
            return True
        return self.situation.catalogue.names_goods(part)

    def _nothing(self, words: str, *, sure: bool) -> list[str]:
        wish = read_wish(words, self.situation.currency)
        close = self.situation.catalogue.search(" ".join(wish.words), limit=MOST_BUTTONS) if wish.words else []
        if close and (wish.max_price or wish.min_price):
            return [self.say("nothing_in_range") + "\n" + self._list(close)]
        if sure:
            return [self.say("nothing", kinds=self._kinds())]
        return []

    def _small_talk(self, part: str, plain: str, kind: Classification) -> list[str]:
        for cue, line in [] if self._names_goods(part, plain) else _SMALL_TALK:
            if cue.search(plain):
                return [self.say(line, brand=self.situation.brand.name, kinds=self._kinds())]
        if topics.BYE.search(plain):
            return [self.say("bye", name=self._called)]
        if topics.THANKS.search(plain):
            return [self.say("thanks", name=self._called)]
        return [self._greet()] if topics.is_greeting(plain) else []

    # Items

    def _found(self, part: str) -> list[Item]:
        wish = read_wish(part, self.situation.currency)
        return self.situation.catalogue.search(part, currency=self.situation.currency) if wish.words else []

    def _meant(self, plain: str) -> list[Item]:
        """The items a text names by title, or points at in what was shown last."""
        named = list(self._named(plain))
        if named:
            return named
        pointed = [self.items[sku] for sku in topics.ordinals_in(plain, self.shown)]
        if pointed:
            return pointed
        last = [self.items[sku] for sku in self.shown]
        if len(last) > 1 and topics.CHEAPER.search(plain):
            return [min(last, key=self._cost)]
        if len(last) > 1 and topics.DEARER.search(plain):
            return [max(last, key=self._cost)]
        asks_price = PRICE.search(plain) and not self._found(plain)
        if not last and self.situation.ad:
            return self._meant_of_ad(plain)
        return last if len(last) == 1 and (topics.THAT.search(plain) or asks_price) and not self._found(plain) else []

    def _meant_of_ad(self, plain: str) -> list[Item]:
        """ "Is this still available?" as the first words: what the advertisement they came through speaks of."""
        lines = self.situation.ad.splitlines()
        found = next(filter(None, map(self.situation.catalogue.search, lines)), [])
        if not found or self._found(plain):
            return []
        if topics.CHEAPER.search(plain):
            return [min(found, key=self._cost)]
        if topics.DEARER.search(plain):
            return [max(found, key=self._cost)]
        return found if topics.THAT.search(plain) or PRICE.search(plain) or topics.MORE.search(plain) else []

    def _named(self, plain: str) -> Iterator[Item]:
        """By title with or without its maker; a longer title hides a shorter one inside it."""
        left = plain
        titled = [(title, item) for item in self.items.values() for title in item.every_title]
        named: set[str] = set()
        for title, item in sorted(titled, key=lambda pair: -len(pair[0])):
            for name in _names(title, item.maker, item.sku):
                if len(name) > 3 and name in left and item.sku not in named:
                    left = left.replace(name, " ")
                    named.add(item.sku)
                    yield item
                    break

    def _cost(self, item: Item) -> Any:
        return self.situation.catalogue.price(item, self.situation.brand.currency).money.amount

    def _price(self, item: Item) -> tuple[str, str]:
        price = charged(self.situation, item)
        return self.words.money(price), self._about(price)

    def _list(self, items: Sequence[Item], *remarks: str) -> str:
        self.draft.shown = tuple(item.sku for item in items)
        self.draft.buttons = tuple(
            Button(self.say("buy_button", n=number), BUY_PAYLOAD + item.sku)
            for number, item in enumerate(items[:MOST_BUTTONS], start=1)
            if item.stock
        )
        return "\n".join([*map(self._line, range(1, len(items) + 1), items), *remarks, self.say("choose")])

    def _line(self, number: int, item: Item) -> str:
        price, about = self._price(item)
        stock = self.say("sold_out") if not item.stock else ""
        if 0 < item.stock <= FEW:
            stock = self.say("last_ones", left=item.stock)
        return self.say("line", n=number, title=self._title(item), price=price, about=about, stock=stock)

    def _details(self, item: Item) -> str:
        price, about = self._price(item)
        told = self.say(
            "details",
            title=self._title(item),
            price=price,
            about=about,
            description=item.description_in(self.words.policy_language),
            link=item.link,
        )
        return told + "\n" + self._offer(item)

    def _stock_of(self, item: Item) -> str:
        line = "in_stock" if item.stock > FEW else "few_in_stock"
        if not item.stock:
            return self._offer(item)
        return self.say(line, title=self._title(item), left=item.stock) + " " + self._offer(item)

    def _offer(self, item: Item) -> str:
        self.draft.shown = (item.sku,)
        if not item.stock:
            return self.say("not_in_stock", title=self._title(item))
        self.draft.offers = item.sku
        self.draft.buttons = (Button(self.say("buy_one_button"), BUY_PAYLOAD + item.sku),)
        return self.say("order_hint")


@lru_cache(maxsize=4096)
def _names(title: str, maker: str, sku: str) -> tuple[str, ...]:
    """What an item may be called: its title, its sku, its title without the maker."""
    return fold(title), fold(sku), fold(title.removeprefix(maker)).strip()


_SMALL_TALK = (
    (topics.HOW_ARE_YOU, "how_are_you"),
    (topics.WHO_ARE_YOU, "who_are_you"),
    (topics.GIFT, "gift"),
    (topics.OFF_TOPIC, "off_topic"),
)
_Asked = Callable[[_Answer, str, str, Classification], list[str]]
_IN_ORDER: tuple[_Asked, ...] = (
    _Answer._remembered,
    _Answer._conversion,
    _Answer._human,
    _Answer._cancel,
    _Answer._complaint,
    _Answer._status,
    _Answer._comparison,
    _Answer._shop,
    _Answer._purchase,
    _Answer._item,
    _Answer._small_talk,
    _Answer._search,
)
