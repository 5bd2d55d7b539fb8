"""The gunicorn worker: a request gets a thread once it has arrived whole, so that slow clients hold none.

gunicorn's own threaded worker reads in its threads: as many slow sockets as threads stop the webhook. Here the event loop,
which it has anyway, collects every request; a slow client costs a file descriptor until its deadline.
"""

from __future__ import annotations

import errno
import re
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from time import monotonic

from gunicorn.errors import ConfigError
from gunicorn.http.errors import NoMoreData
from gunicorn.http.message import Request
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker
from werkzeug.exceptions import RequestTimeout, ServiceUnavailable

from bot.web.webhook import REFUSED_UNREAD

SECONDS_TO_ARRIVE = 10.0  # a request's head, and its body up to LARGEST_COLLECTED; Twilio gives up after 15
SECONDS_TO_READ = 30.0  # a larger body, which its thread reads: a file for the simulator
SECONDS_TO_SEND = 30.0  # an answer to a client that does not read it
SECONDS_TO_CLOSE = 2.0  # for the other side to close, too; before, a reset could swallow the answer
LARGEST_HEAD = 32 * 1024
LARGEST_COLLECTED = 64 * 1024
MOST_UNFINISHED = 400  # connections that send or close slowly; then the oldest goes: a process often has 1,024 files
MOST_IDLE = 200  # connections kept for another request
SEND_BUFFER = 512 * 1024  # the kernel's, so that a client that does not read its answer holds no thread, either
ONE_READ = 64 * 1024
END_OF_HEAD = b"\r\n\r\n"
BODY_FOLLOWS = re.compile(rb"\r\n(?:content-length|transfer-encoding)", re.I)

RefusedUnread = Callable[[str, Mapping[str, str]], bool]


class Connection(TConn):
    """`needed`: bytes of head and body, once the head is known. `complete`: whether the body is there, too."""

    def __init__(self, cfg: object, sock: socket.socket, client: object, server: object) -> None:
        super().__init__(cfg, sock, client, server)
        self.received = bytearray()
        self.searched = 0
        self.needed: int | None = None
        self.complete = False
        self.deadline = 0.0

    def expect(self, received: bytes) -> None:
        """Begin the next request with what came behind the last one."""
        self.received = bytearray(received)
        self.searched, self.needed, self.complete = 0, None, False
        self.deadline = monotonic() + SECONDS_TO_ARRIVE


class ArrivedBytes(SocketUnreader):
    """What the event loop collected. Only a larger body is read from the socket, until `deadline`, in one of `places`."""

    def __init__(self, sock: socket.socket, places: threading.Semaphore) -> None:
        super().__init__(sock)
        self.places = places
        self.has_place = False
        self.deadline: float | None = None

    def chunk(self, size_hint: int | None = None) -> bytes:
        if self.deadline is None:
            raise NoMoreData
        if not self.has_place and not self.places.acquire(blocking=False):
            raise ServiceUnavailable("too many large requests at once; send it again", retry_after=5)
        self.has_place = True
        left = self.deadline - monotonic()
        if left <= 0:
            raise RequestTimeout("the body did not arrive in time")
        self.sock.settimeout(left)
        try:
            data: bytes = super().chunk(size_hint)
        except TimeoutError:
            raise RequestTimeout("the body did not arrive in time") from None
        finally:
            self.sock.settimeout(SECONDS_TO_SEND)
        return data


