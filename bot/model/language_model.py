"""The one door to the language model: any server that speaks OpenAI's chat completions."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
import threading
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

from memory.storage.timestamps import Clock

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from bot.settings import Settings

PRICES_FILE = Path(__file__).resolve().parents[2] / "data" / "model_prices.toml"
LARGEST_ANSWER = 1_000_000  # bytes; a chat reply has a few thousand
MOST_CALLS = 8  # tool calls in one answer
LEAST_SECONDS = 0.15  # with less time than this left, nothing is sent
LONGEST_REST = 600.0  # seconds; a server that asks for more is tried again all the same
SPEECH_BYTES_PER_SECOND = 2000  # WhatsApp's voice notes are Opus at about 16 kbit/s

# OpenAI's newer models refuse `max_tokens`; most other servers know nothing else.
LIMIT_NAMES = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}

Message = dict[str, Any]
Tool = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls used so far: how many there were, their tokens, and millionths of a US dollar."""

    steps: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_micros: int = 0

    def plus(self, answer: Completion) -> Spent:
        """With one more call."""
        return Spent(
            self.steps + 1,
            self.tokens_in + answer.tokens_in,
            self.tokens_out + answer.tokens_out,
            self.cost_micros + answer.cost_micros,
        )


class Reason(StrEnum):
    """Why the model did not answer; kept with the turn."""

    TIMEOUT = "timeout"
    RATE_LIMITED = "rate limited"
    SERVER_ERROR = "server error"
    REFUSED = "refused"
    GARBAGE = "garbage"
    OVER_BUDGET = "over budget"
    BREAKER_OPEN = "breaker open"


class ModelUnavailable(Exception):
    """The model gave no answer that can be used; the text says what to do, and holds no word of the customer."""

    def __init__(
        self,
        reason: Reason,
        text: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ):
        super().__init__(f"{reason}: {text}")
        self.reason = reason
        self.status = status  # HTTP status, where there was one
        self.code = code  # the server's own word for it, such as unsupported_parameter
        self.retry_after = retry_after  # seconds, where the server or the breaker named them
        self.spent = Spent()  # on earlier calls of the same turn; the desk fills it in


