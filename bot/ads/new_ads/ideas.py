"""Ideas for ad tests, with briefs."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Protocol

from bot.ads.ad_idea import Concept, Idea, StrategicBrief, concept_subject
from bot.ads.changes.plans.plan import amount_text
from bot.ads.morning.objections import OBJECTION_SUBJECT
from bot.ads.new_ads.compliance import ClaimCheck, Violation, review
from bot.ads.new_ads.selling_points import ARGUMENTS, Argument, ShopFacts
from bot.language.money import Money
from bot.model.model_errors import ModelUnavailable
from memory.ads.learnings.strategy import Brief, StrategicEntry

log = logging.getLogger(__name__)

TEST_DAYS: Final = 14
MIN_CHATS: Final = 30  # before a test is judged
LOSING_ODDS: Final = 4  # to one: the odds at which a test does not become an ordinary ad
MOST_IDEAS: Final = 3
CITED: Final = 3  # patterns of each kind in a brief
SOUTH: Final = ("America/Sao_Paulo", "America/Argentina", "America/Santiago", "America/Lima", "Australia/", "Africa/Johannesburg")  # fmt: skip
SEASONS: Final = ("Winter", "Spring", "Summer", "Autumn")


@dataclass(frozen=True, slots=True)
class AccountKnowledge:
    facts: ShopFacts
    language: str  # of the ads
    season: str
    brief: Brief
    tried: frozenset[str]  # arguments and angles that this account has run as a test
    budget: Money  # a day, for the test
    cost_per_chat: Money | None  # usual in this account
    chat_to_order: float | None

    def asked(self) -> dict[str, tuple[float, str]]:
        """Objections: topic → share of chats, sentence."""
        return {
            str(entry.subject).removeprefix(OBJECTION_SUBJECT): (
                float(entry.record["supporting_data"].get("share", 0)),
                str(entry.record["insight"]),
            )
            for entry in self.brief.learnings
            if str(entry.subject).startswith(OBJECTION_SUBJECT)
        }

    def pattern(self, subject: str) -> StrategicEntry | None:
        return next((each for each in (*self.brief.worked, *self.brief.failed) if each.subject == subject), None)


@dataclass(frozen=True, slots=True)
class DraftAd:
    """An ad before its review."""

    concept: Concept
    argument: str
    principle: str
    why: str
    ends: date | None = None  # the last day on which its words are true


class AdWriter(Protocol):
    """Implemented by `bot.ads.new_ads.copywriter.Copywriter`."""

    def write(self, known: AccountKnowledge, most: int) -> Sequence[DraftAd]:
        """Up to `most` ads, unreviewed. Raises ModelUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Proposal:
    ideas: tuple[Idea, ...]  # best first
    writer: str  # model, or built-in
    dropped: Mapping[str, int]  # ads that failed the review, by rule
    reasons: tuple[str, ...]  # the sentences of the reviews


def propose(
    known: AccountKnowledge, claims: ClaimCheck, writer: AdWriter | None = None, most: int = MOST_IDEAS
) -> Proposal:
    """The model's ideas, else from templates."""
    objections: list[list[Violation]] = []
    if writer is not None:
        try:
            written = list(writer.write(known, most))[:most]
        except ModelUnavailable as fault:
            log.info("ads are written without the model: %s", fault.reason)
        else:
            ideas = _reviewed(written, known, claims, objections, most)
            if ideas:
                return _proposed(ideas, "model", objections)
    ideas = _reviewed(_from_templates(known), known, claims, objections, most)
    return _proposed(ideas, "built-in", objections)


def _proposed(ideas: Sequence[Idea], writer: str, objections: Sequence[Sequence[Violation]]) -> Proposal:
    dropped = Counter(rule for found in objections for rule in {each.rule for each in found})
    return Proposal(
        tuple(ideas),
        writer,
        dict(dropped),
        tuple(dict.fromkeys(each.sentence for found in objections for each in found)),
    )


