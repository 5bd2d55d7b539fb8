"""Errors of memory, each with what to do next."""

from __future__ import annotations


class MemoryFault(Exception):
    """Base of all errors that this package raises on purpose."""


class DatabaseUnavailable(MemoryFault):
    """The database cannot be read or written now (locked, full, read-only, gone): retry later."""


class WrongDatabaseUrl(MemoryFault):
    pass


class DatabaseDamaged(DatabaseUnavailable):
    """The file is no SQLite database, or corrupt: a person has to restore it."""


class WrongDatabaseKey(DatabaseUnavailable):
    """`DATABASE_KEY` does not open the file; the text says which of the two to change."""


class AlreadyStored(MemoryFault):
    """A row with this unique key exists; nothing was written."""


class LeaseLost(MemoryFault):
    """Another worker holds this contact now: drop the prepared turn."""


class CycleLost(MemoryFault):
    """Another process runs this ad account's cycle now: stop."""


class NotAnAddress(MemoryFault):
    """Neither a phone number nor a WhatsApp user id."""


class UnknownContact(MemoryFault):
    """This brand has no such contact."""


class UnknownNumberChange(MemoryFault):
    """This brand has no such recycled number, or it was decided."""


class UnknownMessage(MemoryFault):
    """No such message, or it is in another state."""


class StaleDraft(MemoryFault):
    """The facts behind an answer changed meanwhile (the last one was sold): write it again."""


class WrongMemorySetting(MemoryFault):
    """The text names the setting and the allowed values."""


class NotStorable(MemoryFault):
    """This value, key or name cannot be stored; the text says why. Nothing was written."""


class UnknownMemoryType(MemoryFault):
    """Agents' memory is short_term, long_term or shared."""


class ReadOnlyMemory(MemoryFault):
    """Agents read shared memory; the operator writes it, with SharedMemory."""


class SessionOver(MemoryFault):
    """This workflow's session has ended or timed out: create a new one."""


class ShortTermUnavailable(MemoryFault):
    """Redis cannot be reached now: retry later."""


class UnknownFormat(MemoryFault):
    """Use json, salesforce or hubspot."""


class UnknownPreference(MemoryFault, ValueError):
    """Use name, preferred_currency or preferred_language."""


class FilesUnusable(MemoryFault):
    """An export folder cannot be written, or an import folder not read; the text says what to do."""
