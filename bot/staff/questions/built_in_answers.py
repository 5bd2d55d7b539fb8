"""Answers questions about the ads without a model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, assert_never

from bot.ads.agency import Agency
from bot.ads.campaign_lookup import AdObject, CampaignLookup
from bot.language.foreign_text import in_one_line
from bot.language.money import Money
from bot.language.patterns import BESIDE
from bot.language.texts import ReportWording, report_wording
from bot.language.words import alternatives
from bot.staff.questions.reading import DEFAULT_DAYS, Question, read
from memory.ads.ad_account import AdAccount
from memory.ads.figures import Figures, Lifetime
from memory.ads.graph import Graph, Group
from memory.ads.tasks import Tasks

MOST_LINES: Final = 8
FORMATS: Final = ("video", "image", "carousel")
_ABOUT: Final = re.compile(
    rf"(?<!{BESIDE})(?:{alternatives('staff_questions', 'about')})"
    rf"\s+(?:(?:{alternatives('staff_questions', 'articles')})\s+)?([\w-]{{3,40}})",
    re.IGNORECASE,
)
say_in = partial(report_wording, subject="staff_answers")


@dataclass(frozen=True, slots=True)
class Reply:
    text: str
    picture: str | None = None  # URL


@dataclass(frozen=True, slots=True)
class BuiltInAnswers:
    agency: Agency
    tasks: Tasks

    def answer(self, brand: str, text: str) -> Reply | None:  # noqa: C901 - one case for each kind of question
        """None if no rule reads the text."""
        question = self.read(brand, text)
        answers, language, name = self.agency.answers, question.language, question.name
        match question.asked:
            case "overview":
                return Reply(answers.overview(brand, language=language))
            case "money":
                return self._money(brand, question)
            case "campaign":
                return Reply(answers.about_campaign(brand, name, language=language))
            case "why":
                return Reply(answers.why(brand, name or None, language=language))
            case "chart":
                chart = answers.chart_of(brand, name or None, question.days or 30, language=language)
                return Reply(chart.caption, chart.url)
            case "learned":
                named = _ABOUT.search(text)
                word = question.word or name or (named[1] if named else "")
                return Reply(answers.learnings(brand, word or None, language=language))
            case "pages":
                return Reply(self.pages(brand, question.word if question.word not in FORMATS else "", language))
            case "angles":
                return Reply(self.by_angle(brand, language))
            case "formats":
                return Reply(self.by_format(brand, language))
            case "again":
                return Reply(self.again(brand, language))
            case "waiting":
                return Reply(say_in(language).say("see", command="*approvals*"))
            case "tasks":
                return Reply(self.open_tasks(brand, language))
            case "act":
                # An order in plain words is never carried out, since it may mean something else.
                command = f"*{question.command} {name or '…'}{' …' if question.command == 'budget' else ''}*"
                return Reply(say_in(language).say("propose", command=command))
            case "unread":
                return None
            case _:
                assert_never(question.asked)

    def read(self, brand: str, text: str) -> Question:
        campaigns = self.agency.memory.campaigns
        accounts = [account.name for account in campaigns.accounts(brand)]
        named = dict.fromkeys(campaign.name for campaign in campaigns.campaigns(brand))
        angles = dict.fromkeys(ad.angle for ad in campaigns.ads(brand))
        return read(text, [*accounts, *named], [*angles, *FORMATS])

    # -- is it making money?

    def _money(self, brand: str, question: Question) -> Reply:
        say, days, answers = say_in(question.language), question.days or DEFAULT_DAYS, self.agency.answers
        if not question.name:
            return Reply(answers.overview(brand, language=question.language))
        found = CampaignLookup(self.agency.memory.campaigns).find(brand, question.name).targets
        if not found or found[0].kind != "campaign":
            return Reply(answers.about_campaign(brand, question.name, language=question.language))
        lines = {line.key: line for line in self.agency.memory.figures.of(brand, "campaign", days)}
        if len(found) == 1:
            return Reply(_verdict(found[0], lines.get(found[0].id), days, say))
        told = sorted((lines[each.id] for each in found if each.id in lines), key=lambda line: -(line.roi or 0))
        accounts = {each.id: each.account for each in found}
        return Reply(_several(told, accounts, len(found), days, say))

    # -- the graph

    def pages(self, brand: str, angle: str, language: str) -> str:
        """Conversion; `angle` limits it to that angle's ads."""
        say = say_in(language)
        title = say.say("pages_of", angle=angle) if angle else say.say("pages")
        return _groups(title, self._graph.landing_pages(brand, angle=angle or None), say)

    def by_angle(self, brand: str, language: str) -> str:
        return _groups(say_in(language).say("angles"), self._graph.angles(brand), say_in(language))

    def by_format(self, brand: str, language: str) -> str:
        return _groups(say_in(language).say("formats"), self._graph.formats(brand), say_in(language))

    def again(self, brand: str, language: str) -> str:
        """Repeat purchases by angle."""
        say = say_in(language)
        lines = [_buyers(each, say) for each in self._graph.buy_again(brand)[:MOST_LINES]]
        return "\n".join([say.say("again"), *(lines or [say.say("nothing")])])

    def open_tasks(self, brand: str, language: str) -> str:
        lines = [f"*{task.id}* {task.need.title}. {task.need.why}" for task in self.tasks.open(brand)]
        return "\n".join(lines) or say_in(language).say("no_tasks")

    @property
    def _graph(self) -> Graph:
        return self.agency.answers.graph


