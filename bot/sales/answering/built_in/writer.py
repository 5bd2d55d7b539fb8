"""The built-in writer: answers a turn without a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.language.normalisation import fold
from bot.language.reading.message_type import Classification, classify_or_other
from bot.sales.answering.built_in import item_answers, order_answers, shop_answers, small_talk
from bot.sales.answering.built_in.answer import BuiltInAnswer
from bot.sales.answering.desk_actions import Actions
from bot.sales.answering.reply_draft import ReplyDraft
from bot.sales.situation import Situation
from bot.sales.understanding import topics

MOST_PARTS: Final = 5  # of a message that are answered

PartAnswer = Callable[[BuiltInAnswer, str, str, Classification], list[str]]
# Arguments: a part of the message as written, the same folded, and its type. The first that returns lines answers it.
IN_ORDER: Final[tuple[PartAnswer, ...]] = (
    small_talk.remembered,
    item_answers.conversion,
    shop_answers.human,
    order_answers.cancel,
    shop_answers.complaint,
    order_answers.status,
    item_answers.comparison,
    shop_answers.terms,
    order_answers.purchase,
    item_answers.mentioned,
    small_talk.small_talk,
    item_answers.search,
)


def write(situation: Situation, actions: Actions) -> ReplyDraft:
    answer = BuiltInAnswer(situation, actions)
    said = (
        order_answers.reply_to_cart(answer)
        or order_answers.reply_to_quote(answer)
        or order_answers.reply_to_button(answer)
        or _answer_parts(answer)
    )
    answer.draft.body = "\n\n".join(dict.fromkeys(said))
    return answer.draft


def _answer_parts(answer: BuiltInAnswer) -> list[str]:
    parts = topics.parts_of(answer.situation.text)[:MOST_PARTS]
    said: list[str] = []
    for part in parts:
        plain = fold(part)
        kind = answer.situation.classification if len(parts) == 1 else classify_or_other(part)
        said += next(filter(None, (answer_part(answer, part, plain, kind) for answer_part in IN_ORDER)), [])
    return _with_quote(answer, said) if said else [small_talk.fallback(answer)]


def _with_quote(answer: BuiltInAnswer, said: list[str]) -> list[str]:
    # A question about terms leaves the quote open: the yes is asked for again.
    text, quote = fold(answer.situation.text), answer.situation.quote
    asks_terms = topics.topics_in(text) or shop_answers.asks_delivery_terms(answer, text)
    asked_else = answer.draft.shown or answer.actions.quoted or answer.actions.handed_over
    if asked_else or not (asks_terms or shop_answers.names_code(answer, text)):
        return said
    if quote is None:
        return [*said, *order_answers.offer_again(answer)]
    item = answer.items.get(quote.sku)
    if item is None or item.stock < quote.quantity:
        return said
    return [*said, order_answers.ask_again(answer, answer.actions.quote(quote.sku, quote.quantity))]
