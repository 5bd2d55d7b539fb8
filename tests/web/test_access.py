from __future__ import annotations

import base64
import json
import stat
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from bot.settings import Settings, WrongSetting
from bot.web.access import InvalidToken, issue_token, read_token, secret_keys, who_may_call
from bot.web.failed_attempts import MOST_FAILURES
from memory.audit_log.api_tokens import ApiTokens
from memory.security.secret_keys import SecretKeys
from tests.memory.stores import TestClock
from tests.web.shop import KEYS, PHONE, SECRET, Shop

OPEN = {("/health", "GET"), ("/ready", "GET"), ("/openapi.json", "GET")}


def test_every_route_but_the_open_ones_is_closed_without_a_token(shop: Shop) -> None:
    for rule in shop.app.url_map.iter_rules():
        path = rule.rule.replace("<phone_number>", PHONE).replace("<int:message_id>", "1")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = shop.client.open(path, method=method)
            assert (answer.status_code != 401) == ((rule.rule, method) in OPEN), rule


def test_a_route_that_says_nothing_lets_nobody_in(shop: Shop) -> None:
    shop.app.add_url_rule("/forgotten", view_func=lambda: "open to all", endpoint="forgotten")
    assert shop.client.get("/forgotten").status_code == 403
    assert shop.ask("/forgotten", role="admin").status_code == 403
    assert "forgotten" not in who_may_call(shop.app)


def test_without_a_token_it_says_how_to_bring_one(shop: Shop) -> None:
    answer = shop.client.get("/analytics/users")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("role", "status"), [("analyst", 403), ("staff", 403), ("admin", 404)])
def test_only_an_admin_may_erase(shop: Shop, role: str, status: int) -> None:
    assert shop.ask(f"/conversation/{PHONE}", role=role, method="DELETE").status_code == status


@pytest.mark.parametrize("role", ["analyst", "staff", "admin"])
def test_a_higher_role_may_what_a_lower_one_may(shop: Shop, role: str) -> None:
    assert shop.ask("/analytics/users", role=role).status_code == 200


def claims(shop: Shop, **changed: Any) -> dict[str, Any]:
    soon = int((shop.stores.clock() + timedelta(days=1)).timestamp())
    whole = {"sub": "a", "role": "admin", "aud": "hawker", "exp": soon} | changed
    return {name: value for name, value in whole.items() if value is not None}


def signed(shop: Shop, secret: str = SECRET, algorithm: str = "HS256", **changed: Any) -> str:
    return jwt.encode(claims(shop, **changed), secret, algorithm)


def part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def promoted(shop: Shop) -> str:
    head, _body, signature = signed(shop, role="analyst").split(".")
    return f"{head}.{part(claims(shop))}.{signature}"


FORGED: dict[str, Callable[[Shop], str]] = {
    "run out": lambda shop: signed(shop, exp=int(shop.stores.clock().timestamp())),
    "not yet": lambda shop: signed(shop, nbf=int(shop.stores.clock().timestamp()) + 60),
    "no end": lambda shop: signed(shop, exp=None),
    "nobody": lambda shop: signed(shop, sub=None),
    "no role": lambda shop: signed(shop, role=None),
    "unknown role": lambda shop: signed(shop, role="root"),
    "for someone else": lambda shop: signed(shop, aud="another"),
    "for nobody": lambda shop: signed(shop, aud=None),
    "empty brand": lambda shop: signed(shop, brand=""),
    "another secret": lambda shop: signed(shop, "another secret, just as long as the right one"),
    "another algorithm": lambda shop: signed(shop, SECRET * 2, "HS512"),
    "no signature": lambda shop: f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims(shop))}.",
    "promoted": promoted,
    "short": lambda shop: signed(shop)[:20],
    "words": lambda shop: "let me in",
    "odd bytes": lambda shop: "\xff.\xff.\xff",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_token_that_does_not_hold_is_refused(shop: Shop, forge: Callable[[Shop], str]) -> None:
    assert shop.client.get("/analytics/users", headers=bearer(signed(shop))).status_code == 200
    answer = shop.client.get("/analytics/users", headers=bearer(forge(shop)))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"].replace("=invalid_token", '="invalid_token"')


def test_a_token_in_another_scheme_is_no_token(shop: Shop) -> None:
    assert shop.client.get("/analytics/users", headers={"Authorization": f"Basic {signed(shop)}"}).status_code == 401
    assert shop.client.get(f"/analytics/users?token={signed(shop)}").status_code == 401


