"""Checks times of delivery, return and warranty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from bot.promises import claims
from bot.promises.facts import DELIVERY, POLICY, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence


def check_times(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    returns = claims.RETURNS.search(sentence.plain) or claims.WARRANTY.search(sentence.plain)
    delivers = claims.DELIVERS.search(sentence.plain)
    if returns and not (delivers and delivers.start() < returns.start()):
        yield from _policy_times(sentence, facts)
    elif delivers:
        yield from _delivery_times(sentence, facts)


def _policy_times(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    lengths = {hours for span in facts.durations for hours in span}
    for match, (low, high) in claims.durations(sentence.bare):
        if high not in lengths or low not in lengths:
            why = "the policy names no such time"
            right = "take the time from the brand's policy text"
            yield match.start(), Breach(POLICY, sentence.cut(*match.span()), why, right)


def _delivery_times(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    for start, end in _delivery_claims(sentence, facts):
        if not sentence.denies(start, end):
            promise = facts.delivery
            days = ", ".join(f"{order.number}: {order.promised}" for order in facts.orders if order.promised)
            right = f"{promise.min_days}-{promise.max_days} days after payment" + (f"; {days}" if days else "")
            yield start, Breach(DELIVERY, sentence.cut(start, end), "delivery is not promised for then", right)


def _delivery_claims(sentence: Sentence, facts: ReplyFacts) -> Iterator[tuple[int, int]]:
    """Spans of delivery times that neither the policy nor an order supports."""
    promised = {order.promised for order in facts.orders if order.promised}
    for match, span in claims.durations(sentence.bare):
        if not _delivery_span_holds(span, facts):
            yield match.span()
    for match in claims.SOON.finditer(sentence.plain):
        if not _soon_holds(sentence, match, promised, facts.today):
            yield match.span()
    weekdays = list(claims.WEEKDAYS.finditer(sentence.plain))
    between = sentence.plain[weekdays[0].end() : weekdays[-1].start()].strip().lower() if weekdays else ""
    if len(weekdays) != 2 or between not in claims.WEEKDAY_RANGE:  # the opening hours are no promise
        yield from (m.span() for m in weekdays if _weekday(m.group()) not in {day.weekday() for day in promised})
    # "com o código HOLA5 você tem 5% de desconto até 31 jan." says when the discount ends
    ends = [each.valid_until for each in facts.discounts] if claims.DISCOUNT.search(sentence.plain) else []
    for match in claims.DATED.finditer(sentence.bare):
        day = _month_day(match)
        if day and day not in {(date.month, date.day) for date in (*promised, *ends, facts.today)}:
            yield match.span()


def _delivery_span_holds(span: tuple[int, int], facts: ReplyFacts) -> bool:
    low, high = span
    least, most = facts.delivery.min_days * 24, facts.delivery.max_days * 24
    return span == (least, most) or (low == high == most) or (low != high and span in facts.durations)


def _soon_holds(sentence: Sentence, match: re.Match[str], promised: set[date], today: date) -> bool:
    word = match.group().lower()
    ahead = 1 if claims.TOMORROW.match(word) else 0 if claims.TODAY.match(word) else None
    if ahead is not None and today + timedelta(days=ahead) in promised:
        return True
    before = sentence.plain[: match.start()]
    said = [m for m in claims.AFTER_ORDERING.finditer(before) if not before[m.end() :].strip()]
    return bool(said)


def _weekday(name: str) -> int:
    word = name.lower()
    return claims.WEEKDAY_NAMES.get(word, claims.WEEKDAY_NAMES.get(word.removesuffix("s"), -1))


def _month_day(match: re.Match[str]) -> tuple[int, int] | None:
    groups = {name: value for name, value in match.groupdict().items() if value}
    day = int(next(value for name, value in groups.items() if name.startswith("day")))
    month = next(value for name, value in groups.items() if name.startswith("month")).lower()
    number = int(month) if month.isdigit() else claims.MONTH_NAMES.get(month, -1) + 1
    return (number, day) if 1 <= number <= 12 and 1 <= day <= 31 else None
