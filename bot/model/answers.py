"""Reads what a model server answers: the agreed form, the words, the tool calls."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

from bot.model.model_errors import ModelUnavailable, Reason

MOST_CALLS = 8  # tool calls in one answer

ModelMessage = dict[str, Any]  # as OpenAI writes it


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call the model asks for."""

    id: str
    name: str
    arguments: dict[str, Any]

    def as_data(self) -> dict[str, Any]:
        """As an assistant's message repeats it."""
        arguments = json.dumps(self.arguments, ensure_ascii=False, default=str)
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": arguments}}


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer of the model: words, tool calls, or both."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    tokens_in: int
    tokens_out: int
    cost_micros: int  # millionths of a US dollar
    model: str

    def as_message(self) -> ModelMessage:
        """This answer as a message of the conversation, for the next call."""
        message: ModelMessage = {"role": "assistant", "content": self.text or None}
        if self.tool_calls:
            message["tool_calls"] = [call.as_data() for call in self.tool_calls]
        return message


@dataclass(frozen=True, slots=True)
class Understood:
    """A transcript or a description of a picture, and its cost in millionths of a US dollar."""

    text: str
    cost_micros: int


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


class TokenUsage(Schema):
    """Tokens, where the server counts them."""

    class Meta:
        unknown = EXCLUDE

    prompt_tokens = fields.Integer(load_default=None, allow_none=True, validate=Range(min=0))
    completion_tokens = fields.Integer(load_default=None, allow_none=True, validate=Range(min=0))


class ChatAnswer(Schema):
    """The part of OpenAI's "chat completion object" that is used."""

    class Meta:
        unknown = EXCLUDE

    model = fields.String(load_default=None, allow_none=True)
    choices = fields.List(fields.Nested(Choice), required=True, validate=Length(min=1))
    usage = fields.Nested(TokenUsage, load_default=None, allow_none=True)


class Transcript(Schema):
    """What a transcription must look like to be used."""

    class Meta:
        unknown = EXCLUDE

    text = fields.String(required=True)
    usage = fields.Dict(load_default=None, allow_none=True)


def read_arguments(said: object) -> dict[str, Any]:
    """The arguments of a tool call: an object, JSON as text, as text in text, fenced, with a comma too many, or nothing.

    Raises ModelUnavailable (garbage).
    """
    found = said
    for _ in range(2):
        if isinstance(found, str):
            found = _json(re.sub(r"^\s*```(?:json)?\s*|\s*```\s*$", "", found).strip() or "{}")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ModelUnavailable(Reason.GARBAGE, "the model called a tool with arguments that are not JSON")
    return found


def load(schema: Schema, body: bytes) -> dict[str, Any]:
    """The body of a server's answer. Raises ModelUnavailable (garbage)."""
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


def tool_calls(said: Sequence[Mapping[str, Any]]) -> tuple[ToolCall, ...]:
    """The calls of an answer. Raises ModelUnavailable (garbage)."""
    # Some servers leave ids out, or give all calls the same.
    given = [call["id"] for call in said]
    ids = given if all(given) and len(set(given)) == len(given) else [f"call_{n}" for n in range(len(said))]
    return tuple(
        ToolCall(id, call["function"]["name"], read_arguments(call["function"]["arguments"]))
        for id, call in zip(ids, said, strict=True)
    )


def words(content: object, refusal: str | None, finish: str) -> str:
    """The text of an answer without a reasoning model's thoughts. Raises ModelUnavailable."""
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
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "".join(str(part.get("text") or "") for part in content)
    raise ModelUnavailable(Reason.GARBAGE, "the model's answer has neither text nor calls")
