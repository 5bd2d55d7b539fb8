"""What held when: statements, in whatever order they arrive, as spells of time that follow each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

MANY = frozenset({"owns", "disliked"})  # predicates of which several values hold side by side

Moment = tuple[datetime, int]  # when it was said, and the message's id where two were said at once


@dataclass(frozen=True, slots=True)
class Statement:
    """Something was said to hold, or with `end` to hold no longer, from a moment on."""

    value: str
    at: datetime
    message_id: int | None
    said_by: str = "customer"  # customer, staff, model: whose word it is, or who read it between the lines
    confidence: float = 1.0  # 0 to 1

    @property
    def moment(self) -> Moment:
        """Where it stands among what was said."""
        return self.at, self.message_id or 0


@dataclass(slots=True)
class Spell:
    """One value and from when to when it held. `again`: the last time that it was said once more."""

    value: str
    since: datetime
    until: datetime | None
    message_id: int | None
    said_by: str
    confidence: float
    again_at: datetime | None = None
    again_id: int | None = None
    ended_by: int | None = None  # the message that ended it
    id: int | None = None  # of its row; None while it has none

    @property
    def began(self) -> Moment:
        """Where its first statement stands among what was said."""
        return self.since, self.message_id or 0

    @property
    def last_said(self) -> Moment:
        """Where its last statement stands."""
        return max(self.began, (self.again_at, self.again_id or 0)) if self.again_at else self.began

    def says(self, value: str) -> bool:
        """Whether this is the same value, however it is spelled in capitals and spaces."""
        return plain(self.value) == plain(value)


def plain(value: str) -> str:
    """A value as it is compared."""
    return " ".join(value.casefold().split())


def state(spells: Sequence[Spell], said: Statement) -> list[Spell]:
    """The spells that change, or are new, when `said` is heard; of the `spells` of one thing that has one value at a time.

    A statement older than what is known takes its place before it: the newest statement decides what holds now,
    whichever arrives first. Empty where nothing new was said.
    """
    spells = sorted(spells, key=lambda spell: spell.began)
    before = next((spell for spell in reversed(spells) if spell.began <= said.moment), None)
    after = next((spell for spell in spells if spell.began > said.moment), None)
    if before is not None and (before.until is None or said.at < before.until):
        return _said_again(before, said) if before.says(said.value) else _cut(before, after, said)
    return _began_earlier(after, said) if after is not None and after.says(said.value) else [_new(said, after)]


def end(spells: Sequence[Spell], said: Statement) -> list[Spell]:
    """The spells that change, or are new, when `said` ends what holds at that moment."""
    changed: list[Spell] = []
    for spell in spells:
        if spell.began < said.moment and (spell.until is None or said.at < spell.until):
            changed += _cut_short(spell, said)
    return changed


def _said_again(spell: Spell, said: Statement) -> list[Spell]:
    if said.moment <= spell.last_said:
        return []
    spell.again_at, spell.again_id = said.at, said.message_id
    if said.confidence > spell.confidence:
        spell.said_by, spell.confidence = said.said_by, said.confidence
    return [spell]


def _cut(spell: Spell, after: Spell | None, said: Statement) -> list[Spell]:
    """Another value began in the middle of this spell; where the old one was said again later, it came back then."""
    if spell.last_said > said.moment:
        rest = _rest(spell)
        spell.until, spell.again_at, spell.again_id = said.at, None, None
        return [spell, _new(said, rest), rest]
    follows = after is not None and after.since == spell.until
    spell.until, spell.ended_by = said.at, said.message_id
    if follows and after is not None and after.says(said.value):
        return [spell, *_began_earlier(after, said)]
    return [spell, _new(said, after)]


def _cut_short(spell: Spell, said: Statement) -> list[Spell]:
    back = [_rest(spell)] if spell.last_said > said.moment else []
    spell.until, spell.ended_by, spell.again_at, spell.again_id = said.at, said.message_id, None, None
    return [spell, *back]


def _began_earlier(spell: Spell, said: Statement) -> list[Spell]:
    spell.again_at, spell.again_id = spell.last_said
    spell.since, spell.message_id = said.at, said.message_id
    return [spell]


def _rest(spell: Spell) -> Spell:
    """What is left of a spell from the moment on at which it was said again."""
    at, message_id = spell.last_said
    return Spell(
        spell.value, at, spell.until, message_id or None, spell.said_by, spell.confidence, ended_by=spell.ended_by
    )


def _new(said: Statement, after: Spell | None) -> Spell:
    until = after.since if after else None
    ended_by = after.message_id if after else None
    return Spell(said.value, said.at, until, said.message_id, said.said_by, said.confidence, ended_by=ended_by)
