"""Builds the stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.brands import BrandNumbers
from bot.settings import Settings
from memory.conversations.attachments import Attachments
from memory.conversations.handovers import Handovers
from memory.conversations.messages import Messages
from memory.conversations.reading_progress import Readings
from memory.conversations.sessions import Sessions
from memory.conversations.summaries import Summaries
from memory.intake.received_forms import ReceivedForms
from memory.people.contacts import Contacts
from memory.people.facts import Facts
from memory.recall.search import Search
from memory.shop.catalogue_items import Goods
from memory.shop.orders import Orders
from memory.storage.database import Database
from memory.storage.job_runs import JobRuns, Switches
from memory.storage.migrations import STEPS
from memory.storage.quotas import Limits
from memory.storage.timestamps import Clock

ANSWER_TWILIO_WITHIN = 3.0  # seconds; it is told to wait four, and to come again after a 503


@dataclass(frozen=True, slots=True)
class Stores:
    db: Database
    contacts: Contacts
    sessions: Sessions
    messages: Messages
    facts: Facts
    orders: Orders
    goods: Goods
    handovers: Handovers
    attachments: Attachments
    forms: ReceivedForms
    runs: JobRuns
    switches: Switches
    readings: Readings
    summaries: Summaries
    search: Search
    limits: Limits

    @classmethod
    def opened(cls, settings: Settings, numbers: BrandNumbers, clock: Clock) -> Stores:
        """Opens the database and migrates it."""
        db = Database(settings.database_url, timeout=15.0, key=settings.database_key or None)
        db.migrate(STEPS)
        contacts = Contacts(db, clock)
        sessions = Sessions(db, timeout=timedelta(hours=settings.memory.session_timeout_hours))
        messages = Messages(db, contacts, sessions, clock, quiet_seconds=settings.reply_quiet_seconds)
        facts = Facts(db, clock)
        hours = {brand.id: brand.handover_hours for brand in numbers.brands.values()}
        return cls(
            db=db,
            contacts=contacts,
            sessions=sessions,
            messages=messages,
            facts=facts,
            orders=Orders(db, clock),
            goods=Goods(db, clock),
            handovers=Handovers(db, clock, hours=hours),
            attachments=Attachments(db, clock),
            forms=ReceivedForms(db, clock),
            runs=JobRuns(db, clock),
            switches=Switches(db, clock),
            readings=Readings(db, facts),
            summaries=Summaries(db, clock),
            search=Search(db, vectors=settings.memory.enable_vector_search),
            limits=Limits(db, clock),
        )


def webhook_forms(settings: Settings, clock: Clock) -> ReceivedForms:
    """A connection that waits for a write lock no longer than Twilio waits for an answer."""
    db = Database(settings.database_url, timeout=ANSWER_TWILIO_WITHIN, key=settings.database_key or None)
    db.migrate(STEPS)
    return ReceivedForms(db, clock)
