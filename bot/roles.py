"""The roles of the shop's own people, and which of them stands above which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Role = Literal["analyst", "staff", "admin"]  # from the least to the most that they may do
ROLES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True, slots=True)
class StaffEntry:
    """One entry of STAFF."""

    number: str  # E.164
    role: Role
    brands: tuple[str, ...] = ()  # none: every brand

    def is_for(self, brand: str) -> bool:
        return not self.brands or brand in self.brands


def at_least(role: str, least: Role) -> bool:
    """Whether `role` may do what is allowed from `least` on; what is no role may do nothing."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(least)