class BufferingWorker(ThreadWorker):
    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        self.max_keepalived = MOST_IDLE
        self.large_bodies = threading.Semaphore(max(1, self.cfg.threads // 4))
        # By age: all of a kind have the same time.
        self.arriving: dict[Connection, None] = {}
        self.closing: dict[Connection, None] = {}

    @classmethod
    def check_config(cls, cfg: object, log: object) -> None:
        super().check_config(cfg, log)
        if cfg.is_ssl or cfg.http_protocols != ["h1"]:  # type: ignore[attr-defined]
            raise ConfigError("this worker speaks HTTP/1 without TLS; let the proxy before it do the rest")

    # Called by the event loop

    def accept(self, listener: socket.socket) -> None:
        try:
            sock, client = listener.accept()
        except OSError as fault:
            if fault.errno in (errno.EMFILE, errno.ENFILE):
                self._drop_oldest()
            elif fault.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                raise
            return
        self.nr_conns += 1
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._collect(Connection(self.cfg, sock, client, listener.getsockname()), b"")

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._collect(conn, b"")

    def finish_request(self, conn: Connection, fs: Future[object]) -> None:
        if fs.cancelled() or fs.exception() is not None or not fs.result():
            self._close(conn)
        elif behind := conn.parser.unreader.take_buffered():
            self._collect(conn, behind)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Those whose time is over; gunicorn calls it once a second."""
        now = monotonic()
        for conn in [each for each in self.arriving if each.deadline <= now]:
            self._refuse(conn, "408 Request Timeout")
        for conn in [each for each in self.closing if each.deadline <= now]:
            self._drop(conn)
        if not self.alive:  # a stopping worker waits for requests, not for connections without one
            for conn in [each for each in self.arriving if not each.received]:
                self._drop(conn)

    def _collect(self, conn: Connection, received: bytes) -> None:
        if len(self.arriving) + len(self.closing) >= MOST_UNFINISHED:
            self._drop_oldest()
        conn.expect(received)
        conn.sock.setblocking(False)
        self.arriving[conn] = None
        if received:
            self._consider(conn)
        else:
            self._read(conn, conn.sock)  # mostly it is there already
        if conn in self.arriving:
            self.poller.register(conn.sock, EVENT_READ, partial(self._read, conn))

    def _read(self, conn: Connection, _sock: socket.socket) -> None:
        if conn not in self.arriving:  # dropped by what happened just before
            return
        try:
            data = conn.sock.recv(ONE_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(conn)
            return
        conn.received += data
        self._consider(conn)

    def _consider(self, conn: Connection) -> None:
        """Give it a thread if the request is there."""
        if conn.needed is None:
            end = conn.received.find(END_OF_HEAD, conn.searched)
            if end < 0 and len(conn.received) <= LARGEST_HEAD:
                conn.searched = max(0, len(conn.received) - len(END_OF_HEAD) + 1)
                return
            if end < 0 or end > LARGEST_HEAD:
                self._refuse(conn, "431 Request Header Fields Too Large")
                return
            self._measure(conn, end)
        if conn.needed is not None and len(conn.received) >= conn.needed:
            self._start(conn)

    def _measure(self, conn: Connection, end: int) -> None:
        """How much of the request to wait for. What is malformed is the parser's to refuse, at once."""
        if BODY_FOLLOWS.search(conn.received, 0, end) is None:
            conn.needed, conn.complete = end + len(END_OF_HEAD), True
            return
        first, *lines = conn.received[:end].decode("latin-1").split("\r\n")
        headers = {name.strip().title(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = headers.get("Content-Length", "0")
        conn.needed = end + len(END_OF_HEAD)
        if "Transfer-Encoding" in headers or not re.fullmatch(r"[0-9]{1,9}", length):
            return
        refused: RefusedUnread | None = self.wsgi.config.get(REFUSED_UNREAD)
        path = first.split(" ")[1].partition("?")[0] if " " in first else ""
        if int(length) <= LARGEST_COLLECTED and not (refused is not None and refused(path, headers)):
            conn.needed += int(length)
            conn.complete = True
        else:
            conn.complete = int(length) <= len(conn.received) - conn.needed

    def _start(self, conn: Connection) -> None:
        self._forget(conn)
        conn.init()
        if not isinstance(conn.parser.unreader, ArrivedBytes):
            conn.parser.unreader = ArrivedBytes(conn.sock, self.large_bodies)
        conn.parser.unreader.deadline = None
        conn.parser.unreader.unread(bytes(conn.received))
        conn.received.clear()
        conn.data_ready = True
        self.enqueue_req(conn)

    def _refuse(self, conn: Connection, status: str) -> None:
        try:
            conn.sock.send(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        except OSError:
            self._drop(conn)
        else:
            self._forget(conn)
            self._close(conn)

    def _close(self, conn: Connection) -> None:
        """Send the end of the answer, then wait for the other side's; gunicorn waits for it in the event loop."""
        if len(self.arriving) + len(self.closing) >= MOST_UNFINISHED:
            self._drop_oldest()
        self.closing[conn] = None
        conn.deadline = monotonic() + SECONDS_TO_CLOSE
        try:
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, EVENT_READ, partial(self._read_to_end, conn))
            conn.sock.shutdown(socket.SHUT_WR)
        except (OSError, ValueError):  # closed already
            self._drop(conn)

    def _read_to_end(self, conn: Connection, _sock: socket.socket) -> None:
        if conn not in self.closing:
            return
        try:
            ended = not conn.sock.recv(ONE_READ)
        except BlockingIOError:
            return
        except OSError:
            ended = True
        if ended:
            self._drop(conn)

    def _drop_oldest(self) -> None:
        oldest = next(iter(self.closing), None) or next(iter(self.arriving), None)
        if oldest is not None:
            self._drop(oldest)

    def _drop(self, conn: Connection) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def _forget(self, conn: Connection) -> None:
        self.arriving.pop(conn, None)
        self.closing.pop(conn, None)
        with suppress(KeyError, ValueError):  # never registered, or closed
            self.poller.unregister(conn.sock)

    # Called by a thread

    def handle_request(self, req: Request, conn: Connection) -> bool:
        conn.sock.settimeout(SECONDS_TO_SEND)
        if not conn.complete:
            req.force_close()  # where the next request would begin is unknown
            conn.parser.unreader.deadline = monotonic() + SECONDS_TO_READ
        try:
            keep: bool = super().handle_request(req, conn)
        finally:
            if conn.parser.unreader.has_place:
                conn.parser.unreader.has_place = False
                self.large_bodies.release()
        return keep
