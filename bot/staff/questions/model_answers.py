"""Answers questions about the ads with a model over read-only tools."""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length

from bot.brands import Brand
from bot.language.amounts import find_amounts
from bot.language.languages import FIRST, LANGUAGES, about
from bot.language.normalisation import composed, plain_in_place
from bot.language.number_words import parse_number
from bot.language.patterns import whole_words
from bot.language.words import alternatives
from bot.model.answers import Completion, ToolCall
from bot.model.language_model import LanguageModel
from bot.model.model_errors import ModelUnavailable, Reason
from bot.model.token_prices import Spent
from bot.sales.answering.model_tools import json_schema
from bot.sales.answering.model_writer import MICROS, SHORTEST_CALL, Allowance, paid
from bot.staff.questions.built_in_answers import BuiltInAnswers, Reply
from memory.storage.errors import DatabaseUnavailable, MemoryFault
from memory.storage.quotas import Limits
from memory.storage.timestamps import Clock

log = logging.getLogger(__name__)

PROMPT: Final = Path(__file__).parent / "prompts" / "ads.md"
ALLOWANCE: Final = Allowance(steps=5, tokens=20_000, cost_micros=50_000, turns_per_contact=120)
SMALL: Final = 12  # numbers up to it are written as words without being figures: “one of the two”
_NUMBER: Final = re.compile(r"\d(?:[\d.,\u00a0\u202f'’]*\d)?")
_MARKER: Final = re.compile(r"^\s*(?:\d{1,2}[.)]|[•*-])\s", re.MULTILINE)
_CLAIMS: Final = whole_words(alternatives("staff_questions", "claims_of_doing"))
_SHOWN_ONLY: Final = whole_words(alternatives("staff_questions", "shown_only"))
_COMMAND_WORD: Final = re.compile(rf"(?:{alternatives('staff_questions', 'command_words')})(?: |$)", re.IGNORECASE)
_COMMAND: Final = re.compile(
    r"\*[^*\n]{2,60}\*|`[^`\n]{2,60}`"
)  # "*budget summer 2500*": a proposal, no figure of the account

Message = dict[str, Any]


class NoArguments(Schema):
    pass


class NameArgument(Schema):
    name = fields.String(required=True, validate=Length(1, 80))


class WordArgument(Schema):
    word = fields.String(load_default=None, validate=Length(1, 40))


@dataclass(frozen=True, slots=True)
class StaffAnswer:
    reply: Reply | None
    model: str | None = None  # None: the built-in reader's
    spent: Spent = field(default_factory=Spent)
    why: str | None = None  # why not the model's, where there is one


@dataclass(frozen=True, slots=True)
class AdTool:
    purpose: str
    schema: Schema
    look: Callable[[BuiltInAnswers, str, str, Mapping[str, Any]], str]  # answering, brand, language, arguments


AD_TOOLS: Final[Mapping[str, AdTool]] = {
    "overview": AdTool(
        "Figures of all campaigns for 1, 7 and 30 days, trend, best and worst, what was changed, what waits",
        NoArguments(),
        lambda a, brand, language, said: a.agency.answers.overview(brand, language=language),
    ),
    "about_campaign": AdTool(
        "Figures, trend and ads of one campaign or account",
        NameArgument(),
        lambda a, brand, language, said: a.agency.answers.about_campaign(brand, said["name"], language=language),
    ),
    "why": AdTool(
        "The newest changes and their reasons; with a word, of that campaign",
        WordArgument(),
        lambda a, brand, language, said: a.agency.answers.why(brand, said["word"], language=language),
    ),
    "learnings": AdTool(
        "What was learned, worked and failed; with a word such as video, about that, with numbers",
        WordArgument(),
        lambda a, brand, language, said: a.agency.answers.learnings(brand, said["word"], language=language),
    ),
    "landing_pages": AdTool(
        "Conversion by landing page; with a word, of ads with that angle",
        WordArgument(),
        lambda a, brand, language, said: a.pages(brand, said["word"] or "", language),
    ),
    "angles": AdTool(
        "Conversion by angle, and how many customers of each bought again",
        NoArguments(),
        lambda a, brand, language, said: f"{a.by_angle(brand, language)}\n{a.again(brand, language)}",
    ),
    "formats": AdTool(
        "Conversion by format: image, video, carousel",
        NoArguments(),
        lambda a, brand, language, said: a.by_format(brand, language),
    ),
    "tasks": AdTool(
        "What the agent asks of people", NoArguments(), lambda a, brand, language, said: a.open_tasks(brand, language)
    ),
}


