"""Turns a message into what the classifier counts: words, word pairs and letter groups, hashed into buckets."""

from __future__ import annotations

import re
from zlib import crc32

from bot.sales.amounts import PLAIN

BUCKETS = 1 << 16
LONGEST_READ = 400  # characters; what a message is about is said by then, and a long one costs no more
LETTER_GROUPS = (2, 3, 4, 5)

SHAPES = (
    (re.compile(r"https?://\S+|www\.\S+"), " urlshape "),
    (re.compile(r"\S+@\S+\.\w+"), " mailshape "),
    (
        re.compile(r"\b\d+(?:\.\d+)?\s?(?:[x*×]|by|into)\s?\d+(?:\.\d+)?(?:\s?(?:[x*×]|by)\s?\d+)?"),
        " sizeshape ",
    ),
    (re.compile(r"\+?\d[\d ]{8,13}\d"), " phoneshape "),
    (re.compile(r"\d+(?:[.,]\d+)?\s?%|\d+ ?percent\b"), " percentshape "),
    (re.compile(r"[#]\s?\d+"), " numbershape "),
    (re.compile(r"\d{5,}"), " longnumber "),
    (re.compile(r"\d+(?:[.,]\d+)*"), " 0 "),
)
STRETCHED = re.compile(r"(\w)\1{2,}")
WORD = re.compile(r"[a-z0-9']+|[\u0900-\u0965\u0970-\u097f\u200c\u200d]+|[^\W_]+|[$€£¥₹?!]|[^\s\w.,;:'\"()\[\]*-]")
SHORT_FORMS = {
    "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please", "plzz": "please", "plese": "please",
    "pl": "please", "wht": "what", "wat": "what", "hw": "how", "abt": "about", "n": "and", "d": "the", "b/w": "between",
    "thx": "thanks", "thanx": "thanks", "tnx": "thanks", "msg": "message", "msgs": "messages", "del": "delivery",
    "no.": "number", "nos": "number", "wanna": "want to", "gonna": "going to", "cant": "can't", "dont": "don't",
    "didnt": "didn't", "havent": "haven't", "whats": "what's", "wheres": "where's", "im": "i'm", "y": "why",
    "amt": "amount", "qty": "quantity", "ordr": "order", "oder": "order", "recieved": "received", "recived": "received",
    "recieve": "receive", "mattres": "mattress", "matress": "mattress", "matters": "mattress", "matt": "mattress",
    "matresses": "mattress", "mattresses": "mattress", "matteress": "mattress",
}  # fmt: skip


def words_of(text: str) -> list[str]:
    """The message's words, lower case without accents; numbers, sizes and telephone numbers as their shape."""
    plain = STRETCHED.sub(r"\1\1", text[:LONGEST_READ].translate(PLAIN).lower().replace("’", "'"))
    for shape, name in SHAPES:
        plain = shape.sub(name, plain)
    return [part for word in WORD.findall(plain) for part in SHORT_FORMS.get(word, word).split()]


def buckets_of(words: list[str]) -> dict[int, int]:
    """How often each hashed feature occurs in these words."""
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
