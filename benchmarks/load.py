"""An HTTP client that costs little: prepared bytes over kept-alive sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence


def blast(port: int, requests: Sequence[bytes], *, connections: int = 16) -> float:
    """As fast as they are answered; answers per second. Raises RuntimeError for any answer but 200."""
    shares = [requests[n::connections] for n in range(connections)]
    threads = [threading.Thread(target=_send_all, args=(port, share)) for share in shares]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(requests) / (time.perf_counter() - start)


def pace(port: int, requests: Sequence[bytes], *, per_second: float) -> list[float]:
    """Milliseconds of each answer at a steady rate, from when it was due to be sent."""
    took: list[float] = []
    threads = []
    start = time.perf_counter()
    for n, request in enumerate(requests):
        due = start + n / per_second
        time.sleep(max(0.0, due - time.perf_counter()))
        thread = threading.Thread(target=_time_one, args=(port, request, due, took))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()
    return took


def _time_one(port: int, request: bytes, due: float, took: list[float]) -> None:
    _send_all(port, [request])
    took.append((time.perf_counter() - due) * 1000)


def _send_all(port: int, requests: Sequence[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            connection.sendall(request)
            _read_answer(connection)


def _read_answer(connection: socket.socket) -> None:
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the server answered {head[:60]!r}")
    length = int(
        next(line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    )
    while len(body) < length:
        body += connection.recv(65536)