class NotOffered(Exception):
    """This model server cannot hear or cannot see; tell the customer, do not try again."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call the model asks for."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer of the model: words, or calls to be made, or both."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    tokens_in: int
    tokens_out: int
    cost_micros: int  # millionths of a US dollar
    model: str

    def as_message(self) -> Message:
        """This answer as a message of the conversation, for the next call."""
        message: Message = {"role": "assistant", "content": self.text or None}
        if self.tool_calls:
            message["tool_calls"] = [_call_as_data(call) for call in self.tool_calls]
        return message


@dataclass(frozen=True, slots=True)
class Understood:
    """What a voice note says or a picture shows, and what it cost to learn, in millionths of a US dollar."""

    text: str
    cost_micros: int


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    tokens_in: Decimal
    tokens_out: Decimal


class Prices:
    """What calls cost. Tokens times dollars per million are millionths of a dollar: no rounding on the way."""

    def __init__(self, default: Price, models: Mapping[str, Price], speech: Mapping[str, Decimal]) -> None:
        self._default = default
        self._models = models
        self._speech = speech

    @classmethod
    def read(cls, path: Path = PRICES_FILE) -> Prices:
        """From the TOML file. Raises ValueError, naming the file and the entry."""
        try:
            said = PriceList().load(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
        except (ValidationError, tomllib.TOMLDecodeError) as error:
            raise ValueError(f"{path}: {error}") from error
        models = {name: Price(**entry) for name, entry in said["models"].items()}
        return cls(Price(**said["default"]), models, said["speech"])

    def tokens(self, model: str, tokens_in: int, tokens_out: int) -> int:
        """Millionths of a dollar for one call, rounded up."""
        names = [name for name in self._models if model == name or model.startswith(f"{name}-20")]
        price = self._models[max(names, key=len)] if names else self._default
        return _whole(tokens_in * price.tokens_in + tokens_out * price.tokens_out)

    def speech(self, model: str, seconds: float) -> int:
        """Millionths of a dollar for that much speech, rounded up."""
        per_minute = self._speech.get(model, self._speech["default"])
        return _whole(Decimal(str(seconds)) / 60 * per_minute * 1_000_000)


class Breaker:
    """Stops asking a server that fails: open after `failures` in a row, then one probe after each rest."""

    def __init__(self, clock: Clock, *, failures: int = 5, rest_seconds: float = 30.0) -> None:
        self._clock = clock
        self._most = failures
        self._rest = rest_seconds
        self._guard = threading.Lock()
        self._failed = 0
        self._open_until: datetime | None = None
        self._probing = False

    def enter(self) -> None:
        """Ask for permission before a call; follow with exactly one of the methods below.

        Raises ModelUnavailable while open, or while another thread's probe is on its way.
        """
        with self._guard:
            if self._open_until is None:
                return
            wait = (self._open_until - self._clock()).total_seconds()
            if wait > 0 or self._probing:
                raise ModelUnavailable(
                    Reason.BREAKER_OPEN, "the model failed before and is left alone", retry_after=max(wait, 0.0)
                )
            self._probing = True

    def worked(self) -> None:
        """The call was answered."""
        with self._guard:
            self._failed, self._open_until, self._probing = 0, None, False

    def failed(self, rest: float | None = None) -> None:
        """The server failed; `rest` is how many seconds it asked to be left alone, and opens at once."""
        with self._guard:
            self._failed += 1
            if rest is not None or self._probing or self._failed >= self._most:
                seconds = min(self._rest if rest is None else rest, LONGEST_REST)
                self._open_until = self._clock() + timedelta(seconds=seconds)
            self._probing = False

    def nothing_learned(self) -> None:
        """The call says nothing about the server: it refused these words, or there was no time."""
        with self._guard:
            self._probing = False


class LanguageModel:
    """Chat, speech and sight at one server. Thread-safe; one for the process, as the breaker is.

    Each call returns or raises by its deadline, whatever the server does: all calls run on one event loop in a
    thread of its own, where a call that takes too long is really ended. Timeouts of the HTTP client alone
    begin anew with every byte, and a server that trickles would hold its caller for ever.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        model: str,
        prices: Prices,
        clock: Clock,
        breaker: Breaker | None = None,
        most_tokens_out: int = 700,
        speech_model: str = "whisper-1",
    ) -> None:
        self.name = model
        self.prices = prices
        self.most_tokens_out = most_tokens_out
        self._speech_model = speech_model
        self._clock = clock
        self._breaker = breaker or Breaker(clock)
        self._line = _Line(api_key, base_url)
        self._cannot: set[str] = set()
        openai_itself = urlsplit(base_url).hostname == "api.openai.com"
        self._limit_name = "max_completion_tokens" if openai_itself else "max_tokens"

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> LanguageModel | None:
        """The model that the settings name; None where there is no key."""
        if not settings.openai_api_key:
            return None
        return cls(
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            model=settings.openai_model,
            prices=Prices.read(),
            clock=clock,
        )

    def warm(self) -> None:
        """Import the client in the background: half a second and 49 MB that no customer should wait for."""
        self._line.warm()

    def close(self) -> None:
        """End the connections and the thread; for programs that end before the process does, such as tests."""
        self._line.close()

    def complete(
        self, messages: Sequence[Message], tools: Sequence[Tool], deadline: datetime, *, may_call: bool = True
    ) -> Completion:
        """One call of chat completions. Raises ModelUnavailable.

        `messages` and `tools` as OpenAI writes them; with `may_call` off the model is told to use words only.
        """
        request: dict[str, Any] = {"messages": list(messages)}
        if tools:
            request |= {"tools": list(tools), "tool_choice": "auto" if may_call else "none"}
        return self._chat(request, estimate_tokens(json.dumps(request["messages"], ensure_ascii=False)), deadline)

    def transcribe(self, audio: bytes, content_type: str, deadline: datetime) -> Understood:
        """What is said in a recording. Raises NotOffered, ModelUnavailable."""
        kind = content_type.partition(";")[0].strip().lower()
        if kind not in SPEECH_FILES or "speech" in self._cannot:
            raise NotOffered("the model server does not transcribe this kind of recording")
        file = (f"voice.{SPEECH_FILES[kind]}", audio, kind)
        with self._offered("speech"):
            return self._call(
                deadline,
                lambda client: client.audio.transcriptions.with_streaming_response.create(
                    file=file, model=self._speech_model
                ),
                lambda body: self._transcript(body, len(audio)),
            )

    def describe(self, image: bytes, content_type: str, ask: str, deadline: datetime) -> Understood:
        """The answer to `ask` about a picture. Raises NotOffered, ModelUnavailable."""
        kind = content_type.partition(";")[0].strip().lower()
        if kind not in PICTURES or "sight" in self._cannot:
            raise NotOffered("the model server does not look at this kind of picture")
        address = f"data:{kind};base64,{base64.b64encode(image).decode('ascii')}"
        parts = [{"type": "text", "text": ask}, {"type": "image_url", "image_url": {"url": address, "detail": "low"}}]
        with self._offered("sight"):
            seen = self._chat({"messages": [{"role": "user", "content": parts}]}, PICTURE_TOKENS, deadline)
        return Understood(seen.text, seen.cost_micros)

    def worst_cost(self, messages: Sequence[Message], tools: Sequence[Tool]) -> int:
        """The most that `complete` could cost for these, in millionths of a US dollar, by estimate."""
        said = json.dumps([list(messages), list(tools)], ensure_ascii=False)
        return self.prices.tokens(self.name, estimate_tokens(said), self.most_tokens_out)

    def worst_cost_of_media(self, size: int) -> int:
        """The most that a voice note of `size` bytes, or a picture, could cost, by estimate."""
        speech = self.prices.speech(self._speech_model, 2 * size / SPEECH_BYTES_PER_SECOND)
        return max(speech, self.prices.tokens(self.name, PICTURE_TOKENS, self.most_tokens_out))

    def _chat(self, request: dict[str, Any], asked: int, deadline: datetime) -> Completion:
        """One call; a server that wants the limit of tokens by its other name is asked again, and that is kept."""
        limit = self._limit_name
        try:
            return self._chat_with(limit, request, asked, deadline)
        except ModelUnavailable as fault:
            if fault.code != "unsupported_parameter":
                raise
        self._limit_name = LIMIT_NAMES[limit]
        return self._chat_with(self._limit_name, request, asked, deadline)

    def _chat_with(self, limit: str, request: dict[str, Any], asked: int, deadline: datetime) -> Completion:
        whole = {"model": self.name, limit: self.most_tokens_out, **request}
        return self._call(
            deadline,
            lambda client: client.chat.completions.with_streaming_response.create(**whole),
            lambda body: self._completion(body, asked),
        )

    def _call(self, deadline: datetime, send: _Send, read: Callable[[bytes], T]) -> T:
        self._breaker.enter()
        try:
            answer = read(self._line.ask((deadline - self._clock()).total_seconds(), send))
        except ModelUnavailable as fault:
            self._note(fault)
            raise
        except BaseException:
            self._breaker.nothing_learned()
            raise
        self._breaker.worked()
        return answer

    def _note(self, fault: ModelUnavailable) -> None:
        about_these_words = fault.reason is Reason.REFUSED and fault.status not in (401, 403, 404)
        if about_these_words or isinstance(fault, _NoTime):
            self._breaker.nothing_learned()
        else:
            self._breaker.failed(fault.retry_after)

    @contextmanager
    def _offered(self, sense: str) -> Iterator[None]:
        """Turn "there is no such thing here" into NotOffered; remember it where it holds for every request."""
        try:
            yield
        except ModelUnavailable as fault:
            if fault.status in (404, 405, 501):
                self._cannot.add(sense)
            if fault.status in (400, 404, 405, 415, 422, 501):
                raise NotOffered(f"the model server offers no {sense}") from fault
            raise

    def _completion(self, body: bytes, asked: int) -> Completion:
        answer = _load(Answer(), body)
        choice = answer["choices"][0]
        calls = _tool_calls(choice["message"]["tool_calls"] or [])
        text = _words(choice["message"]["content"], choice["message"]["refusal"], choice["finish_reason"])
        if not text and not calls:
            raise ModelUnavailable(Reason.GARBAGE, "the model answered with nothing")
        usage = answer["usage"] or {}
        tokens_in = usage.get("prompt_tokens") or asked
        tokens_out = usage.get("completion_tokens") or estimate_tokens(body.decode("utf-8", "replace"))
        cost = self.prices.tokens(self.name, tokens_in, tokens_out)
        return Completion(text, calls, tokens_in, tokens_out, cost, answer["model"] or self.name)

    def _transcript(self, body: bytes, size: int) -> Understood:
        said = _load(Transcript(), body)
        seconds = (said["usage"] or {}).get("seconds") or size / SPEECH_BYTES_PER_SECOND
        return Understood(said["text"].strip(), self.prices.speech(self._speech_model, seconds))


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has, rather too many than too few: a third of its UTF-8 bytes.

    English has some four bytes to a token; Devanagari has three bytes to a letter and up to a token each.
    """
    return len(text.encode("utf-8", "replace")) // 3 + 1


def read_arguments(said: object) -> dict[str, Any]:
    """The arguments of a tool call, however a server wraps JSON: as an object, as text, as text in text, fenced,
    with a comma too many, or nothing at all. Read as data only. Raises ModelUnavailable (garbage).
    """
    found = said
    for _ in range(2):
        if isinstance(found, str):
            found = _json(_unfenced(found) or "{}")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ModelUnavailable(Reason.GARBAGE, "the model called a tool with arguments that are not JSON")
    return found


SPEECH_FILES = {  # what the transcription endpoint takes; it goes by the name's ending
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/mp4": "m4a",
    "audio/aac": "m4a",
    "audio/x-m4a": "m4a",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/webm": "webm",
    "audio/flac": "flac",
}
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
PICTURE_TOKENS = 3000  # a picture at low detail, at the dearest of the usual models


class PriceEntry(Schema):
    """Dollars per million tokens."""

    tokens_in = fields.Decimal(required=True, validate=Range(min=0), data_key="in")
    tokens_out = fields.Decimal(required=True, validate=Range(min=0), data_key="out")


class PriceList(Schema):
    """`data/model_prices.toml`."""

    default = fields.Nested(PriceEntry, required=True)
    models = fields.Dict(keys=fields.String(), values=fields.Nested(PriceEntry), load_default=dict)
    speech = fields.Dict(
        keys=fields.String(),
        values=fields.Decimal(validate=Range(min=0)),
        required=True,
        validate=lambda prices: "default" in prices,
    )


class CalledFunction(Schema):
    """A tool's name and arguments, as servers write them."""

    class Meta:
        unknown = EXCLUDE

    name = fields.String(required=True, validate=Length(1, 100))
    arguments = fields.Raw(load_default=None, allow_none=True)


