"""Answers about policies and discounts; hand-overs."""

from __future__ import annotations

import re

from bot.brands import Discount
from bot.language.normalisation import fold
from bot.language.reading.extraction import PRICE
from bot.language.reading.message_type import Classification
from bot.sales.answering.built_in import mentioned_items
from bot.sales.answering.built_in.answer import SURE, BuiltInAnswer
from bot.sales.understanding import topics


def asks_delivery_terms(answer: BuiltInAnswer, plain: str) -> bool:
    """Not the progress of an own order."""
    about = "delivery" in topics.topics_in(plain) or topics.ARRIVES.search(plain)
    if not about or topics.OWN_ORDER.search(plain):
        return False
    return not answer.situation.orders or bool(PRICE.search(plain))


def human(answer: BuiltInAnswer, _part: str, plain: str, kind: Classification) -> list[str]:
    points = mentioned_items.pointed_at(answer, plain)  # "number 3 please" is about the list
    wanted = kind.message_type == "human_handoff" and kind.confidence >= SURE and not points
    if not wanted and not topics.HUMAN.fullmatch(plain.strip(" .!?¿¡।")):
        return []
    return [answer.hand_over("asked for a person", "human")]


def complaint(answer: BuiltInAnswer, _part: str, plain: str, kind: Classification) -> list[str]:
    """A question about the return or warranty policy is no complaint."""
    asks = "returns" in topics.topics_in(plain) or "warranty" in topics.topics_in(plain)
    complains = topics.COMPLAINT.search(plain)
    sure = kind.message_type == "complaint_refund" and kind.confidence >= SURE and not topics.BUY.search(plain)
    if not complains and (not sure or asks):
        return []
    if asks and "?" in plain and kind.message_type != "complaint_refund":
        return []
    return [answer.hand_over("complaint", "complaint")]


def terms(answer: BuiltInAnswer, _part: str, plain: str, kind: Classification) -> list[str]:
    asked = topics.topics_in(plain)
    if "discount" in asked or names_code(answer, plain):
        by_hand = [answer.say("code_by_hand")] if names_code(answer, plain) and _running_discounts(answer) else []
        return [_discount(answer), *by_hand, *(answer.policy(topic) for topic in asked if topic in topics.POLICIES)]
    if kind.message_type == "support_request" and topics.TROUBLE.search(plain):
        return []
    if not asked and asks_delivery_terms(answer, plain):
        asked = ["delivery"]
    buys = kind.message_type == "order" and mentioned_items.meant(answer, plain)
    return [] if buys else [answer.policy(topic) for topic in asked if topic in topics.POLICIES]


def names_code(answer: BuiltInAnswer, plain: str) -> bool:
    codes = {fold(each.code) for each in answer.situation.brand.discounts}
    return bool(topics.CODE.search(plain) or codes.intersection(re.findall(r"[a-z0-9]+", plain)))


def _running_discounts(answer: BuiltInAnswer) -> list[Discount]:
    today = answer.situation.now.astimezone(answer.situation.brand.time_zone).date()
    return [each for each in answer.situation.brand.discounts if each.valid_until >= today]


def _discount(answer: BuiltInAnswer) -> str:
    running = _running_discounts(answer)
    if not running:
        return answer.say("no_discount")
    best = max(running, key=lambda each: each.percent)
    until = answer.wording.date(best.valid_until)
    return answer.say("discount", code=best.code, percent=f"{best.percent.normalize():f}", date=until)
