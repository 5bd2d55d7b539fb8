"""A local Asana: tasks of one project, a token, and faults on request."""

from __future__ import annotations

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

TOKEN, PROJECT = "0/asana-secret-token", "1200000000000001"
Failure = Literal["lost", "late", "busy", "broken", "no"]


class AsanaServer:
    """`fails` are taken by the next requests: lost (done, and the line is cut), busy (429), broken (500), no (401)."""

    def __init__(self) -> None:
        self.tasks: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[str]] = {}
        self.fails: deque[Failure] = deque()
        self.asked: list[str] = []
        self.token = TOKEN
        self._guard = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/api/1.0"

    def __enter__(self) -> AsanaServer:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, method: str, path: str, token: str, body: bytes) -> tuple[int, dict[str, str], Any] | None:
        """Status, headers and body; None if the line is cut after all was done."""
        with self._guard:
            split = urlsplit(path)
            self.asked.append(f"{method} {split.path.removeprefix('/api/1.0')}")
            failure = self.fails.popleft() if self.fails else None
            if failure == "busy":
                return 429, {"Retry-After": "30"}, {"errors": [{"message": "Rate limit enforced"}]}
            if failure == "broken":
                return 500, {}, {"errors": [{"message": "server error", "phrase": "8 sad squid snuggle softly"}]}
            if failure == "no" or token != f"Bearer {self.token}":
                return 401, {}, {"errors": [{"message": "Not Authorized"}]}
            done = self._do(method, split.path.removeprefix("/api/1.0"), parse_qs(split.query), body)
            return None if failure == "lost" else done

    def _do(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, dict[str, str], Any]:
        parts = path.strip("/").split("/")
        if parts == ["tasks"]:
            return self._make(json.loads(body)["data"]) if method == "POST" else self._page(query)
        task = self.tasks.get(parts[1]) if parts[0] == "tasks" and len(parts) > 1 else None
        if task is None:
            return 404, {}, {"errors": [{"message": "task: Unknown object"}]}
        if parts[2:] == ["stories"]:
            said = [{"type": "comment", "text": text} for text in self.comments.get(parts[1], [])]
            return 200, {}, {"data": [{"type": "system", "text": "added to project"}, *said]}
        if method == "PUT":
            task.update(json.loads(body)["data"])
        return 200, {}, {"data": task}

    def _make(self, data: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        if data.get("projects") != [PROJECT] or not data.get("name"):
            return 400, {}, {"errors": [{"message": "projects: Not a recognized ID"}]}
        gid = str(1300000000000000 + len(self.tasks))
        self.tasks[gid] = {"gid": gid, "completed": False, "completed_at": None, **data}
        return 201, {}, {"data": self.tasks[gid]}

    def _page(self, query: dict[str, list[str]]) -> tuple[int, dict[str, str], Any]:
        if query.get("project") != [PROJECT]:
            return 400, {}, {"errors": [{"message": "project: Missing input"}]}
        start, size = int(query.get("offset", ["0"])[0]), min(int(query.get("limit", ["20"])[0]), 2)
        found = list(self.tasks.values())
        more = {"offset": str(start + size)} if start + size < len(found) else None
        return 200, {}, {"data": found[start : start + size], "next_page": more}


def _handler(server: AsanaServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = server.answer(self.command, self.path, self.headers.get("Authorization", ""), body)
            if answer is None:
                self.close_connection = True
                return
            status, headers, said = answer
            written = json.dumps(said).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(written))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(written)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    return Handler
