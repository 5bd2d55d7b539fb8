"""What every answer tells browsers, and that the simulator answers this machine only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from bot.settings import Settings
from bot.wiring.program import assemble
from tests.world import environment


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    program = assemble(Settings.from_environment(environment(tmp_path_factory.mktemp("shop"), 8000)))
    yield program.web.test_client()
    assert program.twilio is not None
    program.twilio.stop()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/ready", 503),
        ("GET", "/openapi.json", 200),
        ("GET", "/simulator", 200),
        ("GET", "/simulator/state", 200),
        ("GET", "/pages/simulator.js", 200),
        ("GET", "/", 302),
        ("GET", "/analytics/users", 401),
        ("GET", "/nowhere", 404),
        ("PUT", "/health", 405),
        ("POST", "/webhook/whatsapp", 403),
        ("GET", "/chart/1-1-x.png", 404),
    ],
)
def test_every_answer_says_what_browsers_may_do(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert (answer.headers["Cache-Control"] == "no-store") == (not path.startswith("/pages/"))


LOCAL = ["localhost", "localhost:8000", "127.0.0.1:8000", "127.8.8.8", "[::1]:8000", "LOCALHOST"]
ELSEWHERE = [
    *(
        "shop.example.com",
        "localhost.example.com",
        "127.0.0.1.nip.io",
        "192.168.1.5:8000",
        "[::2]",
        "0.0.0.0",  # noqa: S104
        "2130706433",
    ),
    *("localhost@evil.example.com", "evil.example.com#localhost", "localhost:8000:8000", "127.0.0.1\u0661", ""),
]
SIMULATOR = [
    *(("GET", "/"), ("GET", "/simulator"), ("GET", "/simulator/state"), ("GET", "/simulator/events?run=x")),
    *(("GET", "/simulator/twilio/v1/Content"), ("DELETE", "/simulator/faults")),
]


@pytest.mark.parametrize("host", LOCAL)
@pytest.mark.parametrize(("method", "path"), SIMULATOR)
def test_the_simulator_answers_this_machine(client: FlaskClient, method: str, path: str, host: str) -> None:
    for origin in (None, f"http://{host}", f"https://{host}"):
        headers = {"Host": host, "X-Simulator": "page"} | ({"Origin": origin} if origin else {})
        assert client.open(path, method=method, headers=headers).status_code in (200, 302, 401)


@pytest.mark.parametrize("host", ELSEWHERE)
@pytest.mark.parametrize(("method", "path"), SIMULATOR)
def test_the_simulator_refuses_other_hosts_and_origins(client: FlaskClient, method: str, path: str, host: str) -> None:
    headers = {"X-Simulator": "page"}
    assert client.open(path, method=method, headers=headers | {"Host": host}).status_code in (400, 403)
    for origin in (host, f"http://{host}", f"https://{host}", "null", "file://", f"http://localhost/{host}"):
        local = headers | {"Host": "127.0.0.1:8000", "Origin": origin}
        assert client.open(path, method=method, headers=local).status_code == 403
