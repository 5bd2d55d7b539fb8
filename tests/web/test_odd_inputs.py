"""Whatever is written into a path, a query or a body is answered 400 or 404 where it can't be meant, and never 500."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from bot.settings import Settings
from bot.web.access import issue_token
from bot.wiring.program import Program, assemble
from tests.world import JOHN, environment

ODD = {
    "nothing": "",
    "no number": "nan",
    "infinite": "inf",
    "minus infinite": "-inf",
    "beyond floats": "1e999",
    "negative": "-1",
    "a fraction": "1.5",
    "beyond 64 bits": str(1 << 63),
    "beyond 4300 digits": "9" * 5000,
    "Arabic digits": quote("٣"),
    "a superscript": quote("²"),
    "an underscore": "1_000",
    "hexadecimal": "0x10",
    "zero byte": "%00",
    "zero byte inside": "a%00b",
    "half a character": "%ED%A0%80",
    "no UTF-8": "%FF%FE",
    "latin-1": "%E9",
    "a line break": "a%0Ab",
    "quotes": quote("' OR 1=1 --"),
    "a path": quote("../../etc/passwd", safe=""),
    "a day that is none": "2026-02-30",
    "a day long ago": "0001-01-01",
    "the last day": "9999-12-31",
    "a million letters": "a" * 1_000_000,
    "a million digits": "1" * 1_000_000,
}
QUERIES = {
    f"/conversation/{JOHN}": ("limit", "before", "brand"),
    "/analytics/users": ("limit", "after", "brand"),
    "/analytics/messages": ("days", "brand"),
    "/messages/1/why": ("brand",),
    "/analytics/campaigns": ("account", "since", "until", "limit", "after", "brand"),
    "/analytics/campaigns/1": ("brand",),
    "/analytics/decisions": ("account", "since", "until", "limit", "before", "brand"),
    "/analytics/attribution": ("account", "since", "until", "limit", "before", "ad", "brand"),
    "/analytics/graph?question=reached&kind=angle&key=a": (
        "angle",
        "word",
        "days",
        "to",
        "direction",
        "limit",
        "brand",
    ),
    "/analytics/graph?question=learned_about": ("word", "days", "limit"),
    "/analytics/graph?question=formats": ("angle", "days"),
    "/analytics/graph": ("question", "kind", "key"),
    "/simulator/chats/+14155550101": ("sender",),
    "/simulator/media/ME1": ("download",),
    "/simulator/twilio/2010-04-01/Accounts/AC1/Messages.json": (
        *("PageSize", "Page", "To", "From", "DateSent", "DateSent>", "DateSent<"),
    ),
}
PATHS = (
    *("/conversation/{}", "/messages/{}/why", "/analytics/campaigns/{}", "/chart/{}.png", "/{}"),
    *("/simulator/chats/{}", "/simulator/media/{}", "/pages/{}"),
    *(
        "/simulator/twilio/2010-04-01/Accounts/{}/Messages.json",
        "/simulator/twilio/2010-04-01/Accounts/AC1/Messages/{}.json",
    ),
    "/simulator/twilio/2010-04-01/Accounts/AC1/Messages/SM1/Media/{}",
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    program = assemble(Settings.from_environment(environment(tmp_path_factory.mktemp("shop"), 8000)))
    yield program
    assert program.twilio is not None
    program.twilio.stop()


@pytest.fixture(scope="module")
def client(program: Program) -> FlaskClient:
    return program.web.test_client()


def headers(program: Program, path: str) -> dict[str, str]:
    if not path.startswith("/simulator"):
        return {"Authorization": f"Bearer {issue_token(program.keys, program.clock, 'admin')}"}
    assert program.twilio is not None
    account = program.twilio.account
    basic = b64encode(f"{account.sid}:{account.tokens[0]}".encode()).decode()
    return {"X-Simulator": "page"} | ({"Authorization": f"Basic {basic}"} if "/twilio/" in path else {})


def check(answer: Any, path: str) -> None:
    assert answer.status_code in (200, 302, 308, 400, 404, 405), (path[:100], answer.status_code)
    if answer.status_code >= 400 and "/simulator" not in path:  # that one answers as Twilio does
        assert answer.content_type == "application/problem+json", path[:100]
        assert answer.get_json()["status"] == answer.status_code


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_in_queries_are_no_error_of_ours(program: Program, client: FlaskClient, odd: str) -> None:
    for path, names in QUERIES.items():
        for name in names:
            asked = f"{path}{'&' if '?' in path else '?'}{quote(name)}={ODD[odd]}"
            check(client.get(asked, headers=headers(program, path)), f"{odd}: {path} {name}")


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_in_paths_are_no_error_of_ours(program: Program, client: FlaskClient, odd: str) -> None:
    for path in PATHS:
        check(client.get(path.format(ODD[odd]), headers=headers(program, path)), f"{odd}: {path}")
    check(client.delete(f"/conversation/{ODD[odd]}", headers=headers(program, "/")), f"{odd}: erase")


NUMBERS = {"limit", "before", "after", "days"}


@pytest.mark.parametrize("odd", [odd for odd in ODD if odd not in ("Arabic digits", "an underscore")])
def test_what_is_no_number_is_refused_where_one_is_asked_for(program: Program, client: FlaskClient, odd: str) -> None:
    for path, names in QUERIES.items():
        for name in NUMBERS.intersection(names):
            asked = f"{path}{'&' if '?' in path else '?'}{name}={ODD[odd]}"
            assert client.get(asked, headers=headers(program, path)).status_code == 400, (path, name)


def run_of(program: Program) -> str:
    assert program.twilio is not None
    return program.twilio.chats.run


@pytest.mark.parametrize(
    "wait", [*(ODD[odd] for odd in ODD if odd != "a fraction"), "61", "1e3", "-0.001", "NaN", "Infinity", "15s", "0,5"]
)
def test_events_are_not_waited_for_without_a_sane_time(program: Program, client: FlaskClient, wait: str) -> None:
    for asked in (f"wait={wait}", f"after=0&wait={wait}"):
        assert client.get(f"/simulator/events?run={run_of(program)}&{asked}").status_code == 400


@pytest.mark.parametrize("after", [value for odd, value in ODD.items() if odd != "a day long ago"])
def test_events_need_a_whole_number_to_go_on_from(program: Program, client: FlaskClient, after: str) -> None:
    assert client.get(f"/simulator/events?run={run_of(program)}&after={after}").status_code == 400


NO_LATITUDES: list[Any] = ["", "north", "nan", "inf", "1e999", None, True, [], {}, 91, "-90.1"]
NO_LONGITUDES: list[Any] = ["", "west", "nan", "-inf", "1e999", None, True, [], 181, -181, "9" * 400]
PLACES: list[Any] = [
    *(None, "", "here", 5, [], [40.4, -3.7], {}, {"latitude": 40.4}, {"longitude": -3.7}),
    *({"latitude": value, "longitude": -3.7} for value in NO_LATITUDES),
    *({"latitude": 40.4, "longitude": value} for value in NO_LONGITUDES),
    {"latitude": float("nan"), "longitude": 0},
    {"latitude": 10**400, "longitude": 0},
]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_place_that_is_nowhere_is_refused(program: Program, client: FlaskClient, place: Any) -> None:
    path = f"/simulator/chats/{JOHN}/messages"
    assert client.post(path, json={"location": place}, headers=headers(program, path)).status_code == 400


BODIES = [
    "",
    "{",
    "[]",
    "null",
    "5",
    '"text"',
    "{}",
    '{"text": null}',
    '{"advert": 5}',
    '{"button": 1}',
    '{"on": "SM1", "button": []}',
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"/simulator/chats/{JOHN}"),
        ("POST", f"/simulator/chats/{JOHN}/messages"),
        ("POST", f"/simulator/chats/{JOHN}/files"),
        ("POST", f"/simulator/chats/{JOHN}/phone"),
        ("POST", "/simulator/faults"),
        ("POST", "/simulator/twilio/v1/Content"),
        ("POST", "/simulator/twilio/2010-04-01/Accounts/AC1/Messages.json"),
    ],
)
def test_odd_bodies_are_no_error_of_ours(
    program: Program, client: FlaskClient, method: str, path: str, body: str
) -> None:
    given = headers(program, path) | {"Content-Type": "application/json"}
    answer = client.open(path, method=method, data=body, headers=given)
    assert answer.status_code < 500 and answer.status_code != 403, answer.text
