"""Read-only ad commands, and plain questions about the ads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.ads.agency import Agency
from bot.language.detection import detect
from bot.language.words import alternatives
from bot.staff.commands.command import CommandEntry, StaffCommand, Unclear
from bot.staff.questions.built_in_answers import Reply
from bot.staff.questions.model_answers import ModelAnswers
from memory.conversations.channel_messages import Outgoing

NO_ACCOUNTS: Final = (
    "No ad account is connected here. Set META_ACCESS_TOKEN and the other META_ settings for real ones, or"
    " PRACTICE_DAYS_PER_HOUR for practice accounts, and start Hawker again."
)
_NAME_AND_DAYS: Final = re.compile(
    rf"(.*?)\s*(?:\b(\d{{1,3}})(?:\s*(?:{alternatives('staff_questions', 'days')}))?)?", re.IGNORECASE | re.DOTALL
)
USUAL_DAYS: Final = 30  # of a chart


def require_accounts(agency: Agency, brand: str) -> None:
    """Raises Unclear if the brand has no ad account."""
    if not agency.accounts.get(brand):
        raise Unclear(NO_ACCOUNTS)


@dataclass(frozen=True, slots=True)
class AdQuestions:
    """Answers in the language of the question."""

    agency: Agency
    model_answers: ModelAnswers

    def commands(self) -> dict[str, CommandEntry]:
        return {
            "campaigns": CommandEntry("campaigns", "how the ads are doing", "analyst", self._campaigns),
            "campaign": CommandEntry("campaign summer", "one of them", "analyst", self._campaign),
            "chart": CommandEntry("chart summer 30", "a picture of the last days", "analyst", self._chart),
            "learnings": CommandEntry(
                "learnings video", "what was learned; with a word, about it", "analyst", self._learnings
            ),
        }

    def answer(self, command: StaffCommand) -> bool:
        """False, with nothing said, if the text is not read as a question."""
        if not self.agency.accounts.get(command.brand):
            return False
        thought = self.model_answers.answer(command.brand, command.text, command.who.id, command.deadline)
        outcome = command.outcome
        outcome.tokens_in += thought.spent.tokens_in
        outcome.tokens_out += thought.spent.tokens_out
        outcome.cost_micros += thought.spent.cost_micros
        outcome.model = thought.model or outcome.model
        outcome.why = thought.why or outcome.why
        if thought.reply is None:
            return False
        _reply(command, thought.reply)
        return True

    def why(self, command: StaffCommand) -> None:
        """Of all ads, or of the named campaign or account."""
        require_accounts(self.agency, command.brand)
        if command.words.endswith("?") and self.answer(command):
            return
        command.say(self.agency.answers.why(command.brand, command.words or None, language=detect(command.text)))

    def _campaigns(self, command: StaffCommand) -> None:
        require_accounts(self.agency, command.brand)
        if not (command.words and self.answer(command)):
            command.say(self.agency.answers.overview(command.brand, language=detect(command.text)))

    def _campaign(self, command: StaffCommand) -> None:
        require_accounts(self.agency, command.brand)
        if not command.words:
            raise Unclear("Write *campaign summer*, with its name; *campaigns* tells of all.")
        if not (command.words.endswith("?") and self.answer(command)):
            language = detect(command.text)
            command.say(self.agency.answers.about_campaign(command.brand, command.words, language=language))

    def _chart(self, command: StaffCommand) -> None:
        """“chart summer 30”, “chart summer 30 days”, “chart summer”, “chart 30” or “chart”."""
        require_accounts(self.agency, command.brand)
        found = _NAME_AND_DAYS.fullmatch(command.words.strip())
        name, days = (found[1], found[2]) if found else (command.words, None)
        chart = self.agency.answers.chart_of(
            command.brand, name.strip() or None, int(days) if days else USUAL_DAYS, language=detect(command.text)
        )
        _reply(command, Reply(chart.caption, chart.url))

    def _learnings(self, command: StaffCommand) -> None:
        require_accounts(self.agency, command.brand)
        own_name = command.words.casefold() == command.brand.casefold()
        word = None if own_name or not command.words else command.words
        command.say(self.agency.answers.learnings(command.brand, word, language=detect(command.text)))


def _reply(command: StaffCommand, reply: Reply) -> None:
    command.replies.append(Outgoing(reply.text, media_url=reply.picture, message_type="staff"))
