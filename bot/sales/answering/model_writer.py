"""Drafts answers with a language model and tools, within limits on steps, tokens, cost and time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TypeVar

from bot.channels.message_text import to_whatsapp
from bot.model.answers import Completion, MediaText, ModelMessage
from bot.model.language_model import LanguageModel
from bot.model.model_errors import ModelUnavailable, NotOffered, Reason
from bot.model.token_prices import Spent
from bot.promises.facts import Breach
from bot.sales.answering.desk_actions import Actions
from bot.sales.answering.model_prompt import Briefing, fill
from bot.sales.answering.model_tools import run_tool, tool_descriptions
from bot.sales.answering.order_terms import with_terms
from bot.sales.answering.reply_draft import ReplyDraft
from bot.sales.situation import Situation
from memory.storage.quotas import Limits
from memory.storage.timestamps import Clock

log = logging.getLogger(__name__)

MICROS = 1_000_000
SHORTEST_CALL = 0.3  # seconds; an answer needs longer than this even from a model on the same machine


@dataclass(frozen=True, slots=True)
class Allowance:
    steps: int = 6  # calls of the model
    tokens: int = 30_000  # in and out, all calls of the turn
    cost_micros: int = 100_000  # ten US cents
    context_tokens: int = 4_000  # rules, facts, profile, history and message
    turns_per_contact: int = 60
    per_seconds: int = 3600


@dataclass(frozen=True)
class ModelDraft:
    """Not yet checked for promises."""

    said: str  # by the model
    actions: Actions  # its `changes` belong to this draft, and are dropped with it
    spent: Spent
    model: str
    conversation: tuple[ModelMessage, ...] = field(repr=False)  # with the model, up to and with these words
    briefing: Briefing = field(repr=False)
    repaired: bool = False

    @cached_property
    def said_as_sent(self) -> str:
        """The model's own words, without the desk's terms."""
        return to_whatsapp(self.said)

    @cached_property
    def reply(self) -> ReplyDraft:
        """With the desk's terms and buttons: what is checked and sent."""
        return with_terms(self.said_as_sent, self.actions)

    @property
    def text(self) -> str:
        return self.reply.body

    @property
    def shown(self) -> tuple[str, ...]:
        return self.reply.shown


class ModelDesk:
    """Thread-safe."""

    def __init__(
        self,
        model: LanguageModel,
        limits: Limits,
        clock: Clock,
        *,
        allowance: Allowance | None = None,
    ) -> None:
        self._model = model
        self._limits = limits
        self._clock = clock
        self._allowance = allowance or Allowance()
        self._tools = tool_descriptions()

    def answer(self, situation: Situation, actions: Actions, deadline: datetime) -> ModelDraft:
        """`actions` must be fresh. Raises ModelUnavailable, with what was `spent`."""
        contact = situation.contact
        allowance = self._allowance
        if not self._limits.allow(f"model:{contact.id}", allowance.turns_per_contact, allowance.per_seconds):
            raise ModelUnavailable(Reason.RATE_LIMITED, "this customer's limit of model turns is reached")
        briefing = Briefing(situation, actions, allowance.context_tokens)
        return self._run(briefing, briefing.messages(), deadline)

    def repair(
        self, situation: Situation, draft: ModelDraft, breaches: Sequence[Breach], deadline: datetime
    ) -> ModelDraft:
        """One call, no tools. Raises ModelUnavailable."""
        conversation = [*draft.conversation, draft.briefing.correction(breaches)]
        answer, spent = self._step(situation, conversation, draft.spent, deadline, last=True)
        return replace(
            draft,
            said=_text_of(answer, spent, draft.briefing.mark),
            spent=spent,
            conversation=(*conversation, answer.as_message()),
            repaired=True,
        )

    def _run(self, briefing: Briefing, conversation: list[ModelMessage], deadline: datetime) -> ModelDraft:
        spent = Spent()
        while True:
            last = spent.steps == self._allowance.steps - 1
            answer, spent = self._step(briefing.situation, conversation, spent, deadline, last=last)
            conversation.append(answer.as_message())
            if not answer.tool_calls or last:
                return ModelDraft(
                    said=_text_of(answer, spent, briefing.mark),
                    actions=briefing.actions,
                    spent=spent,
                    model=answer.model,
                    conversation=tuple(conversation),
                    briefing=briefing,
                )
            conversation += [
                {"role": "tool", "tool_call_id": call.id, "content": run_tool(call, briefing.actions)}
                for call in answer.tool_calls
            ]

    def _step(
        self, situation: Situation, conversation: list[ModelMessage], spent: Spent, deadline: datetime, *, last: bool
    ) -> tuple[Completion, Spent]:
        worst = self._model.worst_cost(conversation, self._tools)
        try:
            self._check(situation, spent, worst, deadline)
            answer = paid(
                self._limits,
                situation.brand.id,
                worst,
                int(situation.brand.daily_model_budget_usd * MICROS),
                lambda: self._model.complete(conversation, self._tools, deadline, may_call=not last),
            )
        except ModelUnavailable as fault:
            fault.spent = spent
            raise
        return answer, spent.plus(answer)

    def _check(self, situation: Situation, spent: Spent, worst: int, deadline: datetime) -> None:
        allowance = self._allowance
        if (deadline - self._clock()).total_seconds() < SHORTEST_CALL:
            raise ModelUnavailable(Reason.TIMEOUT, "too little time is left for another call")
        if spent.steps > allowance.steps:  # the repair is one more
            raise ModelUnavailable(Reason.OVER_BUDGET, f"the turn's limit of {allowance.steps} calls is reached")
        if spent.tokens_in + spent.tokens_out > allowance.tokens:
            raise ModelUnavailable(Reason.OVER_BUDGET, f"the turn's limit of {allowance.tokens} tokens is reached")
        if spent.cost_micros + worst > allowance.cost_micros:
            raise ModelUnavailable(Reason.OVER_BUDGET, "the call could exceed the turn's cost limit")


