"""Data rights by chat: "delete my data" and "send me my data", each confirmed by a second message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.language.normalisation import fold
from memory.conversations.messages import Message
from memory.people.contacts import Contact
from memory.people.facts import Fact, Interest
from memory.shop.orders import Order

ERASE, EXPORT = "erase", "export"
_MINE = (
    r"(?:(?:all |all of )?my (?:personal )?(?:data|information|info|account|profile|history|chat history|chats?|messages)"
    r"|(?:todos )?mis datos(?: personales)?|mi (?:cuenta|informacion|historial)|(?:todos )?(?:os )?meus dados(?: pessoais)?"
    r"|minha conta|minhas informacoes|mera (?:sara |saara )?(?:data|account)|mere (?:data|messages)|मेरा (?:सारा )?(?:डेटा|डाटा|अकाउंट)"
    r"|मेरी (?:सारी )?जानकारी)"
)
_PLEASE = (
    r"(?:please |pls |plz |can you |could you |por favor |quiero que |quero que |i want (?:you )?to |i would like (?:you )?to"
    r" |kripya |कृपया )*"
)
_ERASE = re.compile(
    rf"{_PLEASE}(?:delete|erase|remove|wipe|forget|borra\w*|elimina\w*|suprim\w+|apag\w+|exclu\w+|delet\w+) {_MINE}.{{0,30}}"
    rf"|{_PLEASE}forget (?:me|about me|everything about me)|{_MINE} (?:delete|erase|remove|mita\w*|hata\w*|डिलीट|मिटा\w*|हटा\w*)(?!\w).{{0,20}}"
)
_EXPORT = re.compile(
    rf"{_PLEASE}(?:send|export|download|give|show|get|envia\w*|manda\w*|mande\w*|exporta\w*|quiero|quero) (?:me )?(?:a copy of |una copia de"
    rf" |uma copia d(?:e|os) |copia de )?{_MINE}.{{0,30}}|{_PLEASE}(?:a )?copy of {_MINE}"
    rf"|what (?:data|information) do you have (?:about|on) me|que datos tienes de mi|{_MINE} (?:bhej\w*|send|भेज\w*)(?!\w).{{0,20}}"
)
_CONFIRMS = {
    ERASE: re.compile(r"(?:yes )?(?:delete|erase|borrar|borra|apagar|apague|eliminar|excluir|मिटाओ|मिटा दो|डिलीट)"),
    EXPORT: re.compile(r"(?:yes )?(?:send|export|enviar|envia|envie|भेजो|भेज दो|bhejo)"),
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
    return " ".join(re.sub(r"[^\w\s\u0900-\u097f]+", " ", fold(text)).split())
