"""A scripted model server: speaks OpenAI's HTTP over real sockets, checks requests as strictly, plays what a test says.

    with ModelServer() as server:
        server.plays(says("Hello!"), calls("order_status"), failing(500))
        model = LanguageModel(base_url=server.url, …)

Each request takes the next reply of the queue, or what `server.rule(request)` returns once the queue is empty.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

KEY = "sk-test-3b1f0c9e7a5d4421"
PAGE = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Reply:
    """What the server does with one request."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0  # seconds before the first byte
    gap: float = 0.0  # seconds between any two bytes
    hangs: bool = False  # says nothing until the server is closed
    drops: bool = False  # closes the connection in the middle of the body


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]  # of a transcription: file, name, content_type, model
    began: float  # time.monotonic()

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation so far."""
        return cast(list[dict[str, Any]], self.body["messages"])

    @property
    def system(self) -> str:
        """Everything the system said."""
        return "\n".join(str(m["content"]) for m in self.messages if m["role"] == "system")

    @property
    def last(self) -> str:
        """The newest message's text."""
        return str(self.messages[-1]["content"])

    @property
    def tool_results(self) -> list[str]:
        """What the tools answered so far, oldest first."""
        return [str(m["content"]) for m in self.messages if m["role"] == "tool"]


Rule = Callable[[Request], Reply]
IN_THE_BACKGROUND = re.compile(r"You (?:read messages|summarise)")


def says(text: str | None, *, finish: str = "stop", **more: Any) -> Reply:
    """Words; `more` goes into the message (`refusal`, `tool_calls`)."""
    return _completion({"role": "assistant", "content": text, **more}, finish)


def calls(name: str, /, **arguments: Any) -> Reply:
    """One tool call."""
    return calls_all((name, arguments))


def calls_all(*wanted: tuple[str, Mapping[str, Any] | str]) -> Reply:
    """Several tool calls in one answer; arguments given as text go out as that text, well-formed or not."""
    made = [
        {"id": f"call_{n}_{name}", "type": "function", "function": {"name": name, "arguments": _as_text(arguments)}}
        for n, (name, arguments) in enumerate(wanted)
    ]
    return _completion({"role": "assistant", "content": None, "tool_calls": made}, "tool_calls")


def failing(status: int, *, code: str = "server_error", message: str = "", **headers: str) -> Reply:
    """An error as OpenAI writes it; `Retry_After="7"` becomes a header."""
    body = {"error": {"message": message or f"error {status}", "type": code, "code": code, "param": None}}
    return Reply(status, json.dumps(body).encode(), {name.replace("_", "-"): value for name, value in headers.items()})


def raw(body: str | bytes, *, status: int = 200, content_type: str = "application/json") -> Reply:
    """Any body at all: HTML, half a JSON document, nothing."""
    return Reply(status, body if isinstance(body, bytes) else body.encode(), {"Content-Type": content_type})


def late(reply: Reply, seconds: float) -> Reply:
    """The same, after a while."""
    return replace(reply, after=seconds)


def trickling(reply: Reply, gap: float) -> Reply:
    """The same, byte after byte."""
    return replace(reply, gap=gap)


def dropping(reply: Reply) -> Reply:
    """Half of the same, and then the connection is gone."""
    return replace(reply, drops=True)


HANGING = Reply(hangs=True)
EMPTY = raw(json.dumps({"id": "x", "object": "chat.completion", "choices": []}))