@dataclass(frozen=True, slots=True)
class ModelAnswers:
    """Falls back to the built-in answer, also if the model states a number that no tool showed."""

    answering: BuiltInAnswers
    model: LanguageModel | None
    limits: Limits
    brands: Mapping[str, Brand]
    clock: Clock
    allowance: Allowance = ALLOWANCE

    def answer(self, brand: str, text: str, contact_id: int, deadline: datetime | None) -> StaffAnswer:
        """`reply` is None if neither could read the text."""
        asked = self.answering.read(brand, text)
        if self.model is None or deadline is None or asked.asked in ("act", "chart"):
            return StaffAnswer(self.answering.answer(brand, text))
        try:
            return self._thought(self.model, brand, text, asked.language, contact_id, deadline)
        except ModelUnavailable as fault:
            log.info("staff question answered without the model: %s", fault)
            return StaffAnswer(self.answering.answer(brand, text), spent=fault.spent, why=fault.reason.value)

    def _thought(
        self, model: LanguageModel, brand: str, text: str, language: str, contact_id: int, deadline: datetime
    ) -> StaffAnswer:
        allowance = self.allowance
        if not self.limits.allow(f"model:{contact_id}", allowance.turns_per_contact, allowance.per_seconds):
            raise ModelUnavailable(Reason.RATE_LIMITED, "this person's limit of model turns is reached")
        conversation: list[Message] = [
            {"role": "system", "content": self._briefing(brand, language)},
            {"role": "user", "content": text[:2000]},
        ]
        spent, seen = Spent(), [text]
        while True:
            last = spent.steps == allowance.steps - 1
            completion, spent = self._step(model, brand, conversation, spent, deadline, last=last)
            conversation.append(completion.as_message())
            if not completion.tool_calls or last:
                return self._checked(completion, spent, seen)
            for call in completion.tool_calls:
                shown = look(call, self.answering, brand, language)
                seen.append(shown)
                conversation.append({"role": "tool", "tool_call_id": call.id, "content": shown})

    def _step(
        self, model: LanguageModel, brand: str, conversation: list[Message], spent: Spent, deadline: datetime, *,
        last: bool,
    ) -> tuple[Completion, Spent]:  # fmt: skip
        worst = model.worst_cost(conversation, _described())
        try:
            self._check(spent, worst, deadline)
            completion = paid(
                self.limits,
                brand,
                worst,
                int(self.brands[brand].daily_model_budget_usd * MICROS),
                lambda: model.complete(conversation, _described(), deadline, may_call=not last),
            )
        except ModelUnavailable as fault:
            fault.spent = spent
            raise
        return completion, spent.plus(completion)

    def _check(self, spent: Spent, worst: int, deadline: datetime) -> None:
        if (deadline - self.clock()).total_seconds() < SHORTEST_CALL:
            raise ModelUnavailable(Reason.TIMEOUT, "too little time is left for another call")
        if spent.tokens_in + spent.tokens_out > self.allowance.tokens:
            raise ModelUnavailable(Reason.OVER_BUDGET, f"the turn's limit of {self.allowance.tokens} tokens is reached")
        if spent.cost_micros + worst > self.allowance.cost_micros:
            raise ModelUnavailable(Reason.OVER_BUDGET, "the call could exceed the turn's cost limit")

    def _checked(self, completion: Completion, spent: Spent, seen: Sequence[str]) -> StaffAnswer:
        """Raises ModelUnavailable unless tools showed all numbers."""
        text = completion.text.strip()
        stated = _without_commands(text)
        true = not unseen(stated, seen) and not unshown(stated, seen) and not _CLAIMS.search(text)
        if text and not completion.tool_calls and true:
            return StaffAnswer(Reply(text), completion.model, spent)
        fault = ModelUnavailable(Reason.GARBAGE, "the answer has numbers that no tool showed, or claims an action")
        fault.spent = spent
        raise fault

    def _briefing(self, brand: str, language: str) -> str:
        return Template(PROMPT.read_text("utf-8")).substitute(
            brand=self.brands[brand].name,
            language=about(language if language in LANGUAGES else FIRST).english_name,
            today=self.answering.agency.clock().date().isoformat(),
        )


def look(call: ToolCall, answering: BuiltInAnswers, brand: str, language: str) -> str:
    """A wrong call returns an error for the model."""
    tool = AD_TOOLS.get(call.name)
    if tool is None:
        return json.dumps({"error": f"there is no tool {call.name[:60]!r}; there are {', '.join(AD_TOOLS)}"})
    try:
        return tool.look(answering, brand, language, tool.schema.load(call.arguments))
    except ValidationError as wrong:
        return json.dumps({"error": str(wrong.messages_dict)[:300]})
    except DatabaseUnavailable:
        raise
    except MemoryFault as unclear:  # no such campaign, or several
        return str(unclear)


def _without_commands(text: str) -> str:
    """Without the commands that the answer proposes; bold figures that are no command stay."""
    return _COMMAND.sub(lambda said: " " if _COMMAND_WORD.match(said.group().strip("*` ")) else said.group(), text)


def unshown(text: str, seen: Sequence[str]) -> set[str]:
    """Words for results (profit, a trend) that no tool used: "profit" said for sales, "up" against "no change"."""
    shown = plain_in_place(composed("\n".join(seen[1:]))).lower()  # the first is the question
    said = (found.group().lower() for found in _SHOWN_ONLY.finditer(plain_in_place(composed(text))))
    return {word for word in said if word not in shown}


def unseen(text: str, seen: Sequence[str]) -> set[Decimal]:
    """Numbers that are not in `seen`; small number words do not count."""
    said = _MARKER.sub("", text)
    known = set().union(*(_numbers(each) for each in seen))
    return {number for number in _numbers(said) if number not in known}


def _numbers(text: str) -> set[Decimal]:
    plain = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)
    written = {parse_number(found) for found in _NUMBER.findall(plain)}
    amounts = {
        each.value
        for each in find_amounts(plain)
        if each.value > SMALL or any(letter.isdigit() for letter in plain[slice(*each.span)])
    }
    return written | amounts


@lru_cache
def _described() -> list[dict[str, Any]]:
    return [
        {
            "type": "function",
            "function": {"name": name, "description": tool.purpose, "parameters": json_schema(tool.schema)},
        }
        for name, tool in AD_TOOLS.items()
    ]
