"""Answers plain questions about the ads from memory, without a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.ads.agency import Agency
from bot.ads.campaign_lookup import CampaignLookup, Target
from bot.language.money import Money
from bot.language.patterns import BESIDE
from bot.language.texts import ReportWording, report_wording
from bot.language.words import alternatives
from bot.staff.questions.reading import DEFAULT_DAYS, Asked, Question, read
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
    """What is said, and the address of a picture to go with it."""

    text: str
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """The built-in reader and what it answers. Changes nothing, whoever asks."""

    agency: Agency
    tasks: Tasks

    def answer(self, brand: str, text: str) -> Reply | None:
        """The answer in the language of the question; None where it is no question that rules can read."""
        question = self.read(brand, text)
        tell = self._tells().get(question.asked)
        return None if tell is None else tell(brand, question, text)

    def read(self, brand: str, text: str) -> Question:
        """What a text asks, with the names that this brand's accounts hold."""
        campaigns = self.agency.memory.campaigns
        accounts = [account.name for account in campaigns.accounts(brand)]
        return read(text, [*accounts, *self._campaign_names(brand)], [*self._angles(brand), *FORMATS])

    def _tells(self) -> Mapping[Asked, Callable[[str, Question, str], Reply]]:
        return {
            "overview": self._overview,
            "money": self._money,
            "campaign": self._campaign,
            "why": self._why,
            "chart": self._chart,
            "learned": self._learned,
            "pages": self._pages,
            "angles": lambda brand, question, text: Reply(self.by_angle(brand, question.language)),
            "formats": lambda brand, question, text: Reply(self.by_format(brand, question.language)),
            "again": lambda brand, question, text: Reply(self.again(brand, question.language)),
            "waiting": self._waiting,
            "tasks": lambda brand, question, text: Reply(self.open_tasks(brand, question.language)),
            "act": self._propose,
        }

    def _overview(self, brand: str, question: Question, text: str) -> Reply:
        return Reply(self.agency.answers.overview(brand, language=question.language))

    def _campaign(self, brand: str, question: Question, text: str) -> Reply:
        return Reply(self.agency.answers.about_campaign(brand, question.name, language=question.language))

    def _why(self, brand: str, question: Question, text: str) -> Reply:
        return Reply(self.agency.answers.why(brand, question.name or None, language=question.language))

    def _chart(self, brand: str, question: Question, text: str) -> Reply:
        chart = self.agency.answers.chart_of(
            brand, question.name or None, question.days or 30, language=question.language
        )
        return Reply(chart.caption, chart.url)

    def _learned(self, brand: str, question: Question, text: str) -> Reply:
        named = _ABOUT.search(text)
        word = question.word or question.name or (named[1] if named else "")
        return Reply(self.agency.answers.learnings(brand, word or None, language=question.language))

    # -- is it making money?

    def _money(self, brand: str, question: Question, text: str) -> Reply:
        say, days = say_in(question.language), question.days or DEFAULT_DAYS
        if not question.name:
            return self._overview(brand, question, text)
        found = CampaignLookup(self.agency.memory.campaigns).find(brand, question.name).targets
        if not found or found[0].kind != "campaign":
            return self._campaign(brand, question, text)
        lines = {line.key: line for line in self.agency.memory.figures.of(brand, "campaign", days)}
        if len(found) == 1:
            return Reply(_verdict(found[0], lines.get(found[0].id), days, say))
        told = sorted((lines[each.id] for each in found if each.id in lines), key=lambda line: -(line.roi or 0))
        accounts = {each.id: each.account for each in found}
        return Reply(_several(told, accounts, len(found), days, say))

    # -- the graph

    def pages(self, brand: str, angle: str, language: str) -> str:
        """Conversion by landing page, of the ads of an angle where one is named."""
        say = say_in(language)
        title = say.say("pages_of", angle=angle) if angle else say.say("pages")
        return _groups(title, self._graph.landing_pages(brand, angle=angle or None), say)

    def by_angle(self, brand: str, language: str) -> str:
        """Conversion by angle."""
        return _groups(say_in(language).say("angles"), self._graph.angles(brand), say_in(language))

    def by_format(self, brand: str, language: str) -> str:
        """Conversion by format."""
        return _groups(say_in(language).say("formats"), self._graph.formats(brand), say_in(language))

    def again(self, brand: str, language: str) -> str:
        """Which angle brought customers who bought again."""
        say = say_in(language)
        lines = [_buyers(each, say) for each in self._graph.buy_again(brand)[:MOST_LINES]]
        return "\n".join([say.say("again"), *(lines or [say.say("nothing")])])

    def open_tasks(self, brand: str, language: str) -> str:
        """What the agent asks of people."""
        lines = [f"*{task.id}* {task.need.title}. {task.need.why}" for task in self.tasks.open(brand)]
        return "\n".join(lines) or say_in(language).say("no_tasks")

    def _pages(self, brand: str, question: Question, text: str) -> Reply:
        angle = question.word if question.word not in FORMATS else ""
        return Reply(self.pages(brand, angle, question.language))

    def _waiting(self, brand: str, question: Question, text: str) -> Reply:
        return Reply(say_in(question.language).say("see", command="*approvals*"))

    def _propose(self, brand: str, question: Question, text: str) -> Reply:
        """An order in other words than a command's is never carried out: it may have been meant otherwise."""
        ending = " …" if question.command == "budget" else ""
        command = f"*{question.command} {question.name or '…'}{ending}*"
        return Reply(say_in(question.language).say("propose", command=command))

    # -- names

    @property
    def _graph(self) -> Graph:
        return self.agency.answers.graph

    def _campaign_names(self, brand: str) -> list[str]:
        return list(dict.fromkeys(each.name for each in self.agency.memory.campaigns.campaigns(brand)))

    def _angles(self, brand: str) -> list[str]:
        return list(dict.fromkeys(ad.angle for ad in self.agency.memory.campaigns.ads(brand)))


def _verdict(target: Target, line: Figures | None, days: int, say: ReportWording) -> str:
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
        say.say("each", name=f"{line.name}, {accounts[line.key].name}", profit=say.money(line.profit),
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
        name=group.name,
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