class ModelServer:
    """The server; `url` is what OPENAI_BASE_URL would be. Remembers every request and every complaint about one."""

    def __init__(self, *, key: str = KEY, latency: float = 0.0, hears: bool = True, sees: bool = True) -> None:
        self.requests: list[Request] = []
        self.complaints: list[str] = []  # what OpenAI would have refused; a test of ours wants none
        self.rule: Rule | None = None
        self.read: list[Request] = []  # what the program asked in the background, which no script of replies counts on
        self.reading: Rule = lambda request: says("{}")
        self.latency = latency  # seconds before every answer, each on its own
        self.most_at_once = 0
        self.left_alone = threading.Event()  # a caller went away in the middle of an answer
        self._key = key
        self._hears = hears
        self._sees = sees
        self._queue: deque[Reply] = deque()
        self._guard = threading.Lock()
        self._at_once = 0
        self._closed = threading.Event()
        self._http = _Http(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> ModelServer:
        importlib.import_module("openai")  # takes seconds on a busy machine: no call's deadline is to pay for it
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._http.shutdown()
        self._http.server_close()

    def plays(self, *replies: Reply) -> None:
        """Add to the queue."""
        self._queue.extend(replies)

    @property
    def left(self) -> int:
        """How many replies were not asked for yet."""
        return len(self._queue)

    def pause(self, seconds: float) -> bool:
        """Wait, at most until the server closes; True when it closed."""
        return self._closed.wait(seconds)

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Check a request, remember it, choose the reply."""
        with self._guard:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            reply = self._choose(path, headers, body)
            self.pause(self.latency + reply.after)
            return reply
        finally:
            with self._guard:
                self._at_once -= 1

    def _choose(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if headers.get("authorization") != f"Bearer {self._key}":
            shown = headers.get("authorization", "")[-4:]
            return failing(401, code="invalid_api_key", message=f"Incorrect API key provided: …{shown}")
        try:
            request = Request(path, headers, self._read(path, headers, body), time.monotonic())
        except Refused as complaint:
            self.complaints.append(str(complaint))
            return failing(complaint.status, code="invalid_request_error", message=str(complaint))
        if IN_THE_BACKGROUND.match(request.system if "messages" in request.body else ""):
            self.read.append(request)
            return self.reading(request)
        with self._guard:
            self.requests.append(request)
            reply = self._queue.popleft() if self._queue else None
        if reply is None and self.rule is not None:
            reply = self.rule(request)
        return reply or failing(500, message="the test's queue is empty")

    def _read(self, path: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        if path == "/v1/chat/completions":
            said = _object(body)
            check(said)
            if not self._sees and any(_has_picture(message) for message in said["messages"]):
                raise Refused("this model takes no image_url")
            return said
        if path == "/v1/audio/transcriptions" and self._hears:
            return _upload(headers, body)
        raise Refused(f"unknown path {path}", status=404)


class Refused(Exception):
    """A request that OpenAI would answer with an error."""

    def __init__(self, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def transcript(text: str, *, seconds: float | None = None) -> Reply:
    """What audio/transcriptions answers."""
    usage = {} if seconds is None else {"usage": {"type": "duration", "seconds": seconds}}
    return raw(json.dumps({"text": text, **usage}))


KNOWN = {
    "model",
    "messages",
    "tools",
    "tool_choice",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "response_format",
}


def check(request: Mapping[str, Any]) -> None:
    """Raise Refused where chat completions would answer 400."""
    unknown = set(request) - KNOWN
    if unknown:
        raise Refused(f"Unrecognized request arguments: {', '.join(sorted(unknown))}")
    if not isinstance(request.get("model"), str):
        raise Refused("you must provide a model parameter")
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("messages: too short")
    names = {_tool_name(tool) for tool in request.get("tools", [])}
    if "tool_choice" in request and not names:
        raise Refused("tool_choice is only allowed when tools are specified")
    _check_order(messages)
    for message in messages:
        _check_message(message)


def _check_order(messages: Sequence[Mapping[str, Any]]) -> None:
    """Every tool call is answered at once, once, and nothing is answered that was not called."""
    open_calls: set[str] = set()
    for message in messages:
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in open_calls:
                raise Refused("messages with role 'tool' must answer a preceding message with 'tool_calls'")
            open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            raise Refused("an assistant message with 'tool_calls' must be followed by an answer to each tool_call_id")
        open_calls = {call["id"] for call in message.get("tool_calls") or []}
        if len(open_calls) != len(message.get("tool_calls") or []):
            raise Refused("duplicate tool_call ids")
    if open_calls:
        raise Refused("the last tool_calls were not answered")


def _check_message(message: Mapping[str, Any]) -> None:
    role, content = message.get("role"), message.get("content")
    allowed = {"role", "content", "name"} | {"assistant": {"tool_calls"}, "tool": {"tool_call_id"}}.get(
        str(role), set()
    )
    if role not in ("system", "developer", "user", "assistant", "tool") or set(message) - allowed:
        raise Refused(f"invalid message with role {role!r} and {sorted(message)}")
    if role == "assistant" and message.get("tool_calls"):
        _check_calls(message["tool_calls"])
    elif role == "user" and isinstance(content, list):
        _check_parts(content)
    elif not isinstance(content, str) or not content:
        raise Refused(f"Invalid value for 'content' of {role}: expected a string, got {type(content).__name__}")


def _check_calls(made: Sequence[Mapping[str, Any]]) -> None:
    for call in made:
        if call.get("type") != "function" or not isinstance(call["function"]["arguments"], str):
            raise Refused("tool_calls: arguments must be a string of JSON")
        json.loads(call["function"]["arguments"])


def _check_parts(parts: Sequence[Mapping[str, Any]]) -> None:
    for part in parts:
        if part.get("type") == "text" and isinstance(part.get("text"), str):
            continue
        if part.get("type") != "image_url" or not _is_picture(part["image_url"].get("url", "")):
            raise Refused("Invalid content part: expected text, or an image_url with a data URI that can be decoded")


def _is_picture(address: str) -> bool:
    found = re.fullmatch(r"data:image/(png|jpeg|gif|webp);base64,(.+)", address)
    try:
        return bool(found and base64.b64decode(found[2], validate=True))
    except binascii.Error:
        return False


def _has_picture(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    return isinstance(content, list) and any(part.get("type") == "image_url" for part in content)


def _tool_name(tool: Mapping[str, Any]) -> str:
    function = tool.get("function", {})
    if tool.get("type") != "function" or not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", function.get("name", "")):
        raise Refused("tools: each needs type 'function' and a name")
    _check_schema(function.get("parameters", {"type": "object", "properties": {}}), top=True)
    return str(function["name"])


def _check_schema(schema: object, *, top: bool = False) -> None:
    """The part of JSON Schema that OpenAI's function calling checks."""
    if not isinstance(schema, dict) or (top and schema.get("type") != "object"):
        raise Refused("Invalid schema for function: schema must be a JSON Schema of 'type: \"object\"'")
    if schema.get("type") not in ("object", "string", "number", "integer", "boolean", "array"):
        raise Refused(f"Invalid schema for function: {schema.get('type')!r} is not valid")
    properties = schema.get("properties", {})
    if set(schema.get("required", ())) - set(properties):
        raise Refused("Invalid schema for function: required names an unknown property")
    for each in properties.values():
        _check_schema(each)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError as error:
        raise Refused("We could not parse the JSON body of your request") from error
    if not isinstance(said, dict):
        raise Refused("the body must be an object")
    return said


def _upload(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    found: dict[str, Any] = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        name = part.get_param("name", header="content-disposition")
        found[str(name)] = part.get_payload(decode=True)
        if name == "file":
            found |= {"name": part.get_filename(), "content_type": part.get_content_type()}
    if not found.get("file") or not found.get("model"):
        raise Refused("a transcription needs file and model")
    if not re.search(r"\.(flac|m4a|mp3|mp4|mpeg|mpga|oga|ogg|wav|webm)$", str(found["name"])):
        raise Refused("Invalid file format")
    found["model"] = found["model"].decode()
    return found


def _completion(message: Mapping[str, Any], finish: str) -> Reply:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4.1-mini-2025-04-14",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
    }
    return Reply(200, json.dumps(body).encode())


def _as_text(arguments: Mapping[str, Any] | str) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


class _Http(ThreadingHTTPServer):
    request_queue_size = 128  # the default of five makes fifty customers wait for each other
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up is what many tests are about."""


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.answer(self.path, headers, body)
            if reply.hangs:
                server.pause(60)
                self.close_connection = True
                return
            self._head(reply)
            try:
                self._body(reply)
            except ConnectionError:
                server.left_alone.set()
            self.close_connection = self.close_connection or reply.drops

        def _body(self, reply: Reply) -> None:
            for part in _parts(reply):
                self.wfile.write(part)
                if reply.gap and server.pause(reply.gap):
                    return

        def _head(self, reply: Reply) -> None:
            self.send_response_only(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: tests read `requests`."""

    return Handler


def _parts(reply: Reply) -> Iterator[bytes]:
    body = reply.body[: len(reply.body) // 2] if reply.drops else reply.body
    if reply.gap:
        yield from (body[n : n + 1] for n in range(len(body)))
    else:
        yield body
