"""What a reply is written from: the person and what was said, as text under a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from math import ceil

from memory.messages import Message, Said

EARLIER = "Earlier, on this subject:"
ROLES = {"user": "USER", "assistant": "ASSISTANT"}


@dataclass(frozen=True, slots=True)
class Profile:
    """What the first lines of a context tell of a person."""

    phone_number: str
    name: str | None
    preferred_currency: str | None
    total_interactions: int
    interests: Sequence[str]


def tokens(text: str) -> int:
    """How many tokens a text costs, by the usual estimate of four characters each."""
    return ceil(len(text) / 4)


def render_profile(profile: Profile) -> str:
    """The `User Profile:` block; lines about which nothing is known are left out."""
    name = f"{profile.name} " if profile.name else ""
    lines = [f"User Profile: {name}({profile.phone_number})"]
    if profile.preferred_currency:
        lines.append(f"Preferred Currency: {profile.preferred_currency}")
    lines.append(f"Total Interactions: {profile.total_interactions}")
    if profile.interests:
        lines.append(f"Interests: {', '.join(profile.interests)}")
    return "\n".join(lines)


def render_line(message: Message | Said, zone: tzinfo) -> str:
    """`[14:30] USER: I need a gaming laptop`, the time as the brand's clocks show it."""
    at = message.at.astimezone(zone)
    return f"[{at.hour:02}:{at.minute:02}] {ROLES.get(message.role, message.role.upper())}: {message.content}"


def render_context(
    profile: Profile,
    history: Sequence[Message | Said],
    zone: tzinfo,
    *,
    recalled: Sequence[Message] = (),
    max_tokens: int | None = None,
) -> str:
    """Profile, recalled older messages (dated, best first) and the recent conversation.

    Under `max_tokens` the oldest recent lines are left out first, then the least of the recalled, the profile never.
    """
    head, title = render_profile(profile), "Recent Conversation History:"
    left = None if max_tokens is None else max_tokens - tokens(f"{head}\n\n{title}")
    older = _earlier(recalled, zone, None if left is None else left // 2)
    left = None if left is None else left - tokens(older)
    lines = [render_line(message, zone) for message in history]
    return "\n".join([f"{head}\n{older}\n{title}", *_fitting(lines, left)])


def _earlier(recalled: Sequence[Message], zone: tzinfo, left: int | None) -> str:
    lines = [f"{message.at.astimezone(zone):%Y-%m-%d} {render_line(message, zone)}" for message in recalled]
    kept = _fitting(lines[::-1], None if left is None else left - tokens(EARLIER) - 1)[::-1]
    return "\n".join(["", EARLIER, *kept, ""]) if kept else ""


def _fitting(lines: Sequence[str], left: int | None) -> Sequence[str]:
    if left is None:
        return lines
    kept: list[str] = []
    for line in reversed(lines):
        left -= tokens(line + "\n")
        if left < 0:
            break
        kept.append(line)
    return kept[::-1]
