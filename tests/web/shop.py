"""The API over a real file: two brands, a token for each kind of caller."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from bot.settings import Settings
from bot.web.access import issue_token
from bot.web.api.conversations import Parts, register
from bot.web.cli.operations import MachineFinding, register_commands
from memory.conversation import ConversationMemory
from memory.conversations.analytics import Analytics
from memory.conversations.channel_messages import Outgoing
from memory.conversations.turns import MessageReading, Outcome
from memory.people.contacts import Contact
from memory.security.secret_keys import SecretKeys
from memory.storage.errors import LeaseLost
from memory.upkeep.erasure import Erasure
from tests.memory.stores import BRAND, Stores, as_is, said

OTHER_BRAND = "optics"
SECRET = "a secret of the tests, long enough to sign with"
KEYS = SecretKeys((SECRET,))
PHONE = "+919876543210"


@dataclass
class Shop:
    """What a test needs of the API: memory to fill, a client to ask with."""

    folder: Path
    given: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stores = Stores(self.folder / "hawker.db")
        self.fault: str | None = None  # of the provider
        self.findings: list[MachineFinding] = []
        self.app = Flask("shop", static_folder=None)
        self.parts = self._parts()
        register(self.app, self.parts)
        register_commands(self.app, self.parts)
        self.client = self.app.test_client()

    def token(self, role: str = "analyst", **limits: Any) -> str:
        return issue_token(KEYS, self.stores.clock, role, **limits)

    def ask(self, path: str, *, role: str = "analyst", method: str = "GET", **limits: Any) -> TestResponse:
        head = {"Authorization": f"Bearer {self.token(role, **limits)}"}
        return self.client.open(path, method=method, headers=head)

    def get(self, path: str, **who: Any) -> Any:
        answer = self.ask(path, **who)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def talk(self, text: str, reply: str, *, phone: str = PHONE, **outcome: Any) -> tuple[int, int]:
        """A message and its reply; their ids."""
        heard = self.stores.hear(text, phone=phone, urgent=True)
        handled = self.stores.messages.get(heard)
        [lease] = [each for each in self.stores.turns.claim("w", 9) if each.contact_id == handled.contact_id]
        readings = {
            heard: MessageReading(outcome.pop("message_type", "greeting"), "en", {"detected_products": ["laptop"]})
        }
        done = Outcome([Outgoing(reply)], readings=readings, **outcome)
        if not self.stores.turns.finish(lease, [handled], done, split=as_is):
            raise LeaseLost("the test's turn was overtaken")
        self.stores.turns.release(lease)
        said_last = self.stores.messages.history(handled.contact_id)[-1].id
        self.stores.messages.settle(said_last, "sent")
        return heard, said_last

    def contact(self, phone: str = PHONE) -> Contact:
        return self.stores.contacts.find(BRAND, phone)

    def hear_other_brand(self, text: str, phone: str) -> int:
        message_id = self.stores.messages.take_in(OTHER_BRAND, said(text, phone=phone, sid="SM" + "f" * 32))
        assert message_id is not None
        return message_id

    def examine(self) -> list[MachineFinding]:
        """What the doctor finds."""
        return self.findings

    def provider_fault(self) -> str | None:
        """What /ready hears of the provider."""
        return self.fault

    def _parts(self) -> Parts:
        stores, brands = self.stores, [BRAND, OTHER_BRAND]
        settings = Settings.from_environment({"MEMORY_STORAGE_DIR": str(self.folder), **self.given})
        return Parts(
            settings=replace(settings, secret_key=SECRET),
            keys=KEYS,
            clock=stores.clock,
            brands=brands,
            db=stores.db,
            contacts=stores.contacts,
            conversations={
                brand: ConversationMemory(db=stores.db, brand=brand, clock=stores.clock) for brand in brands
            },
            messages=stores.messages,
            turns=stores.turns,
            analytics=Analytics(stores.db, stores.clock),
            provider=self,
            examined=[self],
            erasure=Erasure(stores.db, stores.clock, KEYS),
        )
