"""Data erasure and export on request in chat."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from bot.language.languages import LETTERS
from bot.language.normalisation import fold
from bot.language.texts import ReplyWording
from bot.language.words import folded_alternatives
from memory.conversations.messages import Message
from memory.people.contacts import Contact
from memory.people.facts import Fact, Interest
from memory.shop.orders import Order

ERASE, EXPORT = "erase", "export"

_any = partial(folded_alternatives, "data_rights")
_MINE = _any("mine")
_PLEASE = f"(?:{_any('please')} )*"
_ERASE = re.compile(
    rf"{_PLEASE}{_any('erase')} {_MINE}.{{0,30}}|{_PLEASE}{_any('erase_alone')}"
    rf"|{_MINE} {_any('erase_after')}(?!\w).{{0,20}}"
)
_EXPORT = re.compile(
    rf"{_PLEASE}{_any('export')} (?:{_any('to_me')} )?(?:{_any('copy_of')} )?{_MINE}.{{0,30}}"
    rf"|{_PLEASE}{_any('export_alone').replace('{mine}', _MINE)}|{_any('export_question')}"
    rf"|{_MINE} {_any('export_after')}(?!\w).{{0,20}}"
)
_CONFIRMS = {
    right: re.compile(rf"(?:{_any('confirm_before')} )?{_any(f'confirm_{right}')}") for right in (ERASE, EXPORT)
}


def asked_right(text: str) -> str | None:
    """ERASE or EXPORT if the whole message asks for it; "delete my order" does not."""
    plain = _plain(text)
    if _ERASE.fullmatch(plain):
        return ERASE
    return EXPORT if _EXPORT.fullmatch(plain) else None


def confirms(right: str, text: str) -> bool:
    return _CONFIRMS[right].fullmatch(_plain(text)) is not None


def copy_of(
    contact: Contact,
    facts: Sequence[Fact],
    interests: Sequence[Interest],
    orders: Sequence[Order],
    messages: Sequence[Message],
    wording: ReplyWording,
) -> str:
    lines = [wording.say("copy_phone", phone=contact.phone)]
    profile = {"name": contact.name, "language": contact.language, "currency": contact.preferred_currency}
    lines += [wording.say(f"copy_{what}", **{what: value}) for what, value in profile.items() if value]
    lines.append(wording.say("copy_since", date=f"{contact.first_seen_at:%Y-%m-%d}", count=contact.total_interactions))
    for fact in facts:
        what = wording.say(f"fact_{fact.predicate}")
        lines.append(wording.say("copy_fact", what=what, value=fact.value, date=f"{fact.since:%Y-%m-%d}"))
    lines += [wording.say("copy_interest", name=each.name, times=each.times) for each in interests]
    for order in orders:
        line = wording.say(
            "copy_order",
            number=order.number,
            quantity=order.quantity,
            title=order.title,
            state=wording.say(f"state_{order.state}"),
            date=f"{order.created_at:%Y-%m-%d}",
        )
        lines.append(line)
    for message in messages:
        key = "copy_from_you" if message.role == "user" else "copy_from_us"
        lines.append(wording.say(key, at=f"{message.at:%Y-%m-%d %H:%M}", text=message.content))
    return "\n".join(lines)


def _plain(text: str) -> str:
    return " ".join(re.sub(rf"[^\w\s{LETTERS}]+", " ", fold(text)).split())
