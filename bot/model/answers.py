"""Parses a model server's answers: schema, text, tool calls."""

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
    id: str
    name: str
    arguments: dict[str, Any]

    def as_data(self) -> dict[str, Any]:
        arguments = json.dumps(self.arguments, ensure_ascii=False, default=str)
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": arguments}}


@dataclass(frozen=True, slots=True)
class Completion:
    text: str
    tool_calls: tuple[ToolCall, ...]
    tokens_in: int
    tokens_out: int
    cost_micros: int  # millionths of a US dollar
    model: str

    def as_message(self) -> ModelMessage:
        """For the next call."""
        message: ModelMessage = {"role": "assistant", "content": self.text or None}
        if self.tool_calls:
            message["tool_calls"] = [call.as_data() for call in self.tool_calls]
        return message


@dataclass(frozen=True, slots=True)
class MediaText:
    text: str  # a transcript, or a description of a picture
    cost_micros: int  # millionths of a US dollar


class CalledFunction(Schema):
    class Meta:
        unknown = EXCLUDE

    name = fields.String(required=True, validate=Length(1, 100))
    arguments = fields.Raw(load_default=None, allow_none=True)


class ToolCallEntry(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.String(load_default=None, allow_none=True)
    function = fields.Nested(CalledFunction, required=True)


class ChoiceMessage(Schema):
    class Meta:
        unknown = EXCLUDE

    content = fields.Raw(load_default=None, allow_none=True)
    refusal = fields.String(load_default=None, allow_none=True)
    tool_calls = fields.List(
        fields.Nested(ToolCallEntry), load_default=None, allow_none=True, validate=Length(max=MOST_CALLS)
    )


class Choice(Schema):
    class Meta:
        unknown = EXCLUDE

    message = fields.Nested(ChoiceMessage, required=True)
    finish_reason = fields.String(
        required=True, validate=OneOf(["stop", "tool_calls", "function_call", "length", "content_filter"])
    )


class TokenUsage(Schema):
    class Meta:
        unknown = EXCLUDE

    # Null where the server does not count.
    prompt_tokens = fields.Integer(load_default=None, allow_none=True, validate=Range(min=0))
    completion_tokens = fields.Integer(load_default=None, allow_none=True, validate=Range(min=0))


class ChatAnswer(Schema):
    """OpenAI's "chat completion object"."""

    class Meta:
        unknown = EXCLUDE

    model = fields.String(load_default=None, allow_none=True)
    choices = fields.List(fields.Nested(Choice), required=True, validate=Length(min=1))
    usage = fields.Nested(TokenUsage, load_default=None, allow_none=True)


class Transcript(Schema):
    class Meta:
        unknown = EXCLUDE

    text = fields.String(required=True)
    usage = fields.Dict(load_default=None, allow_none=True)


def read_arguments(written: object) -> dict[str, Any]:
    """An object, or JSON text: twice encoded, fenced, with trailing commas, empty. Raises ModelUnavailable (garbage)."""
    found = written
    for _ in range(2):
        if isinstance(found, str):
            found = _json(re.sub(r"^\s*```(?:json)?\s*|\s*```\s*$", "", found).strip() or "{}")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ModelUnavailable(Reason.GARBAGE, "the model called a tool with arguments that are not JSON")
    return found


def load(schema: Schema, body: bytes) -> dict[str, Any]:
    """Raises ModelUnavailable (garbage)."""
    try:
        loaded: dict[str, Any] = schema.load(_json(body.decode("utf-8")))
    except (UnicodeDecodeError, ValidationError):
        raise ModelUnavailable(Reason.GARBAGE, "the model server's answer has not the agreed form") from None
    return loaded


def _json(text: str) -> Any:
    # Some models leave trailing commas.
    for attempt in (text, re.sub(r",\s*([}\]])", r"\1", text)):
        try:
            return json.loads(attempt, parse_float=Decimal, parse_constant=_refuse_number)
        except (ValueError, RecursionError):
            continue
    raise ModelUnavailable(Reason.GARBAGE, "the model wrote something that is not JSON")


def _refuse_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def tool_calls(written: Sequence[Mapping[str, Any]]) -> tuple[ToolCall, ...]:
    """Raises ModelUnavailable (garbage)."""
    # Some servers omit ids, or repeat one.
    given = [call["id"] for call in written]
    ids = given if all(given) and len(set(given)) == len(given) else [f"call_{n}" for n in range(len(written))]
    return tuple(
        ToolCall(id, call["function"]["name"], read_arguments(call["function"]["arguments"]))
        for id, call in zip(ids, written, strict=True)
    )


def reply_text(content: object, refusal: str | None, finish: str) -> str:
    """Without a reasoning model's thoughts. Raises ModelUnavailable."""
    if refusal or finish == "content_filter":
        raise ModelUnavailable(Reason.REFUSED, "the model declined to answer this")
    if finish == "length":
        raise ModelUnavailable(Reason.GARBAGE, "the model's answer was cut off; its limit of tokens is too low")
    text = _join_parts(content)
    text = re.sub(r"<think>.*?(</think>|\Z)", "", text, flags=re.DOTALL)
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "", text).strip()
    if re.match(r"<(!doctype|html|\?xml)", text, flags=re.IGNORECASE) or (text and not re.search(r"\w", text)):
        raise ModelUnavailable(Reason.GARBAGE, "the model's answer is not text for a person")
    return text


def _join_parts(content: object) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "".join(str(part.get("text") or "") for part in content)
    raise ModelUnavailable(Reason.GARBAGE, "the model's answer has neither text nor calls")
