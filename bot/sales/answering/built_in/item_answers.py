"""Answers about items: details, comparison, search, prices in another currency."""

from __future__ import annotations

from bot.language.reading.extraction import BUDGET, SHOPPING
from bot.language.reading.message_type import Classification
from bot.sales.answering.built_in import item_messages, mentioned_items
from bot.sales.answering.built_in.answer import SURE, BuiltInAnswer
from bot.sales.answering.desk_actions import CannotDo
from bot.sales.understanding import topics
from bot.sales.understanding.interests import search_words
from bot.shop.catalogue import parse_query


def conversion(answer: BuiltInAnswer, part: str, plain: str, kind: Classification) -> list[str]:
    if kind.message_type != "currency_conversion" or BUDGET.search(plain):
        return []
    query = parse_query(part, answer.situation.currency)
    if (query.min_price or query.max_price) and mentioned_items.names_goods(answer, part, plain):
        return []  # "cookies under 8 euros"
    amount, source, target = (kind.entities.get(key) for key in ("amount", "from", "to"))
    wished = target or source
    if isinstance(wished, str) and (amount is None or mentioned_items.meant(answer, plain)):
        return _prices_in_currency(answer, plain, wished)
    if wished is None and amount is None and answer.has_learned("currency"):
        return _prices_in_currency(answer, plain, answer.situation.currency)
    target = target or answer.situation.currency
    if amount is None or source is None or source == target:
        return [answer.say("convert_what")]
    try:
        made = answer.actions.convert(amount, str(source), str(target))  # type: ignore[arg-type]
    except CannotDo:
        return [answer.say("no_rate")]
    given, result = answer.wording.money(made.given), answer.wording.money(made.result)
    source, day = answer.say(f"rate_{made.source}"), answer.wording.date(made.as_of)
    return [answer.say("converted", given=given, result=result, source=source, date=day)]


def _prices_in_currency(answer: BuiltInAnswer, plain: str, target: str) -> list[str]:
    """ "show prices in GBP"."""
    if target not in answer.situation.rates.known():
        return [answer.say("no_rate")]
    meant = mentioned_items.meant(answer, plain) or answer.shown
    if len(meant) == 1:
        return [item_messages.details(answer, meant[0])]
    said = answer.say("prices_in", currency=target)
    return [said + "\n" + item_messages.item_list(answer, meant)] if meant else [said]


def comparison(answer: BuiltInAnswer, part: str, plain: str, _kind: Classification) -> list[str]:
    if not topics.COMPARE.search(plain):
        return []
    meant = mentioned_items.meant(answer, plain)
    if len(meant) < 2:
        meant = answer.shown
    if len(meant) < 2:
        return [] if mentioned_items.found_by_words(answer, part) else [answer.say("compare_which")]
    meant = meant[:3]
    cheapest = min(meant, key=answer.cost)
    line = answer.say("cheaper" if len(meant) == 2 else "cheapest", title=answer.title(cheapest))
    return [answer.say("compare") + "\n" + item_messages.item_list(answer, meant, line)]


def mentioned(answer: BuiltInAnswer, _part: str, plain: str, _kind: Classification) -> list[str]:
    meant = mentioned_items.meant(answer, plain)
    if not meant:
        return []
    if len(meant) > 1:
        return [answer.say("found") + "\n" + item_messages.item_list(answer, meant)]
    if "stock" in topics.topics_in(plain):
        return [item_messages.stock(answer, meant[0])]
    return [item_messages.details(answer, meant[0])]


def search(answer: BuiltInAnswer, part: str, plain: str, kind: Classification) -> list[str]:
    query = parse_query(part, answer.situation.currency)
    asks_for = bool(query.words and topics.HAVE.search(plain))
    if not (
        asks_for
        or kind.message_type in SHOPPING
        or query.max_price
        or query.min_price
        or mentioned_items.names_goods(answer, part, plain)
    ):
        return []
    words = part if query.words else f"{search_words(answer.situation.interests, answer.categories)} {part}"
    unread: list[str] = []
    try:
        offers = answer.actions.search_catalogue(words)
    except CannotDo:  # a limit in a currency without a rate
        unread = [answer.say("no_rate")]
        words = " ".join(query.words) or search_words(answer.situation.interests, answer.categories)
        offers = answer.actions.search_catalogue(words) if words else []
    if len(offers) == 1:
        return [*unread, item_messages.details(answer, answer.items[offers[0].sku])]
    if offers:
        found = item_messages.item_list(answer, [answer.items[offer.sku] for offer in offers])
        return [*unread, answer.say("found") + "\n" + found]
    if unread:
        return unread
    return _nothing_found(
        answer, words, sure=asks_for or (kind.message_type == "product_inquiry" and kind.confidence >= SURE)
    )


def _nothing_found(answer: BuiltInAnswer, words: str, *, sure: bool) -> list[str]:
    query = parse_query(words, answer.situation.currency)
    close = (
        answer.situation.catalogue.search(" ".join(query.words), limit=item_messages.MOST_BUTTONS)
        if query.words
        else []
    )
    if close and (query.max_price or query.min_price):
        return [answer.say("nothing_in_range") + "\n" + item_messages.item_list(answer, close)]
    if sure:
        return [answer.say("nothing", kinds=answer.kinds())]
    return []  # the text may not have been a search at all
