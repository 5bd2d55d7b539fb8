"""What applies the changes of turns, over the stores of one database, as `bot.wiring` puts it together."""

from __future__ import annotations

from pathlib import Path

from bot.brands import BrandNumbers, read_brands
from bot.delivery.turn_changes import TurnChanges
from bot.staff.staff_members import Staff
from memory import MemoryManager, MemorySettings
from memory.ads.tasks import Tasks
from memory.audit_log.audit_trail import AuditTrail
from memory.conversations.handovers import Handovers
from memory.conversations.messages import Messages
from memory.conversations.reading_progress import Readings
from memory.people.contacts import Contacts
from memory.people.facts import Facts
from memory.shop.catalogue_items import Goods
from memory.shop.orders import Orders
from memory.storage.database import Database
from memory.storage.timestamps import Clock

NUMBERS = BrandNumbers(read_brands(Path(__file__).parents[1] / "data" / "brands.toml"), "+14155238886")


def turn_changes(
    db: Database, clock: Clock, contacts: Contacts, messages: Messages, staff: Staff | None = None
) -> TurnChanges:
    """Without `staff` nobody is told of anything."""
    facts = Facts(db, clock)
    return TurnChanges(
        contacts=contacts,
        messages=messages,
        facts=facts,
        readings=Readings(db, facts),
        orders=Orders(db, clock),
        goods=Goods(db, clock),
        handovers=Handovers(db, clock),
        tasks=Tasks(db, clock),
        agents=MemoryManager(MemorySettings(), db=db, clock=clock),
        audit=AuditTrail(db, clock),
        staff=staff or Staff(contacts, (), NUMBERS),
    )
