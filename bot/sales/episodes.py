"""How customers' cases ended, as episodes; ids only, no words of a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from memory.agents.memory_manager import MemoryManager
from memory.people.contacts import Contact, case_of
from memory.shop.orders import Order

AGENT: Final = "sales desk"


@dataclass(frozen=True, slots=True)
class Episodes:
    """Call each method inside the transaction of its event."""

    agents: MemoryManager

    def handed_over(self, contact: Contact, handover_id: int) -> None:
        self._save(contact.id, "handed over", {"brand": contact.brand, "handover": handover_id})

    def order_moved(self, order: Order, state: str) -> None:
        """Only paid and cancelled end a case; an erased person has none."""
        if state not in ("paid", "cancelled") or order.contact_id is None:
            return
        about = {
            "brand": order.brand,
            "order": order.number,
            "sku": order.sku,
            "total": str(order.total.amount),
            "currency": order.total.currency,
            "ad": order.last_ad_id,
        }
        self._save(order.contact_id, f"order {state}", about)

    def lost(self, contact: Contact, interests: Sequence[str]) -> None:
        self._save(contact.id, "lost", {"brand": contact.brand, "interests": list(interests)})

    def _save(self, contact_id: int, outcome: str, about: dict[str, Any]) -> None:
        self.agents.save_episode(case_of(contact_id), AGENT, outcome, about)
