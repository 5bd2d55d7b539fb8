"""What counts as a yes or a no to a quote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from bot.language.languages import LETTERS
from bot.language.normalisation import fold
from bot.language.words import folded_alternatives
from memory.conversations.messages import Message
from memory.shop.orders import read_number

YES_PAYLOAD, NO_PAYLOAD, BUY_PAYLOAD = "order:yes", "order:no", "buy:"

MOST_WORDS = 10  # of a yes or a no and nothing besides; the time to match doubles with each more
SIGNS = "✅👍👌🙏😊🙂"
_any = partial(folded_alternatives, "answers")


def _and_nothing_besides(key: str) -> re.Pattern[str]:
    beside = f"(?:{_any('beside')}|[✅👍🙏😊🙂])"
    return re.compile(rf"(?:{beside} )*{_any(key)}(?: (?:{_any(key)}|{beside}))*")


_YES = _and_nothing_besides("yes")
_NO = _and_nothing_besides("no")
_HALF_YES = re.compile(rf"(?:{_any('half_yes')}|[👍👌✅])(?: (?:ok|👍|👌))*")
_NUMBER = re.compile(r"\b[A-Z]{4}-[A-Z]{4}\b")
_NUMBER_LOOSE = re.compile(r"\b[b-df-hj-np-tv-xz]{4}[- ]?[b-df-hj-np-tv-xz]{4}\b", re.IGNORECASE)


def says_yes(messages: Sequence[Message]) -> bool:
    """Every message is a pressed button, or a yes and nothing else.

    Not "yes but in blue?", "yes?", "ok", a thumbs up.
    """
    return bool(messages) and all(_is(message, YES_PAYLOAD, _YES) for message in messages)


def says_no(messages: Sequence[Message]) -> bool:
    """The last message is a pressed button, or a no and nothing else."""
    return bool(messages) and _is(messages[-1], NO_PAYLOAD, _NO)


def says_half_yes(messages: Sequence[Message]) -> bool:
    """ "ok" or a thumbs up: ask once more."""
    return bool(messages) and all(_HALF_YES.fullmatch(_plain(m.content, keep="?")) for m in messages)


def find_order_number(text: str, numbers: Sequence[str]) -> str | None:
    """One of `numbers` in any spelling, else what looks like an order number."""
    loose = [read_number(found.group()) for found in _NUMBER_LOOSE.finditer(text)]
    known = next((number for number in loose if number in numbers), None)
    strict = _NUMBER.search(text)
    return known or (strict.group() if strict else None)


def _is(message: Message, payload: str, words: re.Pattern[str]) -> bool:
    pressed = message.metadata.get("payload")
    if pressed is not None:
        return bool(pressed == payload)
    plain = _plain(message.content)
    return plain.count(" ") < MOST_WORDS and words.fullmatch(plain) is not None


def _plain(text: str, *, keep: str = "") -> str:
    if "?" in text and not keep:
        return ""
    kept = re.sub(rf"[^\w\s'{SIGNS}{LETTERS}{keep}]+", " ", fold(text))
    return " ".join(kept.split())