def test_a_token_taken_back_is_refused_from_the_next_request_on(shop: Shop) -> None:
    tokens = ApiTokens(shop.stores.db, shop.stores.clock)
    token, other = (issue_token(KEYS, shop.stores.clock, "analyst", tokens=tokens) for _ in range(2))
    assert shop.client.get("/analytics/users", headers=bearer(token)).status_code == 200
    tokens.revoke(read_token(token, KEYS, shop.stores.clock).token)
    assert shop.client.get("/analytics/users", headers=bearer(token)).status_code == 401
    assert shop.client.get("/analytics/users", headers=bearer(other)).status_code == 200


YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("age", "lasts", "status"),
    [
        (timedelta(0), YEAR, 200),
        (timedelta(0), 10 * YEAR, 200),  # as 0.2.0 issued them
        (YEAR - timedelta(hours=1), 10 * YEAR, 200),
        (YEAR, 10 * YEAR, 401),
        (timedelta(days=-2), YEAR, 401),
        (None, YEAR, 200),
        (None, YEAR + timedelta(hours=1), 401),
    ],
)
def test_no_token_holds_longer_than_a_year(shop: Shop, age: timedelta | None, lasts: timedelta, status: int) -> None:
    now = shop.stores.clock()
    issued = now if age is None else now - age
    times: dict[str, Any] = {
        "exp": int((issued + lasts).timestamp()),
        "iat": None if age is None else int(issued.timestamp()),
    }
    assert shop.client.get("/analytics/users", headers=bearer(signed(shop, **times))).status_code == status


@pytest.mark.parametrize("days", [0, -1, 365.1, float("nan"), float("inf")])
def test_no_token_is_issued_for_more_than_a_year(days: float) -> None:
    with pytest.raises(ValueError, match="365"):
        issue_token(KEYS, TestClock(), "staff", days=days)


def test_who_sends_wrong_tokens_again_and_again_is_told_to_wait(shop: Shop) -> None:
    wrong = bearer("let me in")
    answers = [shop.client.get("/analytics/users", headers=wrong).status_code for _ in range(MOST_FAILURES)]
    assert set(answers) == {401}
    again = shop.client.get("/analytics/users", headers=wrong)
    assert again.status_code == 429
    assert int(again.headers["Retry-After"]) > 0
    # Others may share the address.
    assert shop.ask("/analytics/users").status_code == 200


def test_a_token_runs_out_after_its_days() -> None:
    clock = TestClock()
    token = issue_token(KEYS, clock, "staff", brand="voyage", days=2)
    clock.pass_by(days=1, hours=23)
    assert (read_token(token, KEYS, clock).role, read_token(token, KEYS, clock).brand) == ("staff", "voyage")
    clock.pass_by(hours=1)
    with pytest.raises(InvalidToken):
        read_token(token, KEYS, clock)


def test_tokens_hold_while_their_secret_is_set() -> None:
    clock = TestClock()
    new = "the next secret of the tests, just as long"
    before, between, after = KEYS, SecretKeys((new, SECRET)), SecretKeys.of(new)
    token = issue_token(before, clock, "staff")
    of_0_2_0 = jwt.encode(jwt.decode(token, options={"verify_signature": False}), SECRET, "HS256")
    for old in (token, of_0_2_0):
        assert read_token(old, between, clock).role == "staff"
        with pytest.raises(InvalidToken):
            read_token(old, after, clock)
    assert read_token(issue_token(between, clock, "staff"), after, clock).role == "staff"


def test_a_key_of_its_own_is_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = Settings.from_environment({"MEMORY_STORAGE_DIR": str(tmp_path / "data")})
    first = secret_keys(settings)
    kept = tmp_path / "data" / "secret_key"
    assert len(first.secrets[0]) >= 32
    assert secret_keys(settings) == first
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secret_key"]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    settings = Settings.from_environment({"MEMORY_STORAGE_DIR": str(tmp_path)})
    with ProcessPoolExecutor(4) as pool:
        assert len(set(pool.map(secret_keys, [settings] * 16))) == 1


def test_a_given_key_is_taken_and_a_spoilt_one_refused(tmp_path: Path) -> None:
    given = {"MEMORY_STORAGE_DIR": str(tmp_path)}
    assert secret_keys(Settings.from_environment(given | {"SECRET_KEY": SECRET})) == KEYS
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(WrongSetting, match="remove it"):
        secret_keys(Settings.from_environment(given))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
