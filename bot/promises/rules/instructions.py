"""Checks that a draft shows nothing of how it is made: instructions, tools, notes for colleagues."""

from __future__ import annotations

import re

from bot.promises import claims
from bot.promises.facts import INSTRUCTIONS, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence

LONGEST_QUOTED = 7  # words in a row that instructions and reply may share

_OWN_RULES = claims.claim("own_rules")
# A name of code, a call, data, a tag, a role: none of them is speech.
_CODE = re.compile(
    r"(?<![\w/.@-])[a-z]+(?:_[a-z0-9]+)+(?![\w@])|\w+\((?:\w+ ?=|\"|\)|'|\{)|[{\[]\s?\"\w+\"\s?:|</?[A-Za-z][\w-]*>|```"
    r"|(?:^|\n)\s*(?:system|user|assistant|tool|developer|sistema|usuario) ?:|\w+ ?= ?[\"{\[]|\bsku ?= ?\w|\[(?:[^\[\]]{0,40}:[^\[\]]*|(?:[^\W\d_]+ ){4,}[^\[\]]*)\]",
    re.IGNORECASE,
)


def check_instructions(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    why = "a reply shows nothing of how it is made"
    right = "answer the customer, and say nothing of instructions, tools or notes"
    plain = claims.LINK.sub(lambda link: " " * len(link.group()), sentence.plain)
    for pattern in (_OWN_RULES, _CODE):
        for found in pattern.finditer(plain):
            yield found.start(), Breach(INSTRUCTIONS, sentence.cut(*found.span()), why, right)
    words = list(re.finditer(r"\w+", sentence.plain.lower()))
    for first, last in zip(words, words[LONGEST_QUOTED:], strict=False):
        quoted = " ".join(re.findall(r"\w+", sentence.plain.lower()[first.start() : last.end()]))
        if quoted in facts.instruction_words:
            yield first.start(), Breach(INSTRUCTIONS, sentence.cut(first.start(), last.end()), why, right)
            return