class Called(Schema):
    """One entry of `tool_calls`."""

    class Meta:
        unknown = EXCLUDE

    id = fields.String(load_default=None, allow_none=True)
    function = fields.Nested(CalledFunction, required=True)


class Spoken(Schema):
    """The message of a choice."""

    class Meta:
        unknown = EXCLUDE

    content = fields.Raw(load_default=None, allow_none=True)
    refusal = fields.String(load_default=None, allow_none=True)
    tool_calls = fields.List(fields.Nested(Called), load_default=None, allow_none=True, validate=Length(max=MOST_CALLS))


class Choice(Schema):
    """One of the answers; we ask for one."""

    class Meta:
        unknown = EXCLUDE

    message = fields.Nested(Spoken, required=True)
    finish_reason = fields.String(
        required=True, validate=OneOf(["stop", "tool_calls", "function_call", "length", "content_filter"])
    )


class Usage(Schema):
    """Tokens, where the server counts them."""

    class Meta:
        unknown = EXCLUDE

    prompt_tokens = fields.Integer(load_default=None, allow_none=True, validate=Range(min=0))
    completion_tokens = fields.Integer(load_default=None, allow_none=True, validate=Range(min=0))


class Answer(Schema):
    """What chat completions must look like to be used. Source: OpenAI's API reference, "The chat completion object"."""

    class Meta:
        unknown = EXCLUDE

    model = fields.String(load_default=None, allow_none=True)
    choices = fields.List(fields.Nested(Choice), required=True, validate=Length(min=1))
    usage = fields.Nested(Usage, load_default=None, allow_none=True)


