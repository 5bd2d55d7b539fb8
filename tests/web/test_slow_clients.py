"""Clients that send slowly, or nothing, at the program as it is served: gunicorn with deploy/gunicorn.conf.py."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from bot.channels.twilio import sign
from tests.processes import Processes, processes
from tests.waiting import HANG_SECONDS
from tests.world import JOHN

SLOW_SOCKETS = 80
PATH = "/webhook/whatsapp"
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: shop.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SIGNED = "X-Twilio-Signature: RSOYDt4T1cUTdK1PDd93/VVr8B8=\r\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with processes(tmp_path_factory.mktemp("slow")) as shop:
        shop.start_web()
        yield shop


def form(shop: Processes, number: int) -> dict[str, str]:
    return {
        "MessageSid": f"SM{number:032x}",
        "AccountSid": shop.twilio.account.sid,
        "From": f"whatsapp:{JOHN}",
        "To": f"whatsapp:{shop.twilio.account.sender}",
        "Body": "hello",
        "NumMedia": "0",
    }


def post(shop: Processes, number: int) -> int:
    values = form(shop, number)
    url = shop.url + PATH
    signed = sign(shop.twilio.account.tokens[0], url, values, "HMAC_SHA1")
    return requests.post(url, data=values, headers=signed, timeout=HANG_SECONDS).status_code


def connected(shop: Processes) -> socket.socket:
    port = urlsplit(shop.url).port
    assert port is not None
    made = socket.create_connection(("127.0.0.1", port), HANG_SECONDS)
    made.settimeout(HANG_SECONDS)
    return made


def answers(sock: socket.socket) -> bytes:
    """Everything until the server closes."""
    return b"".join(iter(lambda: sock.recv(65536), b""))


# What a slow client has sent so far, and what it goes on with.
SLOW = {
    "nothing": ("", ""),
    "a head": (HEAD, "X-More: 1\r\n"),
    "a body": (f"{HEAD}{SIGNED}Content-Length: 60000\r\n\r\n", "a"),
    "a chunk": (f"{HEAD}{SIGNED}Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"),
    "a body that nobody reads": ("GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n", "a"),
    "half a second request": ("GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /health", "x"),
    "no end": ("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ""),
}


@pytest.mark.parametrize("kind", SLOW)
def test_slow_clients_do_not_stop_the_webhook(shop: Processes, kind: str) -> None:
    start, more = SLOW[kind]
    stop = threading.Event()
    with ExitStack() as stack:
        sockets = [stack.enter_context(connected(shop)) for _ in range(SLOW_SOCKETS)]
        for each in sockets:
            each.sendall(start.encode())

        def trickle() -> None:
            while not stop.wait(0.3):
                for each in sockets:
                    try:
                        each.send(more.encode())
                    except OSError:  # the server has had enough of it
                        continue

        trickling = threading.Thread(target=trickle)
        trickling.start()
        try:
            first = list(SLOW).index(kind) * 1000
            assert [post(shop, first + number) for number in range(20)] == [200] * 20
        finally:
            stop.set()
            trickling.join()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (f"{HEAD}Content-Length: 1000\r\n\r\n", 403),
        (f"{HEAD}X-Twilio-Signature: \r\nContent-Length: 1000\r\n\r\n", 403),
        (f"{HEAD}{SIGNED}\r\n", 411),
        (f"{HEAD}{SIGNED}Transfer-Encoding: chunked\r\n\r\n", 411),
        (f"{HEAD}{SIGNED}Content-Length: 65537\r\n\r\n", 413),
        (f"{HEAD}{SIGNED}Content-Length: 99999999999999999999\r\n\r\n", 413),
        (f"{HEAD}{SIGNED}Content-Length: -1\r\n\r\n", 400),
        (f"{HEAD}{SIGNED}Content-Length: many\r\n\r\n", 400),
    ],
)
def test_what_the_head_decides_is_answered_before_the_body_comes(shop: Processes, head: str, status: int) -> None:
    with connected(shop) as sock:
        sock.sendall(head.encode())
        answer = answers(sock)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        # Where a body was announced, nobody knows where the next request would begin.
        announced = "Content-Length" in head or "Transfer-Encoding" in head
        assert (b"\r\nConnection: close\r\n" in answer) == announced


def test_requests_sent_in_one_piece_are_answered_in_turn(shop: Processes) -> None:
    values = form(shop, 99_001)
    url = shop.url + PATH
    signed = sign(shop.twilio.account.tokens[0], url, values, "HMAC_SHA1")
    body = urlencode(values)
    whole = f"{HEAD}X-Twilio-Signature: {signed['X-Twilio-Signature']}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    with connected(shop) as sock:
        sock.sendall(f"{whole}GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = answers(sock)
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert answer.index(b"<Response/>") < answer.index(b'"status"')


def test_a_request_in_many_pieces_arrives_whole(shop: Processes) -> None:
    values = form(shop, 99_002)
    signed = sign(shop.twilio.account.tokens[0], shop.url + PATH, values, "HMAC_SHA1")
    body = urlencode(values)
    head = f"{HEAD}X-Twilio-Signature: {signed['X-Twilio-Signature']}\r\nContent-Length: {len(body)}\r\n"
    whole = f"{head}Connection: close\r\n\r\n{body}"
    with connected(shop) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(0, len(whole), 7):
            sock.sendall(whole[place : place + 7].encode())
        assert answers(sock).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_head_without_end_is_refused(shop: Processes) -> None:
    with connected(shop) as sock:
        sock.sendall(HEAD.encode() + b"X-Long: " + b"a" * 40_000)
        assert answers(sock).startswith(b"HTTP/1.1 431 ")


def test_more_connections_than_places_drop_the_oldest_not_the_newest(shop: Processes) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(connected(shop)) for _ in range(450)]
        assert post(shop, 99_003) == 200
        assert answers(sockets[0]) == b""
        sockets[-1].sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answers(sockets[-1]).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["a head", "a body"])
def test_what_does_not_arrive_in_time_is_given_up(shop: Processes, kind: str) -> None:
    with connected(shop) as sock:
        sock.sendall(SLOW[kind][0].encode())
        assert answers(sock).startswith(b"HTTP/1.1 408 ")
