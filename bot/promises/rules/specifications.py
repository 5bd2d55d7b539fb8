"""Checks what is said of an item against its title, description and keywords."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

from bot.language.languages import LETTERS
from bot.language.normalisation import composed, plain_in_place
from bot.promises import claims
from bot.promises.facts import PRODUCT, SPECIFICATION, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence
from memory.shop.catalogue_items import Item

_UNITS: Final = (
    "gb", "tb", "hz", "mp", "mah", "inch", "w", "dpi", "kg", "g", "ports", "keys", "metres", "cm", "hours", "days",
)  # fmt: skip


def _spoken(key: str) -> str:
    return unicodedata.normalize("NFC", claims.of_all(key, "measures"))


_NUMBER = rf"(?<![\d.,])(?P<number>\d+(?:[.,]\d+)*|(?<![^\W\d_])(?:{claims.COUNT})(?= ))"
_MEASURE = re.compile(
    rf"{_NUMBER}(?: ?(?P<scale>{_spoken('thousand')})(?= ))?[\s-]?"
    rf"(?:{'|'.join(f'(?P<{unit}>{_spoken(unit)})' for unit in _UNITS)})(?![^\W_]|[{LETTERS}])",
    re.IGNORECASE,
)
_BY = re.compile(
    rf"(?<![\d.,€$£₹])(\d{{2,3}}) ?(?:×|{_spoken('by')}) ?(\d{{2,3}})(?: ?(?:cm|mm))?(?![.,]?\d)", re.IGNORECASE
)
_CHIP = re.compile(
    r"(?<!\w)(?P<maker>rtx|gtx|geforce(?: rtx)?|radeon(?: rx)?|ryzen(?: ai)?|core(?: ultra)?(?: i)?|snapdragon|dimensity|celeron|pentium)"
    r"[\s-]?(?P<number>i?\d\w*)|(?<!\w)(?P<intel>i[3579])(?!\w)",
    re.IGNORECASE,
)
_COLOURS = claims.by_language("colours")
_LENGTHS = frozenset({"inch", "cm", "g", "kg"})  # which the customer's own things have


def check_specifications(sentences: Sequence[Sentence], facts: ReplyFacts) -> PlacedBreaches:
    """Measures, chips, features and colours must be those of an item that the sentence, or else the draft, names."""
    in_draft = list({item.sku: item for sentence in sentences for item in sentence.items}.values())
    for sentence in sentences:
        described = _described(sentence, facts)
        named = [*(sentence.items or in_draft or _asked_about(facts)), *described]
        known = _Known(named or facts.items)
        for start, end, why in _untrue(sentence, facts, known, bool(sentence.items or in_draft)):
            right = "; ".join(f"{item.title}: {item.description}" for item in list(named)[:3])
            yield sentence.start + start, Breach(SPECIFICATION, sentence.cut(start, end), why, right or "leave it out")


def check_other_goods(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    goods = facts.other_makes.other_goods
    for found in goods.finditer(sentence.plain) if goods else ():
        words = re.findall(claims.WORD, found.group().lower())
        if all(word in facts.vocabulary or word.rstrip("s") in facts.vocabulary for word in words):
            continue
        denied = sentence.denied(*found.span())
        if (
            not denied
            and not sentence.asked(found.end())
            and found.group().lower() not in facts.customer_plain.lower().replace("?", "")
        ) or (not denied and not sentence.asked(found.end()) and claims.AFFIRMS.search(sentence.plain)):
            why = "the catalogue has no such goods"
            yield found.start(), Breach(PRODUCT, sentence.cut(*found.span()), why, "say that it is not sold here")


class _Known:
    """What the descriptions of some items say."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.text = "\n".join(map(_said_of, items))
        self.measures = {measure for item in items for measure in _measures_of(item)}
        self.chips = {chip for item in items for chip in _chips_of(item)}
        self.hours = any(unit in ("hours", "days") for _, unit in self.measures)


def _untrue(sentence: Sentence, facts: ReplyFacts, known: _Known, is_named: bool) -> Iterator[tuple[int, int, str]]:
    """Spans with the reason; what is asked or denied claims nothing."""
    claimed = (
        (_measures_against(sentence, facts, known, is_named), "the description says otherwise, or nothing"),
        ((f for f in _CHIP.finditer(sentence.bare) if _chip(f) not in known.chips), "the description names another"),
        (_features_against(sentence, facts, known), "the description does not say this"),
        (_colours_against(sentence, facts, known), "the catalogue names no such colour"),
    )
    for found_here, why in claimed:
        for found in found_here:
            if not sentence.denied(*found.span()) and not sentence.asked(found.end()):
                yield *found.span(), why


