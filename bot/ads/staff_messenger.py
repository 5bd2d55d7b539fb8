"""How the ad agent speaks to a brand's staff."""

from __future__ import annotations

from typing import Protocol


class StaffMessenger(Protocol):
    """Puts messages to staff into the outbox; `bot.delivery.staff_messages.StaffMessages` does."""

    def tell(self, brand: str, text: str, picture: str | None = None) -> None:
        """A text to a brand's staff, with the picture at an address where there is one. Part of an open transaction."""
