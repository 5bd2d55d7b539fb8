"""Checks for products that the catalogue does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile

from bot.language.currencies import CODES
from bot.promises import claims
from bot.promises.facts import PRODUCT, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence

NEARBY = 25  # characters
_STREETS = claims.claim("streets", "routes")


def check_products(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    for start, end in _unknown_products(sentence, facts):
        if not _may_be_named(sentence, facts, start, end):
            why = "the catalogue has no such product"
            right = "name items by their catalogue titles, or say that it is not sold"
            yield start, Breach(PRODUCT, sentence.cut(start, end), why, right)


def _unknown_products(sentence: Sentence, facts: ReplyFacts) -> Iterator[tuple[int, int]]:
    plain = claims.LINK.sub(lambda link: " " * len(link.group()), sentence.plain)
    covered = [(mention.start, mention.end) for mention in sentence.mentions]
    foreign = list(product.finditer(plain)) if (product := facts.other_makes.product) else []
    for match in foreign:
        within = any(start <= match.start() and match.end() <= end for start, end in covered)
        if not within and not _sells(match.group(), facts):
            yield match.span()
    for mention in sentence.mentions:
        more = claims.QUALIFIER_NEXT.match(plain, mention.end)
        if more and all(title.split()[-1] != more["next"] for title in mention.item.every_title):
            yield mention.start, more.end()
    yield from _wrong_models(plain, covered, facts)
    for match in claims.MODEL_LIKE.finditer(plain):
        seen = [*covered, *(each.span() for each in foreign)]
        if not _overlaps(match.span(), seen) and _looks_invented(plain, match, facts):
            yield match.span()


def _sells(product: str, facts: ReplyFacts) -> bool:
    """Whether every word of a product's name is in the catalogue: a shop may sell other makers' goods."""
    words = re.findall(r"\w+", product.lower())
    return all(word in facts.vocabulary or word.rstrip("s") in facts.vocabulary for word in words)


def _wrong_models(plain: str, covered: Sequence[tuple[int, int]], facts: ReplyFacts) -> Iterator[tuple[int, int]]:
    """A maker or model line of the catalogue, followed by a name or number that none of its items has."""
    own = facts.item_names.makers | facts.item_names.series
    if not own:
        return
    lines = re.compile(
        rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(own, key=len, reverse=True)))})(?!\w)", re.IGNORECASE
    )
    for match in lines.finditer(plain):
        following = claims.CAPITALISED_NEXT.match(plain, match.end())
        if _overlaps(match.span(), covered) or not following:
            continue
        word = following["next"].lower()
        if match.group()[0].isupper() and (
            word not in facts.vocabulary or word in facts.item_names.series or word[0].isdigit()
        ):
            yield match.start(), following.end("next")


def _looks_invented(plain: str, match: re.Match[str], facts: ReplyFacts) -> bool:
    named = match["name"].lower().split()
    words = list(dropwhile(claims.ARTICLES.__contains__, named))
    if (
        not words
        or words[-1].upper() in CODES
        or any(
            word in claims.ORDINARY_NAMES or word in facts.other_makes.technology or word in facts.vocabulary
            for word in words
        )
    ):
        return False
    behind = plain[match.end() :]
    if claims.NOT_MONEY_AFTER.match(behind) or facts.is_goods(behind) or claims.ORDER_NUMBER.match(match.group()):
        return False
    starts_sentence = not re.search(r"\w", plain[: match.start()])
    return not starts_sentence or len(named) > 1 or not match["number"].isdigit()


def _may_be_named(sentence: Sentence, facts: ReplyFacts, start: int, end: int) -> bool:
    """Whether the sentence denies selling it, compares what the customer named, or repeats their address."""
    if claims.NOT_SOLD.search(sentence.plain) or sentence.denied(start, end):
        return True
    named = sentence.plain[start:end].lower()
    asked = named.split()[0].rstrip("s") in facts.customer_plain.lower()
    near = sentence.plain[max(0, start - NEARBY) : end + NEARBY]
    if asked and (claims.COMPARED.search(near) or sentence.asked(end)):
        return True
    lines = [line for line in facts.customer_plain.lower().splitlines() if named in line]
    return any(_STREETS.search(line) or re.search(r"\d{4,}", line) for line in lines) and not facts.is_make(named)


def _overlaps(span: tuple[int, int], covered: Sequence[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in covered)