def _measures_against(sentence: Sentence, facts: ReplyFacts, known: _Known, is_named: bool) -> Iterator[re.Match[str]]:
    plain = sentence.bare
    asked = {measure for _, measure in _measures(facts.customer_plain)}
    policy = claims.RETURNS.search(plain) or claims.WARRANTY.search(plain)
    of_battery = claims.BATTERY.search(plain) or (known.hours and is_named and not claims.DELIVERS.search(plain))
    for found, measure in _measures(plain):
        number, unit = measure
        if unit in ("hours", "days") and (policy or not of_battery or _is_policy_time(measure, facts)):
            continue
        told = measure in asked or (unit == "inch" and Decimal(number) in facts.customer_numbers)
        own = told and (unit in _LENGTHS or claims.LIMIT.search(plain))
        of_all = not is_named and unit not in {each for _, each in known.measures}  # they speak of another item
        if measure not in (_Known(facts.items).measures if of_all else known.measures) and not own:
            yield found
    yield from (found for found in _BY.finditer(plain) if not all(each in known.text for each in found.groups()))


def _features_against(sentence: Sentence, facts: ReplyFacts, known: _Known) -> Iterator[re.Match[str]]:
    any_feature = facts.other_makes.any_feature
    if any_feature is None or not any_feature.search(sentence.bare):
        return
    for feature in facts.other_makes.features:
        found = feature.search(sentence.bare)
        if found and not feature.search(known.text) and not _is_open(sentence, found):
            yield found


def _colours_against(sentence: Sentence, facts: ReplyFacts, known: _Known) -> Iterator[re.Match[str]]:
    for found in _COLOURS[sentence.language].finditer(sentence.bare):
        of_address = found.group()[0].isupper() and found.group() in facts.customer_plain  # "Cempaka Putih"
        if not of_address and found.group().lower() not in known.text and not _is_open(sentence, found):
            yield found


def _is_policy_time(measure: tuple[str, str], facts: ReplyFacts) -> bool:
    number, unit = measure
    hours = Decimal(number) * (24 if unit == "days" else 1)
    return any(hours in span for span in facts.durations)


def _is_open(sentence: Sentence, found: re.Match[str]) -> bool:
    """Whether the sentence leaves it open: "if you need it waterproof"."""
    before = re.split(r"[;:.!?]", sentence.plain[: found.start()])[-1]
    return bool(claims.CONDITIONS[sentence.language].search(before))


def _described(sentence: Sentence, facts: ReplyFacts) -> list[Item]:
    """Items that the sentence calls by a word of their titles or keywords: of the basket, or hardly any other's."""
    words = set(re.findall(claims.WORD, sentence.bare.lower()))
    in_basket = [item for item, _ in facts.basket if words & facts.words_of(item)]
    return [*in_basket, *facts.items_called(words, most=2)]


def _asked_about(facts: ReplyFacts) -> list[Item]:
    return [item for item, _ in facts.basket] or list(facts.customer_items)


@lru_cache(maxsize=4096)
def _said_of(item: Item) -> str:
    said = " ".join([*item.every_title, item.description, *item.descriptions.values(), *item.keywords])
    return plain_in_place(composed(said)).lower()


@lru_cache(maxsize=4096)
def _measures_of(item: Item) -> frozenset[tuple[str, str]]:
    return frozenset(measure for _, measure in _measures(_said_of(item)))


@lru_cache(maxsize=4096)
def _chips_of(item: Item) -> frozenset[str]:
    return frozenset(map(_chip, _CHIP.finditer(_said_of(item))))


def _measures(plain: str) -> Iterator[tuple[re.Match[str], tuple[str, str]]]:
    for found in _MEASURE.finditer(plain):
        unit = found.lastgroup or ""
        number = found["number"].lower()
        if not number[0].isdigit():
            number = str(claims.number(number))
        elif re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", number):
            number = re.sub(r"[.,]", "", number)
        number = number.replace(",", ".")
        if found["scale"]:
            number = f"{float(number) * 1000:g}" if float(number) * 1000 < 1e6 else number
        if unit == "kg" and "." in number:
            yield found, (number, "kg")
            continue
        yield found, (number, unit)


def _chip(found: re.Match[str]) -> str:
    if found["intel"]:
        return found["intel"].lower()
    number = found["number"].lower()
    return number if re.fullmatch(r"i\d", number) else f"{found['maker'].lower().split()[0]}{number}"
