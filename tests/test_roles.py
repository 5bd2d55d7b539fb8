from __future__ import annotations

import pytest

from bot.roles import ROLES, Role, at_least


@pytest.mark.parametrize(
    ("role", "least", "may"),
    [
        ("admin", "analyst", True),
        ("staff", "staff", True),
        ("analyst", "staff", False),
        ("staff", "admin", False),
        ("", "analyst", False),
        ("agent", "analyst", False),
    ],
)
def test_a_role_may_do_what_lower_ones_may(role: str, least: Role, may: bool) -> None:
    assert at_least(role, least) is may


def test_roles_stand_from_the_least_to_the_most() -> None:
    assert ROLES == ("analyst", "staff", "admin")
