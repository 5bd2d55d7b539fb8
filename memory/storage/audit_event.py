"""What an entry of the audit log says, for whoever causes one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

AD_AGENT = "ad agent"
COMMAND_LINE = "command line"


class Door(StrEnum):
    CHAT = "chat"
    API = "api"
    COMMAND_LINE = "command_line"
    PROGRAM = "program"  # what it does of itself


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """`actor`: contact:12, a token's name, `AD_AGENT` or `COMMAND_LINE`; `person`: a contact's id.

    `subject`: an order's number, an object of an ad account, a file; never a text that somebody wrote, a number of a
    person, a token or a secret.
    """

    actor: str
    door: Door
    action: str
    brand: str = ""
    role: str = ""
    person: int | None = None
    subject: str = ""
    outcome: str = ""  # "": done, or asked for; else why not, as a code
