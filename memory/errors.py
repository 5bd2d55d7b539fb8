"""What can go wrong with memory, each with what to do next."""

from __future__ import annotations


class MemoryFault(Exception):
    """Anything this package raises on purpose."""


class DatabaseUnavailable(MemoryFault):
    """The database cannot be read or written now (locked, full, read-only, gone): try again later."""


class DatabaseDamaged(DatabaseUnavailable):
    """The file is no database, or no longer a whole one: a person has to restore it."""


class AlreadyStored(MemoryFault):
    """A row with this key is there already; the unique key decided, nothing was written."""


class LeaseLost(MemoryFault):
    """Another worker holds this contact now: drop what was prepared, it will be done there."""


class NotAnAddress(MemoryFault):
    """This text is neither a phone number nor a WhatsApp user id."""


class UnknownContact(MemoryFault):
    """Nobody by this number or id has written to this brand."""


class UnknownMessage(MemoryFault):
    """There is no such message, or it is not in the state that was asked for."""


class StaleDraft(MemoryFault):
    """What an answer stood on has changed since (the last one was sold): make the answer anew."""
