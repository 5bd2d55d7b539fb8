"""Text of others inside a message to staff: it must not pass for a notice, a command or a question of ours."""

from __future__ import annotations

import re
import unicodedata

LONGEST_LINE = (
    160  # characters of a quoted line: a long one would be cut by the channel, and its rest begin without the mark
)
JOINERS = "\u200c\u200d"  # Hindi and emoji need them
# Signs that WhatsApp reads as formatting, and what looks like them.
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "‵"})
_UNDERLINE = re.compile(
    r"(?<![^\W_])_|_(?![^\W_])"
)  # formats at the edge of a word only; inside it is part of an address


def quoted(text: str, most: int = 1000) -> str:
    """At most `most` characters of a text, each line marked `> `, without control, direction and formatting signs."""
    lines = [_plain(line) for line in text[:most].splitlines()]
    return "\n".join(f"> {part}" for line in lines if line for part in _parts(line)) or "> "


def in_one_line(text: str, most: int = 80) -> str:
    """A name or a title inside a sentence of ours: one line, without control, direction and formatting signs."""
    plain = _plain(" ".join(text.splitlines()))
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _plain(text: str) -> str:
    seen = "".join(
        each if each in JOINERS else " " if each == "\t" else "" if unicodedata.category(each) in ("Cc", "Cf") else each
        for each in text
    )
    return _UNDERLINE.sub("＿", " ".join(seen.split()).translate(_LOOKALIKES))


def _parts(line: str) -> list[str]:
    return re.findall(rf".{{1,{LONGEST_LINE}}}(?:\s|$)|.{{1,{LONGEST_LINE}}}", line)
