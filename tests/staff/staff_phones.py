"""Staff at their phones with small practice accounts behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.brands import BrandNumbers, read_brands
from bot.model.language_model import LanguageModel
from bot.roles import StaffEntry
from bot.staff.commands.ad_commands import AdCommands
from bot.staff.commands.shop_commands import Commands
from bot.staff.questions.built_in_answers import BuiltInAnswers
from bot.staff.questions.model_answers import ModelAnswers
from bot.staff.staff_members import Staff
from memory.ads.tasks import Tasks
from memory.audit_log.audit_trail import AuditTrail
from memory.audit_log.staff_commands import StaffCommandLog
from memory.conversations.handovers import Handovers
from memory.conversations.turn_changes import NotifyStaff
from memory.conversations.turns import Outcome
from memory.shop.orders import Orders
from memory.storage.quotas import Limits
from tests.ads.shop import DATA, AdShop
from tests.memory.stores import BRAND, SHOP, Stores, as_is
from tests.staff.senders import AllSenders

ANA, ADA, SAM, ANNE = "+919876500001", "+919876500004", "+919876500002", "+919876500003"
ENTRIES = (
    StaffEntry(ANA, "admin"), StaffEntry(ADA, "admin"), StaffEntry(SAM, "staff"), StaffEntry(ANNE, "analyst"),
)  # fmt: skip


@dataclass
class Newsroom:
    """Two admins, one of staff, one analyst; accounts 0 (rupees) and 7 (euros) of the roster unless told otherwise."""

    folder: Path
    ads: AdShop = field(init=False)
    senders: AllSenders = field(default_factory=AllSenders)
    places: tuple[int, ...] = (0, 7)
    model: Callable[[AdShop], LanguageModel | None] = lambda shop: None

    def __post_init__(self) -> None:
        self.ads = AdShop(self.folder, places=self.places)
        self.ads.agency.first_read()
        self.stores = Stores(self.folder / "hawker.db", self.ads.clock)
        self.tasks = Tasks(self.stores.db, self.ads.clock)
        self.staff = Staff(self.stores.contacts, ENTRIES, BrandNumbers(read_brands(DATA / "brands.toml"), SHOP))
        self.commands = self.process()
        self.notices: list[str] = []
        self.pictures: list[str] = []

    def process(self) -> Commands:
        """The commands as one more process makes them."""
        db, clock = self.stores.db, self.ads.clock
        brands = read_brands(DATA / "brands.toml")
        answering = BuiltInAnswers(self.ads.agency, self.tasks)
        model_answers = ModelAnswers(answering, self.model(self.ads), Limits(db, clock), brands, clock)
        ads = AdCommands(self.ads.agency, StaffCommandLog(db, clock), self.tasks, model_answers, self)
        return Commands(
            self.stores.contacts,
            self.stores.messages,
            Handovers(db, clock),
            Orders(db, clock),
            AuditTrail(db, clock),
            senders=self.senders,
            ads=ads,
        )

    def of(self, brand: str) -> Newsroom:
        """The claim check is the same for every brand."""
        return self

    def unsupported(self, text: str) -> list[tuple[str, str]]:
        """Half price is not true of this shop; everything else is."""
        return [("half price", "there is no such discount")] if "half price" in text else []

    def hear(self, phone: str, text: str) -> None:
        self.stores.hear(text, phone=phone, urgent=True)

    def draft(self, phone: str) -> Outcome:
        """The turn handled, its outcome not kept."""
        who = self.stores.contacts.find(BRAND, phone)
        role = self.staff.role_of(who)
        assert role is not None
        deadline: datetime = self.ads.clock() + timedelta(seconds=120)
        return self.commands.handle(who, role, self.stores.turns.waiting(who.id), deadline)

    def keep(self, phone: str, outcome: Outcome) -> None:
        who = self.stores.contacts.find(BRAND, phone)
        leases = self.stores.turns.claim("office", 8)
        [lease] = [each for each in leases if each.contact_id == who.id]
        self.stores.turns.finish(lease, self.stores.turns.waiting(who.id), outcome, split=as_is)
        for each in leases:
            self.stores.turns.release(each)
        self.stores.db.run("UPDATE messages SET state = 'sent' WHERE state = 'ready'")

    def says(self, phone: str, text: str) -> str:
        self.hear(phone, text)
        outcome = self.draft(phone)
        self.keep(phone, outcome)
        self.notices = [change.text for change in outcome.changes if isinstance(change, NotifyStaff)]
        self.pictures = [each.media_url for each in outcome.replies if each.media_url]
        return "\n".join(each.body for each in outcome.replies)