def _reviewed(
    written: Sequence[DraftAd],
    known: AccountKnowledge,
    claims: ClaimCheck,
    objections: list[list[Violation]],
    most: int,
) -> list[Idea]:
    passed: list[Idea] = []
    for each in written:
        if len(passed) == most:
            break
        found = review(each.concept, claims)
        if found:
            objections.append(found)
        else:
            passed.append(Idea(each.concept, each.argument, brief_of(each, known)))
    return passed


def _from_templates(known: AccountKnowledge) -> list[DraftAd]:
    fresh = [each for each in ARGUMENTS if each.name not in known.tried]
    ranked = sorted(fresh, key=lambda each: -_score(each, known))
    found = ((argument, argument.write(known.facts, known.language)) for argument in ranked)
    return [
        DraftAd(
            Concept(
                name=ad_name(known.season, argument.angle),
                angle=argument.angle,
                headline=words.headline,
                body=words.body,
                greeting=words.greeting,
                language=known.language,
            ),
            argument.name,
            argument.principle,
            "",
            words.ends,
        )
        for argument, words in found
        if words is not None
    ]


def _score(argument: Argument, known: AccountKnowledge) -> float:
    asked = known.asked()
    score = 2 * sum(asked[topic][0] for topic in argument.answers if topic in asked)
    for subject, weight in ((f"angle:{argument.angle}", 1.0), (concept_subject(argument.name, known.language), 0.5)):
        pattern = known.pattern(subject)
        if pattern is not None:
            score += weight if pattern.kind == "successful_patterns" else -2 * weight
    return score


def ad_name(season: str, angle: str) -> str:
    """`Winter · security · image`."""
    return f"{season} · {angle} · image"


def brief_of(written: DraftAd, known: AccountKnowledge) -> StrategicBrief:
    judged_on = known.facts.today + timedelta(days=TEST_DAYS)
    return StrategicBrief(
        known=tuple(_cited(written, known)),
        principle=written.principle,
        expected=_expected(known),
        judged_on=judged_on,
        judged_how=(
            f"On {judged_on}, from {MIN_CHATS} chats on: it stays unless its orders make it"
            f" {LOSING_ODDS} to 1 that it loses money, those still to come reckoned in; with fewer chats it has another week."
        ),
        monitoring=(
            "every hour: spend without chats, a broken page, stock, the desk's backlog",
            "every morning: the evidence that it loses money; its budget moves by a fifth at most",
        ),
        timeline=(
            "day 3: do people see it and write",
            "day 7: clicks and cost of a chat against what is usual here",
            f"day {TEST_DAYS}: judged, then kept with its budget or paused",
        ),
        ends=written.ends,
    )


def _cited(written: DraftAd, known: AccountKnowledge) -> list[str]:
    argument = next((each for each in ARGUMENTS if each.name == written.argument), None)
    asked = known.asked()
    said = [asked[topic][1] for topic in (argument.answers if argument else asked) if topic in asked]
    own = known.pattern(f"angle:{written.concept.angle}")
    said += [_remembered(own)] if own else []
    said += [_remembered(each) for each in known.brief.worked[:CITED]]
    said += [_remembered(each) for each in known.brief.failed[:CITED]]
    said += [written.why] if written.why else []
    return list(dict.fromkeys(said)) or ["nothing is known yet of what works here"]


def _remembered(entry: StrategicEntry) -> str:
    verdict = "worked" if entry.kind == "successful_patterns" else "failed"
    return f"{verdict} before: {entry.record.get('pattern', entry.subject)}"


def _expected(known: AccountKnowledge) -> str:
    cost = known.cost_per_chat
    if cost is None or not cost.amount:
        return "not known yet: too few chats in this account to say what one costs"
    chats = float(known.budget.amount / cost.amount) * TEST_DAYS
    text = f"about {chats:.0f} chats in {TEST_DAYS} days at {amount_text(cost)} each, as the account's ads usually do"
    if known.chat_to_order is None:
        return text
    return f"{text}, and {chats * known.chat_to_order:.0f} orders from them"


def season_of(day: date, time_zone: str) -> str:
    """By the time zone's hemisphere."""
    place = (day.month % 12) // 3
    return SEASONS[(place + 2) % 4] if time_zone.startswith(SOUTH) else SEASONS[place]
