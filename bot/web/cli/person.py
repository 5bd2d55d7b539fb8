"""`flask --app app memory PHONE`: facts about a person, with their sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import click

from bot.web.api.conversations import Parts
from memory.agents.memory_manager import cases_of
from memory.conversations.summaries import Summaries
from memory.people.contacts import Contact
from memory.people.facts import Fact, Facts
from memory.storage.errors import MemoryFault, UnknownMessage
from memory.storage.timestamps import to_text

LONGEST_QUOTE = 60  # characters of the message that a fact comes from
MOST_LINES = 20  # of the summary


def memory_command(parts: Parts) -> click.Command:
    @click.command()
    @click.argument("phone")
    @click.option("--brand", type=click.Choice(list(parts.brands)), default=parts.brands[0], show_default=True)
    def memory(phone: str, brand: str) -> None:
        """Show what is known of a person, by phone number or WhatsApp user id: why, since when, and what was before."""
        try:
            contact = parts.contacts.find(brand, phone)
            click.echo("\n".join(_lines(parts, contact)))
        except MemoryFault as fault:
            raise click.ClickException(str(fault)) from fault

    return memory


def numbers_command(parts: Parts) -> click.Command:
    @click.command()
    @click.option("--brand", type=click.Choice(list(parts.brands)), default=parts.brands[0], show_default=True)
    @click.option("--same", type=int, help="This number has the same owner as before.")
    @click.option("--other", type=int, help="This number has another owner.")
    @click.option("--staff-number", metavar="PHONE", help="This number of STAFF is in the right hands again.")
    @click.option(
        "--same-people", is_flag=True, help="The business moved to another portfolio; all have the same owner."
    )
    def numbers(brand: str, same: int | None, other: int | None, staff_number: str | None, same_people: bool) -> None:
        """List phone numbers that came with another WhatsApp user id, or decide who has them."""
        recycled = parts.contacts.recycled
        try:
            if same is not None:
                parts.contacts.same_person(brand, same)
            if other is not None:
                recycled.decide_other(brand, other)
            if staff_number is not None:
                parts.contacts.trust_staff_number(staff_number)
            if same_people:
                since = min((each.at for each in recycled.undecided(brand)), default=parts.clock())
                parts.contacts.same_people(brand, "terminal", since)
        except MemoryFault as fault:
            raise click.ClickException(str(fault)) from fault
        for each in recycled.undecided(brand):
            click.echo(f"{each.id}  {each.phone}  since {to_text(each.at)[:16]}Z")

    return numbers


def _lines(parts: Parts, contact: Contact) -> Iterator[str]:
    facts = Facts(parts.db, parts.clock)
    known = facts.all(contact.id)
    yield _printable(f"{contact.phone}  {contact.name or 'name not known'}")
    yield f"First seen {_day(contact.first_seen_at)}, {contact.total_interactions} messages from them"
    yield from _table("Known now", [_now(parts, fact) for fact in known if fact.until is None])
    yield from _table("Known before", [_before(parts, fact) for fact in known if fact.until is not None])
    asked = [(each.name, f"{each.times} times", f"last {_day(each.last_at)}") for each in facts.interests(contact.id)]
    yield from _table("Asked about", asked)
    short = sorted(
        Summaries(parts.db, parts.clock).lines(contact.id, most=MOST_LINES), key=lambda line: line.message_id
    )
    yield from _table("Earlier, in short", [(_day(s.at), s.kind, s.text, f"message {s.message_id}") for s in short])
    ended = [(case["ended_at"][:10], case["agent_id"], case["outcome"]) for case in cases_of(parts.db, contact.id)]
    yield from _table("How it ended", ended)


def _now(parts: Parts, fact: Fact) -> Sequence[str]:
    return (_name(fact), fact.value, f"since {_day(fact.since)}", _who(fact), _source(parts, fact.message_id))


def _before(parts: Parts, fact: Fact) -> Sequence[str]:
    until = f"to {_day(fact.until)}" if fact.until else ""
    ended = f"ended by message {fact.ended_by}" if fact.ended_by else ""
    return (_name(fact), fact.value, f"{_day(fact.since)} {until}", _source(parts, fact.message_id), ended)


def _name(fact: Fact) -> str:
    return fact.predicate.replace("_", " ")


def _who(fact: Fact) -> str:
    if fact.message_id is None:
        return "set by hand"
    return (
        f"read by the model ({fact.confidence:.0%} sure)" if fact.said_by == "model" else f"said by the {fact.said_by}"
    )


def _source(parts: Parts, message_id: int | None) -> str:
    if message_id is None:
        return ""
    try:
        words = " ".join(parts.messages.get(message_id).content.split())
    except UnknownMessage:
        return f"message {message_id}, no longer kept"
    shown = words if len(words) <= LONGEST_QUOTE else words[: LONGEST_QUOTE - 1] + "…"
    return f"message {message_id}: {shown}"


def _table(title: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Empty without rows."""
    if not rows:
        return
    shown = [[_printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    yield f"\n{title}"
    for row in shown:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _printable(text: str) -> str:
    """Without control characters: a customer's text must not move the terminal's cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
