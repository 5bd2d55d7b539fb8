"""Checks times of delivery, return and warranty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from bot.promises import claims
from bot.promises.facts import DELIVERY, POLICY, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence

SUNDAY = 6
SHORTEST_TERM = 7  # days; shorter spans of the policies are times of delivery


def check_times(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    returns = claims.RETURNS.search(sentence.plain) or claims.WARRANTY.search(sentence.plain)
    delivers = claims.DELIVERS.search(sentence.plain)
    if returns and not (delivers and delivers.start() < returns.start()):
        yield from _policy_times(sentence, facts)
    elif delivers or claims.ARRIVES_SOON.search(sentence.plain):
        yield from _delivery_times(sentence, facts)


def _policy_times(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    lengths = {hours for span in facts.durations for hours in span}
    for match, (low, high) in claims.durations(sentence.bare):
        of_battery = claims.BATTERY.search(sentence.plain, max(0, match.start() - 25), match.end())
        if (high not in lengths or low not in lengths) and not of_battery:
            why = "the policy names no such time"
            right = "take the time from the brand's policy text"
            yield match.start(), Breach(POLICY, sentence.cut(*match.span()), why, right)


def _delivery_times(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    for start, end in _delivery_claims(sentence, facts):
        if not sentence.denies(start, end) and not sentence.denied(start, end):
            promise = facts.delivery
            days = ", ".join(f"{order.number}: {order.promised}" for order in facts.orders if order.promised)
            right = f"{promise.min_days}-{promise.max_days} days after payment" + (f"; {days}" if days else "")
            yield start, Breach(DELIVERY, sentence.cut(start, end), "delivery is not promised for then", right)


def _delivery_claims(sentence: Sentence, facts: ReplyFacts) -> Iterator[tuple[int, int]]:
    """Spans of delivery times that neither the policy nor an order supports."""
    for match, span in claims.durations(sentence.bare):
        if not _delivery_span_holds(span, facts, sentence):
            yield match.span()
    promised = {order.promised for order in facts.orders if order.promised}
    for match in claims.SOON.finditer(sentence.plain):
        if not _soon_holds(sentence, match, promised, facts):
            yield match.span()
    yield from _days_against(sentence, facts, promised)


def _days_against(sentence: Sentence, facts: ReplyFacts, promised: set[date]) -> Iterator[tuple[int, int]]:
    """Weekdays and dates that are no day of the window, an order, the customer or a term."""
    dated = list(claims.DATED.finditer(sentence.bare))
    days = {day for match in dated if (day := claims.month_day(match))}
    weekdays = list(claims.WEEKDAYS.finditer(sentence.plain))
    window = _window(facts)
    ends = {window[0], window[-1]} if window else set()
    right = {*promised, facts.today, *_dates_of_customer(facts), *_terms(facts), *(window[-1:])}
    if claims.DISCOUNT.search(sentence.plain):
        right |= {each.valid_until for each in facts.discounts}
    told = {_weekday(match.group()) for match in weekdays}
    if {(each.month, each.day) for each in ends} <= days or {each.weekday() for each in ends} <= told:
        right |= set(window)  # both its ends are told
    allowed = {each.weekday() for each in right if each in promised or each in window or (each.month, each.day) in days}
    if claims.TODAY.search(sentence.plain.lower()):
        allowed.add(facts.today.weekday())
    between = sentence.plain[weekdays[0].end() : weekdays[-1].start()].strip().lower() if weekdays else ""
    if len(weekdays) != 2 or between not in claims.WEEKDAY_RANGE:  # the opening hours are no promise
        for match in weekdays:
            if _weekday(match.group()) not in allowed and not _is_earliest(sentence, match, window):
                yield match.span()
    known = {(each.month, each.day) for each in right}
    for match in dated:
        day = claims.month_day(match)
        if day and day not in known and not _is_earliest(sentence, match, window):
            yield match.span()


def _window(facts: ReplyFacts) -> list[date]:
    """The days of delivery of what is paid today."""
    promise = facts.delivery
    days = [facts.today + timedelta(days=ahead) for ahead in range(promise.min_days, promise.max_days + 1)]
    return [day for day in days if day.weekday() != SUNDAY]


def _is_earliest(sentence: Sentence, match: re.Match[str], window: list[date]) -> bool:
    """Whether it is the first possible day, and is said to be."""
    day = claims.month_day(match) if match.re is claims.DATED else None
    first = bool(window) and (
        day == (window[0].month, window[0].day) if day else _weekday(match.group()) == window[0].weekday()
    )
    return first and bool(claims.EARLIEST.search(sentence.plain[: match.start()]))


def _dates_of_customer(facts: ReplyFacts) -> Iterator[date]:
    """What they told, such as the day their parcel came."""
    for match in claims.DATED.finditer(facts.customer_plain):
        found = claims.month_day(match)
        for year in (facts.today.year - 1, facts.today.year, facts.today.year + 1) if found else ():
            month, day = found or (1, 1)
            if (month, day) != (2, 29):
                yield date(year, month, min(day, 28 if month == 2 else 30 if month in (4, 6, 9, 11) else 31))
    for weekday in re.finditer(r"(?<![\d.,€$£₹])([12]?\d|3[01])(?![\d.,]?\d)", facts.customer_plain):
        for ahead in range(-14, 15):
            day_near = facts.today + timedelta(days=ahead)
            if day_near.day == int(weekday[1]) and claims.WEEKDAYS.search(facts.customer_plain):
                yield day_near


def _terms(facts: ReplyFacts) -> set[date]:
    """The last days of the policies' terms, counted from the customer's dates or from a delivery."""
    spans = {hours // 24 for span in facts.durations for hours in span if hours >= SHORTEST_TERM * 24}
    starts = {*_dates_of_customer(facts), *_window(facts)}
    return {start + timedelta(days=days) for start in starts for days in spans}


def _delivery_span_holds(span: tuple[int, int], facts: ReplyFacts, sentence: Sentence) -> bool:
    low, high = span
    least, most = facts.delivery.min_days * 24, facts.delivery.max_days * 24
    if span == (least, most) or (low == high == most) or (low != high and span in facts.durations):
        return True
    after_sale = claims.RETURNS.search(facts.customer_plain + sentence.plain) or claims.WARRANTY.search(
        facts.customer_plain + sentence.plain
    )
    delivered = any(order.state == "delivered" for order in facts.orders)
    return bool(after_sale or delivered) and span in facts.durations and high >= SHORTEST_TERM * 24


def _soon_holds(sentence: Sentence, match: re.Match[str], promised: set[date], facts: ReplyFacts) -> bool:
    word = match.group().lower()
    ahead = 1 if claims.TOMORROW.match(word) else 0 if claims.TODAY.match(word) else None
    if ahead is not None and facts.today + timedelta(days=ahead) in promised:
        return True
    before = sentence.plain[: match.start()]
    if ahead == 0 and re.search(r"\S", before) and claims.PAYS.search(" ".join(before.split()[-2:])):
        return True  # "if you pay today"
    if ahead is None and claims.BEFORE.search(before[-16:]):
        window = _window(facts)
        return bool(window) and window[-1].weekday() < SUNDAY - 1 and window[-1].weekday() > facts.today.weekday()
    said = [m for m in claims.AFTER_ORDERING.finditer(before) if not before[m.end() :].strip()]
    return bool(said)


def _weekday(name: str) -> int:
    word = name.lower()
    return claims.WEEKDAY_NAMES.get(word, claims.WEEKDAY_NAMES.get(word.removesuffix("s"), -1))
