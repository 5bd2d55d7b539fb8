"""Checks that a draft names no way to pay or to reach anybody but the brand's own.

Whatever can be such a way is looked for, not a list of fraudulent ones: addresses in any spelling, runs of digits and of
digit words, account numbers, handles, names of services, and words for ways to pay, to reach and to visit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from bot.language.number_words import COUNTING, UNITS
from bot.language.words import words_of_all
from bot.promises import claims
from bot.promises.facts import LINK, ROUTE, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence

FEWEST_DIGITS = 7  # of a telephone or account number
LONGEST_GROUPED = 9  # digits of "1.299.000": with more, it is no price of a shop
FEWEST_WORDS, FEWEST_SPELT = 3, 6  # digit words, and digits in all, of a number that is spelt

_SERVICES = claims.claim("services", "routes")
_WAYS_TO_PAY = claims.claim("ways_to_pay", "routes")
_SENDS_MONEY = claims.claim("sends_money", "routes")
_WAYS_TO_REACH = claims.claim("ways_to_reach", "routes")
_HERE = claims.claim("here", "routes")
_WARNED = claims.claim("warned", "routes")
_STREETS = claims.claim("streets", "routes")
_PAYMENT_PAGE = claims.claim("payment_page", "credentials")

_HANDLE = re.compile(r"(?<![\w@])@[A-Za-z][\w.]{2,}|[\w.+-]+ ?@ ?[A-Za-z][\w.-]*")
_BANK_HANDLE = re.compile(
    rf"[\w.-]+(?:@|[ .]?(?:{claims.of_all('at_sign', 'routes')})[ .])(?:ok\w+|ybl|ibl|axl|apl|paytm|upi|gmail|yahoo|hotmail|outlook)(?!\w)",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{2,4}){3,}(?![A-Za-z0-9])")
_LONG_KEY = re.compile(r"(?<![\w/.-])(?=\w*\d)(?=\w*[A-Za-z])\w{20,}")
_TOKEN = re.compile(rf"\d+|{claims.WORD}|[^\W\d_]+|\S", re.IGNORECASE)
_BETWEEN_DIGITS = frozenset(" -.,()/+|·•–:")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{2,3})+(?!\d)")
_DATE_OR_TIME = re.compile(
    r"\d{1,2}[.:h]\d{2}\s?(?:-|[^\W\d_]{1,6})\s?\d{1,2}[.:h]\d{2}|(?<!\d)\d{1,2}[./-]\d{1,2}[./-](?:20)?\d\d(?!\d)|20\d\d-\d\d-\d\d"
)
_NUMBER_WORDS: Final[dict[str, Decimal | int]] = {**COUNTING, **UNITS}
_DIGIT_WORDS: Final = {
    unicodedata.normalize("NFC", word): 1 if value < 10 else 2
    for word, value in _NUMBER_WORDS.items()
    if value == int(value) and value < 100 and len(word) > 1
}
_REPEATERS: Final = {unicodedata.normalize("NFC", word): 1 for word in words_of_all("routes", "repeaters")}
_SIGN_WORDS: Final = frozenset(words_of_all("claims", "dot")) | {"plus", "slash", "dash"}


def check_links(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    for match in claims.LINK.finditer(sentence.text):
        link = match.group().rstrip(".,;:!?)]}*_~'\"।")
        if not facts.has_link(link) and not _is_customers(link, sentence, facts):
            right = "use the item's, shop's or order's own link"
            yield match.start(), Breach(LINK, link, "this address is not ours", right)


def check_spelt_addresses(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    for found in claims.SPELT_ADDRESS.finditer(sentence.plain):
        why = "an address in words goes round the check of links"
        yield found.start(), Breach(LINK, sentence.cut(*found.span()), why, "write the brand's own link")


def check_routes(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    warned = bool(_WARNED.search(sentence.plain))
    for start, end in (*_tokens(sentence, facts), *([] if warned else _named(sentence, facts))):
        why = "this is not a way to pay or to reach the brand"
        right = "payment is by the order's own link, and the brand answers in this chat"
        yield start, Breach(ROUTE, sentence.cut(start, end), why, right)


def _tokens(sentence: Sentence, facts: ReplyFacts) -> Iterator[tuple[int, int]]:
    """Spans of what is an address, a handle or a number in itself."""
    plain = claims.LINK.sub(lambda link: " " * len(link.group()), sentence.plain)
    for pattern in (_HANDLE, _BANK_HANDLE, _ACCOUNT, _LONG_KEY):
        for found in pattern.finditer(plain):
            if not _is_customers(found.group(), sentence, facts):
                yield found.span()
    for start, end in _numbers(sentence, plain, facts):
        if not _is_customers(plain[start:end], sentence, facts):
            yield start, end


def _is_customers(named: str, sentence: Sentence, facts: ReplyFacts) -> bool:
    """Whether the customer gave it, and the draft does not make it a way to pay or to reach somebody."""
    digits = re.sub(r"\D", "", named)
    own = named.lower() in facts.customer_plain.lower() or (len(digits) >= 4 and digits in facts.customer_digits)
    if own and sentence.denied(start := sentence.plain.find(named), start + len(named)):
        return True
    return own and not (_SENDS_MONEY.search(sentence.plain) or claims.PAYS.search(sentence.plain))


def _numbers(sentence: Sentence, plain: str, facts: ReplyFacts) -> Iterator[tuple[int, int]]:
    """Telephone and account numbers, in digits, in words, or in both."""
    blanked = _DATE_OR_TIME.sub(lambda date: " " * len(date.group()), plain)
    for amount in sentence.amounts:
        if amount.currency:
            start, end = amount.span
            blanked = blanked[:start] + "x" * (end - start) + blanked[end:]
    for mention in sentence.mentions:
        blanked = blanked[: mention.start] + "x" * (mention.end - mention.start) + blanked[mention.end :]
    run: list[tuple[int, int, int, str]] = []  # start, end, digits, token
    for token in _TOKEN.finditer(blanked.lower()):
        word = token.group()
        digits = len(word) if word.isdigit() else _DIGIT_WORDS.get(word) or _REPEATERS.get(word) or 0
        if digits and not (word.isdigit() and re.search(r"[a-z]-?$", blanked[: token.start()].lower())):
            run.append((token.start(), token.end(), digits, word))
        elif (word in _BETWEEN_DIGITS or word in _SIGN_WORDS) and run:
            continue
        else:
            yield from _number(run, blanked, facts)
            run = []
    yield from _number(run, blanked, facts)


def _number(run: list[tuple[int, int, int, str]], plain: str, facts: ReplyFacts) -> Iterator[tuple[int, int]]:
    if not run:
        return
    words = sum(not each[3].isdigit() for each in run)
    digits = sum(each[2] for each in run)
    start, end = run[0][0], run[-1][1]
    shown = re.sub(r"\D", "", plain[start:end])
    if words >= FEWEST_WORDS and digits >= FEWEST_SPELT:
        yield start, end
    elif digits >= FEWEST_DIGITS and shown not in facts.own_digits:
        parts = re.split(r"[,:]\s", plain[start:end])  # prices and sizes one after the other are no number
        if any(
            len(re.sub(r"\D", "", part)) >= FEWEST_DIGITS
            and not (_GROUPED.fullmatch(part) and digits < LONGEST_GROUPED)
            for part in parts
        ):
            yield start, end


def _named(sentence: Sentence, facts: ReplyFacts) -> Iterator[tuple[int, int]]:
    """Spans of words for other ways to pay, to reach and to visit, unless they are denied."""
    plain = claims.LINK.sub(lambda link: " " * len(link.group()), sentence.plain)
    for pattern in (_SERVICES, _WAYS_TO_PAY):
        for found in pattern.finditer(plain):
            in_policy = re.search(rf"(?<!\w){re.escape(found.group().lower())}(?!\w)", facts.policy_words)
            if not in_policy and not sentence.denied(*found.span()):
                yield found.span()
    for found in _SENDS_MONEY.finditer(plain):
        if not sentence.denied(*found.span()) and not _PAYMENT_PAGE.search(sentence.plain):
            yield found.span()
    for found in _WAYS_TO_REACH.finditer(plain):
        here = _HERE.search(plain, found.start(), found.end() + 40) or _has_own_number(plain, facts)
        if not here and not sentence.denied(*found.span()):
            yield found.span()
    for found in _STREETS.finditer(plain):
        number = re.match(r"[\s,.]*(?:[^\W\d_]+[\s,.]+){0,4}?\d+|(?<=\d)", plain[found.end() :])
        named = plain[found.start() : found.end() + (number.end() if number else 0)].lower()
        numbered = (number and not claims.NOT_MONEY_AFTER.match(plain[found.end() + number.end() :])) or re.search(
            r"\d+\w? (?:[^\W\d_]+ ){0,2}$", plain[: found.start()]
        )
        if numbered and not _of_customer(plain, found, facts) and not sentence.denied(*found.span()):
            yield found.start(), found.start() + len(named)


def _has_own_number(plain: str, facts: ReplyFacts) -> bool:
    digits = re.sub(r"\D", "", plain)
    return any(phone and phone in digits for phone in facts.own_digits.split())


def _of_customer(plain: str, found: re.Match[str], facts: ReplyFacts) -> bool:
    """Whether the customer said the same kind of place with one of the numbers beside it."""
    around = re.findall(r"\d+", plain[max(0, found.start() - 25) : found.end() + 40])
    said = facts.customer_plain.lower()
    return any(re.search(rf"(?<!\d){number}(?!\d)", said) for number in around)