class Transcript(Schema):
    """What a transcription must look like to be used."""

    class Meta:
        unknown = EXCLUDE

    text = fields.String(required=True)
    usage = fields.Dict(load_default=None, allow_none=True)


class _NoTime(ModelUnavailable):
    """The deadline was as good as over before anything was sent: nothing learned about the server."""


class _Response(Protocol):
    def iter_bytes(self) -> AsyncIterator[bytes]: ...


_Send = Callable[["AsyncOpenAI"], Any]


class _Line:
    """The client and the event loop it lives on; both begin with the first call, or with `warm`."""

    def __init__(self, api_key: str, base_url: str) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: AsyncOpenAI | None = None

    def warm(self) -> None:
        asyncio.run_coroutine_threadsafe(self._connected(), self._running())

    def ask(self, seconds: float, send: _Send) -> bytes:
        """The body of the answer within `seconds`. Raises ModelUnavailable."""
        if seconds < LEAST_SECONDS:
            raise _NoTime(Reason.TIMEOUT, "no time was left to ask the model")
        found = _within(seconds, asyncio.run_coroutine_threadsafe(self._answer(send), self._running()))
        if isinstance(found, ModelUnavailable):
            # Raised here, so that no text of the server and no request with its key hangs behind it.
            raise found
        return found

    def close(self) -> None:
        with self._guard:
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._disconnect(), loop).result(timeout=5)
            loop.call_soon_threadsafe(loop.stop)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._guard:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="model", daemon=True).start()
            return self._loop

    async def _answer(self, send: _Send) -> bytes | ModelUnavailable:
        client = await self._connected()
        import httpx2
        import openai

        try:
            async with send(client) as response:
                return await _whole_body(response)
        except openai.APITimeoutError:
            return _late()
        except openai.APIStatusError as error:
            return _by_status(error.status_code, error.response.headers, error.code)
        except (openai.APIError, httpx2.HTTPError):
            return ModelUnavailable(
                Reason.SERVER_ERROR, "the model server cannot be reached; check OPENAI_BASE_URL and the network"
            )

    async def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            import openai

            # At DEBUG these write a dozen lines a call, headers among them; what matters of a call is in the turn.
            for name in ("openai", "httpx2", "httpcore2"):
                logging.getLogger(name).setLevel(logging.WARNING)
            self._client = openai.AsyncOpenAI(
                api_key=self._api_key,
                base_url=self._base_url,
                max_retries=0,
                timeout=120.0,  # above any deadline, which ends the call first
                http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False),
            )
        return self._client

    async def _disconnect(self) -> None:
        if self._client is not None:
            await self._client.close()