def _verdict(target: AdObject, line: Figures | None, days: int, say: ReportWording) -> str:
    if line is None or not line.spend.amount:
        return say.say("idle", name=target.shown, days=days)
    profit, loss = say.money(line.profit), say.money(Money(-line.profit.amount, line.currency))
    told = say.say(
        "earns" if line.profit.amount > 0 else "loses",
        name=target.shown,
        days=days,
        profit=profit,
        loss=loss,
        revenue=say.money(line.revenue),
        spend=say.money(line.spend),
        orders=say.count(line.orders),
        roas=say.ratio(line.roas),
    )
    return f"{told} {say.say('moving')}" if line.moving else told


def _several(
    lines: Sequence[Figures], accounts: Mapping[str, AdAccount], fit: int, days: int, say: ReportWording
) -> str:
    told = [
        say.say("each", name=in_one_line(f"{line.name}, {accounts[line.key].name}", 400), profit=say.money(line.profit),
                spend=say.money(line.spend), chats=say.count(line.chats), orders=say.count(line.orders))
        for line in lines[:MOST_LINES]
    ]  # fmt: skip
    rest = [say.say("more", n=len(lines) - MOST_LINES)] if len(lines) > MOST_LINES else []
    moving = [say.say("moving")] if any(line.moving for line in lines) else []
    return "\n".join([say.say("several", n=fit, days=days), *told, *rest, *moving])


def _groups(title: str, groups: Sequence[Group], say: ReportWording) -> str:
    lines = [_group(group, say) for group in groups if group.chats][:MOST_LINES]
    return "\n".join([title, *(lines or [say.say("nothing")])])


def _group(group: Group, say: ReportWording) -> str:
    line = say.say(
        "group",
        name=in_one_line(group.name),
        orders=say.count(group.orders),
        chats=say.count(group.chats),
        rate=say.percent(group.conversion),
        ads=say.count(group.ads),
    )
    return line if group.enough else line + say.say("few")


def _buyers(lifetime: Lifetime, say: ReportWording) -> str:
    return say.say(
        "buyer",
        angle=lifetime.key,
        returned=say.count(lifetime.returned),
        buyers=say.count(lifetime.buyers),
        rate=say.percent(lifetime.return_rate),
        orders=say.count(lifetime.orders),
    )
