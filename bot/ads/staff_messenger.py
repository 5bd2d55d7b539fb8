"""The port from the ad agent to a brand's staff."""

from __future__ import annotations

from typing import Protocol


class StaffMessenger(Protocol):
    """Implemented by `bot.delivery.staff_messages.StaffMessages`."""

    def tell(self, brand: str, text: str, picture: str | None = None) -> None:
        """Queue a message in the open transaction; `picture` is a URL."""
