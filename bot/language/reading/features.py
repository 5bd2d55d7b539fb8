"""Classifier features: words, word pairs and letter groups, hashed into buckets."""

from __future__ import annotations

import re
from zlib import crc32

from bot.language.languages import LANGUAGES, LETTERS
from bot.language.normalisation import fold_in_place
from bot.language.reading import devanagari
from bot.language.reading.patterns import one_of
from bot.language.words import entry

BUCKETS = 1 << 16
LONGEST_READ = 400  # characters; the subject is clear by then, and cost is bounded
LETTER_GROUPS = (2, 3, 4, 5)

BY = rf"(?:[x*×]|{one_of('message_type', 'dimensions')})"
PLACEHOLDERS = (
    (re.compile(r"https?://\S+|www\.\S+"), " urlshape "),
    (re.compile(r"\S+@\S+\.\w+"), " mailshape "),
    (
        re.compile(rf"\b\d+(?:\.\d+)?\s?{BY}\s?\d+(?:\.\d+)?(?:\s?{BY}\s?\d+)?"),
        " sizeshape ",
    ),
    (re.compile(r"\+?\d[\d ]{8,13}\d"), " phoneshape "),
    (re.compile(rf"\d+(?:[.,]\d+)?\s?%|\d+ ?{one_of('message_type', 'percent')}\b"), " percentshape "),
    (re.compile(r"[#]\s?\d+"), " numbershape "),
    (re.compile(r"\d{5,}"), " longnumber "),
    (re.compile(r"\d+(?:[.,]\d+)*"), " 0 "),
)
STRETCHED = re.compile(r"(\w)\1{2,}")
WORD = re.compile(rf"[a-z0-9']+|[{LETTERS}\u200c\u200d]+|[^\W_]+|[$€£¥₹?!]|[^\s\w.,;:'\"()\[\]*-]")
SHORT_FORMS = {
    short: word.strip()
    for language in reversed(LANGUAGES)  # where two share a short form, the first language's is taken
    for word, shorts in (
        line.split("=") for line in entry(language, "message_type", "short_forms").strip().splitlines()
    )
    for short in shorts.split()
}


def words_of(text: str) -> list[str]:
    """Lower case, no accents; numbers, sizes and phone numbers are placeholders."""
    plain = STRETCHED.sub(r"\1\1", fold_in_place(text[:LONGEST_READ]).lower().replace("’", "'"))
    for shape, name in PLACEHOLDERS:
        plain = shape.sub(name, plain)
    plain = devanagari.WORD.sub(lambda word: devanagari.in_latin(word[0]), plain)
    return [part for word in WORD.findall(plain) for part in SHORT_FORMS.get(word, word).split()]


def buckets_of(words: list[str]) -> dict[int, int]:
    """Count by hashed feature."""
    counts: dict[int, int] = {}
    for feature in _features(words):
        bucket = crc32(feature.encode("utf-8", "surrogatepass")) % BUCKETS
        counts[bucket] = counts.get(bucket, 0) + 1
    return counts


def _features(words: list[str]) -> list[str]:
    found = [f"w {word}" for word in words]
    found += [f"p {one} {two}" for one, two in zip(["^", *words], [*words, "$"], strict=True)]
    for word in words:
        framed = f" {word} "
        for size in LETTER_GROUPS:
            found += [framed[i : i + size] for i in range(len(framed) - size + 1)]
    return found