def _within(seconds: float, future: Future[bytes | ModelUnavailable]) -> bytes | ModelUnavailable:
    try:
        return future.result(timeout=seconds)
    except FutureTimeout:
        future.cancel()  # ends the call on the loop, and its connection
        return _late()


async def _whole_body(response: _Response) -> bytes:
    body = bytearray()
    async for part in response.iter_bytes():
        body += part
        if len(body) > LARGEST_ANSWER:
            raise ModelUnavailable(Reason.GARBAGE, "the model server's answer has no end")
    return bytes(body)


def _late() -> ModelUnavailable:
    return ModelUnavailable(Reason.TIMEOUT, "the model did not answer in time")


def _by_status(status: int, headers: Mapping[str, str], code: str | None) -> ModelUnavailable:
    code = code if code and re.fullmatch(r"[a-z_]{1,40}", code) else None
    known = f" ({code})" if code else ""
    if status == 429:
        text = f"the model server asks for fewer requests{known}; check the account's limits"
        return ModelUnavailable(Reason.RATE_LIMITED, text, status=status, retry_after=_retry_after(headers))
    if status >= 500 or status in (408, 409):
        text = f"the model server failed with {status}"
        return ModelUnavailable(Reason.SERVER_ERROR, text, status=status, retry_after=_retry_after(headers))
    advice = {
        401: "; check OPENAI_API_KEY",
        403: "; check what OPENAI_API_KEY may do",
        404: "; check OPENAI_MODEL and OPENAI_BASE_URL",
    }.get(status, "; check OPENAI_BASE_URL" if status < 400 else "")
    text = f"the model server refused with {status}{known}{advice}"
    return ModelUnavailable(Reason.REFUSED, text, status=status, code=code)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from either form that RFC 9110 allows; None where there is none that can be read."""
    said = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", said):
        return float(said)
    try:
        wait = parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return max(wait.total_seconds(), 0.0)


def _load(schema: Schema, body: bytes) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(_json(body.decode("utf-8")))
    except (UnicodeDecodeError, ValidationError):
        raise ModelUnavailable(Reason.GARBAGE, "the model server's answer has not the agreed form") from None
    return loaded


def _json(text: str) -> Any:
    """JSON, if need be with a comma too many. Raises ModelUnavailable (garbage)."""
    for attempt in (text, re.sub(r",\s*([}\]])", r"\1", text)):
        try:
            return json.loads(attempt, parse_float=Decimal, parse_constant=_no_such_number)
        except (ValueError, RecursionError):
            continue
    raise ModelUnavailable(Reason.GARBAGE, "the model wrote something that is not JSON")


def _no_such_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unfenced(text: str) -> str:
    return re.sub(r"^\s*```(?:json)?\s*|\s*```\s*$", "", text).strip()


def _tool_calls(said: Sequence[Mapping[str, Any]]) -> tuple[ToolCall, ...]:
    """Calls with ids of their own: some servers leave ids out, or give all calls the same."""
    given = [call["id"] for call in said]
    ids = given if all(given) and len(set(given)) == len(given) else [f"call_{n}" for n in range(len(said))]
    return tuple(
        ToolCall(id, call["function"]["name"], read_arguments(call["function"]["arguments"]))
        for id, call in zip(ids, said, strict=True)
    )


def _words(content: object, refusal: str | None, finish: str) -> str:
    """The text of an answer, without a reasoning model's thoughts. Raises ModelUnavailable."""
    if refusal or finish == "content_filter":
        raise ModelUnavailable(Reason.REFUSED, "the model declined to answer this")
    if finish == "length":
        raise ModelUnavailable(Reason.GARBAGE, "the model's answer was cut off; its limit of tokens is too low")
    text = _joined(content)
    text = re.sub(r"<think>.*?(</think>|\Z)", "", text, flags=re.DOTALL)
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "", text).strip()
    if re.match(r"<(!doctype|html|\?xml)", text, flags=re.IGNORECASE) or (text and not re.search(r"\w", text)):
        raise ModelUnavailable(Reason.GARBAGE, "the model's answer is not text for a person")
    return text


def _joined(content: object) -> str:
    """Text as it comes: nothing, a string, or a list of parts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "".join(str(part.get("text") or "") for part in content)
    raise ModelUnavailable(Reason.GARBAGE, "the model's answer has neither text nor calls")


def _call_as_data(call: ToolCall) -> dict[str, Any]:
    arguments = json.dumps(call.arguments, ensure_ascii=False, default=str)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _whole(micros: Decimal) -> int:
    return int(micros.to_integral_value(rounding=ROUND_CEILING))
