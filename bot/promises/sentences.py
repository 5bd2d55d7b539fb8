"""Splits a draft into sentences with the items they name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from bot.language.amounts import AmountMention, find_amounts
from bot.language.detection import detect
from bot.language.normalisation import composed, plain_in_place
from bot.promises import claims
from bot.promises.facts import ReplyFacts
from bot.promises.item_names import ItemMention
from memory.shop.catalogue_items import Item

_ITALIC_MARK = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")  # WhatsApp's, or "_Talon 14_" is no name that we know
LONGEST_LISTED = 3  # words of one thing in a list
LONGEST_SENTENCE = 1500  # characters; find_amounts reads 2000


@dataclass(frozen=True)
class Sentence:
    """A sentence or line of a draft. `text`, `plain` and `bare` have the same length."""

    start: int  # in the draft
    text: str  # as written
    plain: str  # for matching
    bare: str  # `plain` with item names, addresses and list numbers blanked: the 15 of "Raptor 15" is no amount
    mentions: tuple[ItemMention, ...]
    language: str  # of the draft: whose words deny
    subject: Item | None = None

    @property
    def items(self) -> list[Item]:
        return list({mention.item.sku: mention.item for mention in self.mentions}.values())

    @property
    def asks(self) -> bool:
        return self.plain.rstrip().endswith("?")

    @cached_property
    def amounts(self) -> list[AmountMention]:
        return find_amounts(self.bare)

    def asked(self, end: int) -> bool:
        """Whether what ends there is part of a question: "it is blue, which size?" asks for no blue."""
        return self.asks and "," not in self.plain[end:]

    def cut(self, start: int, end: int) -> str:
        return self.text[start:end].strip()

    def denies(self, start: int, end: int) -> bool:
        """Whether the words before it (in some languages, after it) negate it."""
        before, after = self.plain[max(0, start - 45) : start], self.plain[end : end + 40]
        clause = claims.NEW_CLAUSE.split(before)[-1]
        return bool(claims.NEGATED.search(clause)) or bool(claims.NEGATED_BEHIND.search(re.split(r"[,;]", after)[0]))

    def denied(self, start: int, end: int, asks: re.Pattern[str] | None = None) -> bool:
        """Whether the clause, or the list in it, says no to what stands at the span.

        With `asks`, verbs of asking: a denial counts if it denies the last of them, as in "never send your PIN", and
        not in "it won't open, send your PIN".
        """
        before = claims.HARD_BREAK.split(self.plain[:start])[-1].split(",")
        behind = claims.HARD_BREAK.split(self.plain[end:])[0].split(",")
        own = before.pop()
        while before and len(own.split()) <= LONGEST_LISTED and not self._says_no(own, asks):
            if asks and asks.search(own):
                break
            own = before.pop()  # one of several in a list: "we ask for no PIN, password or code"
        if self._says_no(own, asks):
            return True
        if asks and asks.search(own):
            return False  # "tell me the PIN, or it will not work"
        after = behind.pop(0)
        while (
            behind
            and self.language in claims.VERB_LAST
            and len(after.split()) <= LONGEST_LISTED
            and not self._says_no(after, None)
        ):
            if asks and asks.search(after):
                break
            after = behind.pop(0)
        return self._says_no(after, None)

    def denied_in(self, found: re.Match[str]) -> bool:
        """`denied`, or the match itself says no."""
        return bool(claims.DENIALS[self.language].search(found.group())) or self.denied(*found.span())

    def _says_no(self, clause: str, asks: re.Pattern[str] | None) -> bool:
        for no in claims.DENIALS[self.language].finditer(clause):
            if claims.CONDITIONS[self.language].search(clause[: no.start()]):
                continue
            asked = list(asks.finditer(clause)) if asks else []
            later = [verb for verb in asked if verb.start() >= no.end()]
            if not asked:
                return True
            between = clause[no.end() : later[-1].start()] if later else ""
            if later and len(between.split()) <= 4 and not claims.INSTEAD[self.language].search(between):
                return True
        return False


def sentences_of(text: str, facts: ReplyFacts) -> list[Sentence]:
    """The sentences of an NFC draft; literal policy quotations are blanked, they need no check."""
    plain = _ITALIC_MARK.sub(lambda mark: " " * len(mark.group()), plain_in_place(_without_policies(text, facts)))
    language = detect(text)
    bounds = [0]
    for match in claims.SENTENCE_END.finditer(plain):
        bounds.append(match.end())
    bounds.append(len(text))
    sentences = []
    for start, end in pairwise(bounds):
        for at in range(start, end, LONGEST_SENTENCE):
            part = plain[at : min(end, at + LONGEST_SENTENCE)]
            mentions = facts.item_names.find(part)
            sentences.append(Sentence(at, text[at : at + len(part)], part, _bare(part, mentions), mentions, language))
    return sentences


def _bare(plain: str, mentions: Sequence[ItemMention]) -> str:
    spans = [(mention.start, mention.end) for mention in mentions]
    spans += [match.span() for match in claims.LINK.finditer(plain)]
    spans += [match.span() for match in re.finditer(r"^\s*\d{1,2}[.)]\s", plain)]
    for start, end in spans:
        plain = plain[:start] + " " * (end - start) + plain[end:]
    return re.sub(r"(?<=[A-Za-z])-(?=[A-Za-z])", " ", plain)  # ninety-nine is a number in two words


def _without_policies(text: str, facts: ReplyFacts) -> str:
    for policy in facts.policies:
        for quoted in re.split(r"(?<=[.!?।;:])\s+", composed(policy)):
            if len(quoted) >= 20:
                text = text.replace(quoted, " " * len(quoted))
    return text


def subject_of(sentences: Sequence[Sentence], facts: ReplyFacts) -> Item | None:
    """The only item that the draft names, or else the only one that the customer named."""
    named = {item.sku: item for sentence in sentences for item in sentence.items}
    if not named:
        mentions = facts.item_names.find(facts.customer_plain)
        named = {mention.item.sku: mention.item for mention in mentions}
    return next(iter(named.values())) if len(named) == 1 else None
