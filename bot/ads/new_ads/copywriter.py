"""Ads written by the language model, within a share of the brand's daily model budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from bot.ads.ad_idea import Concept
from bot.ads.new_ads.ideas import AccountKnowledge, DraftAd, ad_name
from bot.language.languages import about
from bot.model.answers import Completion, ModelMessage
from bot.model.language_model import LanguageModel
from bot.model.model_errors import ModelUnavailable, Reason
from memory.ads.learnings.strategy import StrategicEntry
from memory.storage.quotas import Limits
from memory.storage.timestamps import Clock

PROMPT: Final = Path(__file__).parent / "prompts" / "ideas.md"
TIMEOUT: Final = timedelta(seconds=45)  # nobody waits for it but the morning
BUDGET_SHARE: Final = 5  # at most one in so many parts of the brand's daily model budget: customers come first
MICROS: Final = 1_000_000
MAX_ITEMS: Final = 12
_TEXT = {"type": "string"}
TOOL: Final[dict[str, Any]] = {
    "type": "function",
    "function": {
        "name": "propose_ads",
        "description": "Hand in the ads.",
        "parameters": {
            "type": "object",
            "properties": {
                "ads": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": dict.fromkeys(
                            ("angle", "headline", "body", "greeting", "principle", "why"), _TEXT
                        ),
                        "required": ["angle", "headline", "body", "greeting", "principle", "why"],
                        "additionalProperties": False,
                    },
                }
            },
            "required": ["ads"],
            "additionalProperties": False,
        },
    },
}


class _AdSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    angle = fields.String(required=True, validate=validate.Regexp(r"[a-z][a-z -]{1,29}\Z"))
    headline = fields.String(required=True, validate=validate.Length(1, 200))
    body = fields.String(required=True, validate=validate.Length(1, 2000))
    greeting = fields.String(required=True, validate=validate.Length(1, 1000))
    principle = fields.String(load_default="", validate=validate.Length(max=200))
    why = fields.String(load_default="", validate=validate.Length(max=300))


@dataclass(frozen=True, slots=True)
class Copywriter:
    model: LanguageModel
    limits: Limits
    clock: Clock

    def write(self, known: AccountKnowledge, most: int) -> Sequence[DraftAd]:
        """Up to `most` ads, unreviewed. Raises ModelUnavailable."""
        asked: list[ModelMessage] = [{"role": "system", "content": prompt(known, most)},
                                {"role": "user", "content": "Write the ads."}]  # fmt: skip
        answer = self._paid(known, asked)
        return [_written(ad, known) for ad in _ads(answer)[:most]]

    def _paid(self, known: AccountKnowledge, asked: list[ModelMessage]) -> Completion:
        """The worst-case cost is reserved first and corrected afterwards."""
        brand = known.facts.brand
        worst = self.model.worst_cost(asked, [TOOL])
        budget, day = int(brand.daily_model_budget_usd * MICROS), self.limits.today()
        quotas = ((f"{brand.id} ads", budget // BUDGET_SHARE), (brand.id, budget))
        taken: list[str] = []
        cost = 0
        try:
            for name, most in quotas:
                if not self.limits.reserve(name, day, worst, most):
                    raise ModelUnavailable(Reason.OVER_BUDGET, "today's budget for ads written by the model is used up")
                taken.append(name)
            cost = worst  # what a call cost that was cut off is not known
            answer = self.model.complete(asked, [TOOL], self.clock() + TIMEOUT)
            cost = answer.cost_micros
            return answer
        except ModelUnavailable as fault:
            cost = worst if cost and fault.reason in (Reason.TIMEOUT, Reason.GARBAGE) else 0
            raise
        finally:
            for name in taken:
                self.limits.add_spend(name, day, cost - worst)


def _ads(answer: Completion) -> list[dict[str, Any]]:
    """Raises ModelUnavailable without a valid one."""
    found: list[dict[str, Any]] = []
    for call in answer.tool_calls:
        listed = call.arguments.get("ads") if call.name == "propose_ads" else None
        for ad in listed if isinstance(listed, list) else []:
            try:
                found.append(_AdSchema().load(ad))
            except ValidationError:
                continue  # one ad that has lost a part; the others stand for themselves
    if not found:
        raise ModelUnavailable(Reason.GARBAGE, "the model handed in no ad that has all its parts")
    return found


def _written(ad: dict[str, Any], known: AccountKnowledge) -> DraftAd:
    concept = Concept(
        name=ad_name(known.season, ad["angle"]),
        angle=ad["angle"],
        headline=ad["headline"].strip(),
        body=ad["body"].strip(),
        greeting=ad["greeting"].strip(),
        language=known.language,
    )
    return DraftAd(concept, ad["angle"], ad["principle"], ad["why"], _ends(concept, known))


def _ends(concept: Concept, known: AccountKnowledge) -> date | None:
    text = " ".join(concept.texts)
    valid = [each for each in known.facts.brand.discounts if each.valid_until >= known.facts.today]
    named = [each.valid_until for each in valid if each.code in text or "%" in text]
    return min(named, default=None)


@cache
def _template() -> Template:
    return Template(PROMPT.read_text(encoding="utf-8"))


def prompt(known: AccountKnowledge, most: int) -> str:
    """Raises KeyError for a placeholder without a fact."""
    facts = known.facts
    return _template().substitute(
        brand=facts.brand.name,
        most=str(most),
        language=about(known.language).in_print,
        today=facts.today.isoformat(),
        policies="\n".join(f"{topic}: {facts.brand.policy(topic, known.language)}" for topic in facts.brand.policies),
        discounts=_lines(
            f"{each.code}: {each.percent} % off until {each.valid_until}"
            for each in facts.brand.discounts
            if each.valid_until >= facts.today
        ),
        goods=_lines(f"{item.title}: {item.description}" for item in facts.items[:MAX_ITEMS] if item.stock),
        orders=str(facts.orders),
        asked=_lines(sentence for _share, sentence in known.asked().values()),
        worked=_lines(map(_pattern, known.brief.worked)),
        failed=_lines(map(_pattern, known.brief.failed)),
        tried=", ".join(sorted(known.tried)) or "nothing yet",
    )


def _pattern(entry: StrategicEntry) -> str:
    return str(entry.record.get("pattern", entry.subject))


def _lines(texts: Any) -> str:
    return "\n".join(f"- {text}" for text in texts) or "- none"
