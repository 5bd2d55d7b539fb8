"""Splits text into messages, and turns Markdown into WhatsApp's formatting."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from memory.conversations.channel_messages import Button

_LINK = re.compile(r"https?://\S+")
_PARAGRAPH = re.compile(r"\n\s*\n")
_LINE = re.compile(r"\n")
_SENTENCE = re.compile(r"(?<=[.!?…।])[\"'”’)]*\s+(?!\d)")  # not between "Rs." and its number
_SPACE = re.compile(r"\s+")
_ZERO_WIDTH_JOINER = "\u200d"


def units(text: str) -> int:
    """UTF-16 units, as a provider may count: most emoji count two."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def split(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` units, cut at a paragraph, else a line, a sentence, a word.

    Drops no word. Cuts a link only if it is longer than `limit`.
    """
    if limit < 2:
        raise ValueError("a limit under 2 leaves no room for an emoji")
    parts, rest = [], text.strip()
    while units(rest) > limit:
        cut = _cut(rest, _fitting(rest, limit))
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest else parts


def numbered(body: str, buttons: Sequence[Button]) -> str:
    lines = [f"{number}. {button.title}" for number, button in enumerate(buttons, 1)]
    return "\n".join([body, "", *lines]).strip() if lines else body


def _fitting(text: str, limit: int) -> int:
    """How many characters fit into `limit` units."""
    used = 0
    for count, character in enumerate(text):
        used += 2 if ord(character) > 0xFFFF else 1
        if used > limit:
            return count
    return len(text)


def _cut(text: str, room: int) -> int:
    """Within the first `room` characters."""
    for place in (_PARAGRAPH, _LINE, _SENTENCE):
        cut = _last(place, text, room)
        if cut > room // 3:  # an earlier cut would leave a very short part
            return cut
    return _last(_SPACE, text, room) or _within_word(text, room)


def _last(place: re.Pattern[str], text: str, room: int) -> int:
    """Start of the last match at or before `room`, else 0; the space itself need not fit."""
    starts = [match.start() for match in place.finditer(text, 0, room + 2) if 0 < match.start() <= room]
    return starts[-1] if starts else 0


def _within_word(text: str, room: int) -> int:
    for link in _LINK.finditer(text):
        if 0 < link.start() < room < link.end():
            return link.start()
    cut = room
    while cut > 1 and _joined(text[cut - 1], text[cut]):
        cut -= 1
    return cut if cut > 1 else room


def _joined(before: str, after: str) -> bool:
    """Whether they display as one: accents, vowel signs, skin tones, joined emoji."""
    marks = unicodedata.category(after).startswith("M") or "\U0001f3fb" <= after <= "\U0001f3ff"
    return marks or _ZERO_WIDTH_JOINER in (before, after)


# Markdown as models write it → WhatsApp's marks (https://faq.whatsapp.com/539178204879377)

_FENCE = re.compile(r"(```.*?```)", re.DOTALL)
_RULE = re.compile(r"\s*([-*_])(\s*\1){2,}\s*")
_HEADING = re.compile(r"#{1,6}\s+(.+?)(\s+#+)?\s*")
_STAR_BULLET = re.compile(r"(\s*)[*•]\s+(?=\S)")
_TABLE_RULE = re.compile(r"\s*\|?(\s*:?-{3,}:?\s*\|)+(\s*:?-{3,}:?\s*)?\|?\s*")
_INLINE = re.compile(
    r"(?P<code>`[^`\n]+`)"
    r"|\\(?P<escaped>[*_~`#\[\]()])"
    r"|!?\[(?P<label>[^\]\n]*)\]\((?P<address>https?://[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)\)"
    r"|(?P<link>https?://\S+?(?=\*+(?:[^\w*]|$)|\s|$))"
    r"|(?<![\w*])\*\*\*(?P<both>[^\s*](?:[^*\n]*[^\s*])?)\*\*\*(?![\w*])"
    r"|(?<![\w*])\*\*(?P<bold>[^\s*](?:(?:(?!\*\*)[^\n])*?[^\s])?)\*\*(?![\w*])"
    r"|(?<![\w_])__(?P<strong>[^\s_](?:[^\n]*?[^\s_])?)__(?![\w_])"
    r"|(?<![\w*])\*(?P<starred>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w~])~~(?P<struck>[^\s~](?:[^~\n]*[^\s~])?)~~(?![\w~])"
)


def to_whatsapp(markdown: str) -> str:
    """Markdown to *bold*, _italic_, ~struck~; code stays as it is.

    Single stars stay: models are asked for WhatsApp's bold, and Markdown's italic loses nothing as bold.
    """
    pieces = _FENCE.split(markdown)
    return "".join(piece if piece.startswith("```") else _lines(piece) for piece in pieces)


def _lines(text: str) -> str:
    lines, done, at = text.split("\n"), [], 0
    while at < len(lines):
        if at + 1 < len(lines) and "|" in lines[at] and _TABLE_RULE.fullmatch(lines[at + 1]):
            rows, at = _table(lines, at)
            done += rows
        else:
            done.append(_line(lines[at]))
            at += 1
    return "\n".join(done)


def _line(line: str) -> str:
    if _RULE.fullmatch(line):
        return ""
    heading = _HEADING.fullmatch(line)
    if heading:
        unmarked = _inline(heading[1]).strip("*_").replace("*", "")
        return f"*{unmarked}*"
    bullet = _STAR_BULLET.match(line)
    return f"{bullet[1]}- {_inline(line[bullet.end() :])}" if bullet else _inline(line)


def _table(lines: list[str], at: int) -> tuple[list[str], int]:
    """One line per row, and the index of the line after the table."""
    heads, rows, at = _cells(lines[at]), [], at + 2
    while at < len(lines) and "|" in lines[at]:
        first, *others = _cells(lines[at]) or [""]
        named = [f"{head}: {cell}" if head else cell for head, cell in zip(heads[1:], others, strict=False)]
        rows.append("- " + " · ".join([first, *named]))
        at += 1
    return rows, at


def _cells(line: str) -> list[str]:
    return [_inline(cell.strip()) for cell in line.strip().strip("|").split("|")]


def _inline(text: str) -> str:
    return _INLINE.sub(_mark, text)


def _mark(found: re.Match[str]) -> str:
    kind, inner = found.lastgroup, found[found.lastgroup or 0]
    if kind == "address":
        label = _inline(found["label"]).strip()
        return f"{label}: {inner}" if label and label != inner else inner
    if kind in ("bold", "strong"):
        return f"*{_inline(inner).replace('*', '')}*"  # bold within bold would end it
    wrapped = {"both": "*_{}_*", "starred": "*{}*", "struck": "~{}~", "escaped": "{}"}.get(kind or "")
    return wrapped.format(_inline(inner)) if wrapped and kind != "escaped" else _as_is(found, kind, inner)


def _as_is(found: re.Match[str], kind: str | None, inner: str) -> str:
    return inner if kind == "escaped" else found[0]
