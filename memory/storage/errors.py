"""What can go wrong with memory, each with what to do next."""

from __future__ import annotations


class MemoryFault(Exception):
    """Anything this package raises on purpose."""


class DatabaseUnavailable(MemoryFault):
    """The database cannot be read or written now (locked, full, read-only, gone): try again later."""


class WrongDatabaseUrl(MemoryFault):
    """`DATABASE_URL` names neither a SQLite file nor a PostgreSQL server."""


class DatabaseDamaged(DatabaseUnavailable):
    """The file is no database, or no longer a whole one: a person has to restore it."""


class WrongDatabaseKey(DatabaseUnavailable):
    """`DATABASE_KEY` and the file don't go together; the text says which of the two to change, and not the key."""


class AlreadyStored(MemoryFault):
    """A row with this key is there already; the unique key decided, nothing was written."""


class LeaseLost(MemoryFault):
    """Another worker holds this contact now: drop what was prepared, it will be done there."""


class CycleLost(MemoryFault):
    """Another process works on this ad account by now: stop where you are, it goes on there."""


class NotAnAddress(MemoryFault):
    """This text is neither a phone number nor a WhatsApp user id."""


class UnknownContact(MemoryFault):
    """Nobody by this number or id has written to this brand."""


class UnknownMessage(MemoryFault):
    """There is no such message, or it is not in the state that was asked for."""


class StaleDraft(MemoryFault):
    """What an answer stood on has changed since (the last one was sold): make the answer anew."""


class WrongMemorySetting(MemoryFault):
    """A setting of memory cannot be used; the text names it and says what is allowed."""


class NotStorable(MemoryFault):
    """This value, key or name cannot be kept as it is; the text says why. Nothing was written."""


class UnknownMemoryType(MemoryFault):
    """Agents' memory is short_term, long_term or shared."""


class ReadOnlyMemory(MemoryFault):
    """Agents read shared memory; the operator writes it, with SharedMemory."""


class SessionOver(MemoryFault):
    """This workflow's session was ended, or was silent for too long: create a new one."""


class ShortTermUnavailable(MemoryFault):
    """The Redis server that keeps short-term memory cannot be reached now: try again later."""


class UnknownFormat(MemoryFault):
    """A person's data can be written as json, salesforce or hubspot."""


class UnknownPreference(MemoryFault, ValueError):
    """A person's preferences are name, preferred_currency and preferred_language."""


class FilesUnusable(MemoryFault):
    """The folder of an export cannot be written, or that of an import not be read; the text says what to do."""
