"""What a reply is written from: the person and what was said, as text under a budget, each line with its source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from math import ceil
from typing import NamedTuple

from memory.conversations.messages import Message, Said
from memory.conversations.summaries import SummaryLine
from memory.people.facts import PROFILE, Fact

KNOWN = "Known:"
SUMMARY = "Earlier, in short:"
EARLIER = "Earlier, on this subject:"
RECENT = "Recent Conversation History:"
ROLES = {"user": "USER", "assistant": "ASSISTANT"}
BYTES_PER_TOKEN = 4
TWO = tuple(f"{n:02}" for n in range(60))  # looked up in a fifth of the time that formatting takes, fifty times a turn


@dataclass(frozen=True, slots=True)
class Profile:
    """What the first lines of a context tell of a person."""

    phone_number: str
    name: str | None
    preferred_currency: str | None
    total_interactions: int
    interests: Sequence[str]


class Line(NamedTuple):
    """One line of a context, and the message that it comes from; None for titles and what was counted or set."""

    text: str
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """The lines of a context, in their order. The same memory and question give the same lines, always."""

    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """As a model reads it."""
        return "\n".join(line.text for line in self.lines)


def tokens(text: str) -> int:
    """How many tokens a text costs, by the usual estimate of four bytes each: letters of English, one of Devanagari."""
    return ceil(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)


def _profile_lines(profile: Profile) -> Iterator[str]:
    name = f"{profile.name} " if profile.name else ""
    yield f"User Profile: {name}({profile.phone_number})"
    if profile.preferred_currency:
        yield f"Preferred Currency: {profile.preferred_currency}"
    yield f"Total Interactions: {profile.total_interactions}"
    if profile.interests:
        yield f"Interests: {', '.join(profile.interests)}"


def render_line(message: Message | Said, zone: tzinfo) -> str:
    """`[14:30] USER: I need a gaming laptop`, the time as the brand's clocks show it.

    The lines of a longer message are indented, so that nobody's words can pass for another line of the conversation.
    """
    words, at = message.content.replace("\n", "\n    "), message.at.astimezone(zone)
    return f"[{TWO[at.hour]}:{TWO[at.minute]}] {ROLES.get(message.role) or message.role.upper()}: {words}"


def render_fact(fact: Fact, zone: tzinfo) -> str:
    """`city: Dubai (since 2026-11-21)`."""
    return f"{fact.predicate.replace('_', ' ')}: {fact.value} (since {fact.since.astimezone(zone):%Y-%m-%d})"


def render_summary(line: SummaryLine, zone: tzinfo) -> str:
    """`2026-11-21 complained: the lens is broken`."""
    return f"{line.at.astimezone(zone).date()} {line.kind}: {line.text}"


def compose(
    profile: Profile,
    history: Sequence[Message | Said],
    zone: tzinfo,
    *,
    facts: Sequence[Fact] = (),
    summary: Sequence[SummaryLine] = (),
    recalled: Sequence[Message] = (),
    max_tokens: int | None = None,
) -> Context:
    """Profile, current facts, summary, recalled older messages (dated, best first) and the recent conversation.

    Never more than `max_tokens`, whatever is in the messages. Of what the profile leaves, facts take up to a fifth (the
    latest first), the summary a quarter (its weightiest lines, shown by date), what was recalled up to half of the
    rest; the recent conversation (the latest first) takes what is left, and leaves what it doesn't need to the summary.
    Where not even the latest message fits, its beginning does.
    """
    head = _head(profile, max_tokens)
    ends = [Line(""), Line(RECENT)]
    left = None if max_tokens is None else max_tokens - _cost([*head, *ends])
    if left is not None and left < 0:
        return Context(tuple(head))
    known = _titled(KNOWN, _known(facts, zone), _part(left, 5), in_order=_backwards)
    left = _less(left, known)
    kept_for_summary = _part(left, 4) if summary else 0
    older = _titled(EARLIER, [_dated(message, zone) for message in recalled], _part(_minus(left, kept_for_summary), 2))
    left = _less(left, older)
    recent = _recent(history, zone, _minus(left, kept_for_summary))
    before = recent[0].message_id if recent else None
    shorts = [Line(render_summary(each, zone), each.message_id) for each in summary if _is_before(each, before)]
    short = _titled(SUMMARY, shorts, _less(left, recent), in_order=_by_message)
    return Context((*head, *known, *short, *older, *ends, *recent))


def _known(facts: Sequence[Fact], zone: tzinfo) -> list[Line]:
    """The latest first; the profile's own lines tell the name and the currency."""
    return [Line(render_fact(fact, zone), fact.message_id) for fact in reversed(facts) if fact.predicate not in PROFILE]


def _dated(message: Message, zone: tzinfo) -> Line:
    return Line(f"{message.at.astimezone(zone):%Y-%m-%d} {render_line(message, zone)}", message.id)


def _is_before(line: SummaryLine, message_id: int | None) -> bool:
    return message_id is None or line.message_id < message_id


def _as_they_are(lines: Sequence[Line]) -> Sequence[Line]:
    return lines


def _backwards(lines: Sequence[Line]) -> Sequence[Line]:
    return lines[::-1]


def _by_message(lines: Sequence[Line]) -> Sequence[Line]:
    return sorted(lines, key=lambda line: line.message_id or 0)


def _titled(
    title: str,
    lines: Sequence[Line],
    most: int | None,
    *,
    in_order: Callable[[Sequence[Line]], Sequence[Line]] = _as_they_are,
) -> list[Line]:
    """A block with its title: the first of the lines that fit into `most` tokens; nothing where none does."""
    opening = [Line(""), Line(title)]
    kept = _fitting(lines, _less(most, opening))
    return [*opening, *in_order(kept)] if kept else []


def _head(profile: Profile, most: int | None) -> list[Line]:
    """The profile; under a budget that is too small even for it, as many of its lines as fit, then as many letters."""
    lines = [Line(text) for text in _profile_lines(profile)]
    if most is None:
        return lines
    kept = _fitting(lines, most)
    return kept or [Line(_cut(lines[0].text, most))]


def _recent(history: Sequence[Message | Said], zone: tzinfo, left: int | None) -> list[Line]:
    lines = [Line(render_line(message, zone), message.id) for message in history]
    if left is None:
        return lines
    lines.reverse()
    kept = _fitting(lines, left)
    if lines and not kept and left >= LEAST_WORTH:
        kept = [Line(_cut(lines[0].text, left - 1), lines[0].message_id)]
    return kept[::-1]


LEAST_WORTH = 12  # tokens; a beginning that is shorter tells nothing


def _part(left: int | None, share: int) -> int | None:
    return None if left is None else left // share


def _minus(left: int | None, kept: int | None) -> int | None:
    return None if left is None or kept is None else left - kept


def _less(left: int | None, lines: Sequence[Line]) -> int | None:
    return None if left is None else left - _cost(lines)


def _cost(lines: Sequence[Line]) -> int:
    return sum(tokens(line.text + "\n") for line in lines)


def _fitting(lines: Sequence[Line], left: int | None) -> list[Line]:
    """The first of the lines that fit together."""
    if left is None:
        return list(lines)
    kept: list[Line] = []
    for line in lines:
        left -= tokens(line.text + "\n")
        if left < 0:
            break
        kept.append(line)
    return kept


def _cut(text: str, most: int) -> str:
    """As much of the text as `most` tokens hold, never half a letter."""
    return text.encode("utf-8", "replace")[: max(0, most * BYTES_PER_TOKEN)].decode("utf-8", "ignore")