class MediaDescriber:
    """For voice notes and pictures, with a daily budget of its own."""

    def __init__(self, model: LanguageModel, limits: Limits, *, daily_budget_usd: Decimal = Decimal(1)) -> None:
        self._model = model
        self._limits = limits
        self._budget = int(daily_budget_usd * MICROS)

    def understand(self, content: bytes, content_type: str, deadline: datetime) -> str | None:
        """None if the model cannot tell or is unavailable."""
        try:
            return self._ask(content, content_type, deadline).text or None
        except (NotOffered, ModelUnavailable) as fault:
            log.warning("%s was not understood: %s", content_type.partition("/")[0], fault)
            return None

    def _ask(self, content: bytes, content_type: str, deadline: datetime) -> MediaText:
        hear = content_type.startswith("audio/")
        return paid(
            self._limits,
            "media",
            self._model.worst_cost_of_media(len(content)),
            self._budget,
            lambda: (
                self._model.transcribe(content, content_type, deadline)
                if hear
                else self._model.describe(content, content_type, fill("picture.md"), deadline)
            ),
        )


Answered = TypeVar("Answered", Completion, MediaText)


def paid(limits: Limits, name: str, worst: int, budget: int, call: Callable[[], Answered]) -> Answered:
    """Reserves the `worst` cost before the call, settles it after. Raises ModelUnavailable."""
    day = limits.today()
    if not limits.reserve(name, day, worst, budget):
        raise ModelUnavailable(Reason.OVER_BUDGET, "today's budget for the model is used up")
    cost = worst  # the true cost of a call that timed out or returned garbage is unknown
    try:
        answer = call()
        cost = answer.cost_micros
        return answer
    except ModelUnavailable as fault:
        cost = worst if fault.reason in (Reason.TIMEOUT, Reason.GARBAGE) else 0
        raise
    except NotOffered:
        cost = 0
        raise
    finally:
        limits.add_spend(name, day, cost - worst)


def _text_of(answer: Completion, spent: Spent, mark: str) -> str:
    """Raises ModelUnavailable without text, or where it leaks the prompt's mark."""
    if answer.text and not answer.tool_calls and mark not in answer.text:
        return answer.text
    fault = ModelUnavailable(Reason.GARBAGE, "no text, or a text that contains the prompt's mark")
    fault.spent = spent
    raise fault
