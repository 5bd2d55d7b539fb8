"""The language model: any server with OpenAI's chat completions API."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from bot.model.answers import (
    ChatAnswer,
    Completion,
    MediaText,
    ModelMessage,
    Transcript,
    load,
    reply_text,
    tool_calls,
)
from bot.model.circuit_breaker import CircuitBreaker
from bot.model.connection import ModelConnection, Send
from bot.model.model_errors import ModelUnavailable, NoTime, NotOffered, Reason
from bot.model.token_prices import Prices
from memory.storage.timestamps import Clock

if TYPE_CHECKING:
    from bot.settings import Settings

SPEECH_BYTES_PER_SECOND = 2000  # WhatsApp's voice notes are Opus at about 16 kbit/s
# OpenAI's newer models refuse `max_tokens`; most other servers know nothing else.
LIMIT_NAMES = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
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

Tool = dict[str, Any]  # as OpenAI writes it
T = TypeVar("T")


class LanguageModel:
    """Thread-safe; one per process, for the circuit breaker.

    Each call returns or raises by its deadline, whatever the server does.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        model: str,
        prices: Prices,
        clock: Clock,
        breaker: CircuitBreaker | None = None,
        most_tokens_out: int = 700,
        speech_model: str = "whisper-1",
    ) -> None:
        self.name = model
        self.prices = prices
        self.most_tokens_out = most_tokens_out
        self._speech_model = speech_model
        self._clock = clock
        self._breaker = breaker or CircuitBreaker(clock)
        self._connection = ModelConnection(api_key, base_url)
        self._cannot: set[str] = set()
        openai_itself = urlsplit(base_url).hostname == "api.openai.com"
        self._limit_name = "max_completion_tokens" if openai_itself else "max_tokens"

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> LanguageModel | None:
        """None without an API key."""
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
        """In the background: the client takes 0.5 s and 49 MB."""
        self._connection.warm()

    def close(self) -> None:
        """For tests."""
        self._connection.close()

    def complete(
        self, messages: Sequence[ModelMessage], tools: Sequence[Tool], deadline: datetime, *, may_call: bool = True
    ) -> Completion:
        """In OpenAI's formats; without `may_call` the model must answer in words. Raises ModelUnavailable."""
        request: dict[str, Any] = {"messages": list(messages)}
        if tools:
            request |= {"tools": list(tools), "tool_choice": "auto" if may_call else "none"}
        return self._chat(request, estimate_tokens(json.dumps(request["messages"], ensure_ascii=False)), deadline)

    def transcribe(self, audio: bytes, content_type: str, deadline: datetime) -> MediaText:
        """Raises NotOffered, ModelUnavailable."""
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

    def describe(self, image: bytes, content_type: str, ask: str, deadline: datetime) -> MediaText:
        """The answer to `ask` about a picture. Raises NotOffered, ModelUnavailable."""
        kind = content_type.partition(";")[0].strip().lower()
        if kind not in PICTURES or "sight" in self._cannot:
            raise NotOffered("the model server does not look at this kind of picture")
        address = f"data:{kind};base64,{base64.b64encode(image).decode('ascii')}"
        parts = [{"type": "text", "text": ask}, {"type": "image_url", "image_url": {"url": address, "detail": "low"}}]
        with self._offered("sight"):
            seen = self._chat({"messages": [{"role": "user", "content": parts}]}, PICTURE_TOKENS, deadline)
        return MediaText(seen.text, seen.cost_micros)

    def worst_cost(self, messages: Sequence[ModelMessage], tools: Sequence[Tool]) -> int:
        """Upper estimate for `complete`, in millionths of a US dollar."""
        said = json.dumps([list(messages), list(tools)], ensure_ascii=False)
        return self.prices.tokens(self.name, estimate_tokens(said), self.most_tokens_out)

    def worst_cost_of_media(self, size: int) -> int:
        """Upper estimate for a voice note of `size` bytes, or a picture."""
        speech = self.prices.speech(self._speech_model, 2 * size / SPEECH_BYTES_PER_SECOND)
        return max(speech, self.prices.tokens(self.name, PICTURE_TOKENS, self.most_tokens_out))

    def _chat(self, request: dict[str, Any], asked: int, deadline: datetime) -> Completion:
        # A server that wants the token limit under its other name is asked again; the name is kept.
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

    def _call(self, deadline: datetime, send: Send, read: Callable[[bytes], T]) -> T:
        self._breaker.enter()
        try:
            answer = read(self._connection.ask((deadline - self._clock()).total_seconds(), send))
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
        if about_these_words or isinstance(fault, NoTime):
            self._breaker.nothing_learned()
        else:
            self._breaker.failed(fault.retry_after)

    @contextmanager
    def _offered(self, sense: str) -> Iterator[None]:
        """Raises NotOffered where the server lacks `sense`; remembers it if that holds for every request."""
        try:
            yield
        except ModelUnavailable as fault:
            if fault.status in (404, 405, 501):
                self._cannot.add(sense)
            if fault.status in (400, 404, 405, 415, 422, 501):
                raise NotOffered(f"the model server offers no {sense}") from fault
            raise

    def _completion(self, body: bytes, asked: int) -> Completion:
        answer = load(ChatAnswer(), body)
        choice = answer["choices"][0]
        calls = tool_calls(choice["message"]["tool_calls"] or [])
        text = reply_text(choice["message"]["content"], choice["message"]["refusal"], choice["finish_reason"])
        if not text and not calls:
            raise ModelUnavailable(Reason.GARBAGE, "the model answered with nothing")
        usage = answer["usage"] or {}
        tokens_in = usage.get("prompt_tokens") or asked
        tokens_out = usage.get("completion_tokens") or estimate_tokens(body.decode("utf-8", "replace"))
        cost = self.prices.tokens(self.name, tokens_in, tokens_out)
        return Completion(text, calls, tokens_in, tokens_out, cost, answer["model"] or self.name)

    def _transcript(self, body: bytes, size: int) -> MediaText:
        said = load(Transcript(), body)
        seconds = (said["usage"] or {}).get("seconds") or size / SPEECH_BYTES_PER_SECOND
        return MediaText(said["text"].strip(), self.prices.speech(self._speech_model, seconds))


def estimate_tokens(text: str) -> int:
    # An upper estimate. English has about four bytes a token; Devanagari three a letter, and up to a token each.
    return len(text.encode("utf-8", "replace")) // 3 + 1
