"""Data rights by chat: "delete my data" and "send me my data", each confirmed by a second message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from bot.language.languages import LETTERS
from bot.language.normalisation import fold
from bot.language.words import either
from memory.conversations.messages import Message
from memory.people.contacts import Contact
from memory.people.facts import Fact, Interest
from memory.shop.orders import Order

ERASE, EXPORT = "erase", "export"

_any = partial(either, "data_rights")
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
    """ERASE or EXPORT where the whole message asks for it; None otherwise ("delete my order" asks for neither)."""
    plain = _plain(text)
    if _ERASE.fullmatch(plain):
        return ERASE
    return EXPORT if _EXPORT.fullmatch(plain) else None


def confirms(right: str, text: str) -> bool:
    """Whether a message confirms the right that was asked for."""
    return _CONFIRMS[right].fullmatch(_plain(text)) is not None


def copy_of(
    contact: Contact,
    facts: Sequence[Fact],
    interests: Sequence[Interest],
    orders: Sequence[Order],
    messages: Sequence[Message],
) -> str:
    """Everything kept about a person, as text for themselves."""
    return "\n".join(_lines(contact, facts, interests, orders, messages))


def _lines(
    contact: Contact,
    facts: Sequence[Fact],
    interests: Sequence[Interest],
    orders: Sequence[Order],
    messages: Sequence[Message],
) -> Iterator[str]:
    yield f"Phone: {contact.phone}"
    profile = (("Name", contact.name), ("Language", contact.language), ("Currency", contact.preferred_currency))
    yield from (f"{label}: {value}" for label, value in profile if value)
    yield f"Since: {contact.first_seen_at:%Y-%m-%d}, messages from you: {contact.total_interactions}"
    yield from (f"{fact.predicate}: {fact.value} (since {fact.since:%Y-%m-%d})" for fact in facts)
    yield from (f"Interest: {each.name} ({each.times})" for each in interests)
    yield from (f"Order {o.number}: {o.quantity} × {o.title}, {o.state}, {o.created_at:%Y-%m-%d}" for o in orders)
    yield from (f"[{message.at:%Y-%m-%d %H:%M}] {message.role}: {message.content}" for message in messages)


def _plain(text: str) -> str:
    return " ".join(re.sub(rf"[^\w\s{LETTERS}]+", " ", fold(text)).split())
