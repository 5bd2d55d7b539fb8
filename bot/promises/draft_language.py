"""Checks that a draft is in a language whose claims can be checked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.language.detection import is_foreign, is_known
from bot.language.languages import LANGUAGES
from bot.language.normalisation import plain_in_place
from bot.promises.facts import LANGUAGE, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence

LONGEST_ABBREVIATION = 4  # letters; OLED and HDMI are no words of any language


_QUOTED = re.compile(r"[\"“«][^\"”»]*[\"”»]")


def check_language(sentences: Sequence[Sentence], facts: ReplyFacts) -> PlacedBreaches:
    """Sentences in a language without claim words; short ones are judged together."""
    short: list[tuple[Sentence, str]] = []
    for sentence in sentences:
        words = _own_words(sentence, facts)
        if is_foreign(words, facts.item_words):
            yield sentence.start, _foreign(sentence)
        elif words and not is_known(words, facts.item_words):
            short.append((sentence, words))
    if len(short) > 1 and is_foreign(" ".join(words for _, words in short), facts.item_words):
        yield short[0][0].start, _foreign(short[0][0])


def _foreign(sentence: Sentence) -> Breach:
    why = "no claim can be checked in this language"
    return Breach(LANGUAGE, sentence.text.strip(), why, f"write in one of {', '.join(LANGUAGES)}")


def _own_words(sentence: Sentence, facts: ReplyFacts) -> str:
    """Without product names, links, quotations, codes, and names that the customer wrote."""
    blanked = "".join(" " if bare == " " else own for own, bare in zip(sentence.text, sentence.bare, strict=True))
    words = re.findall(r"[^\s\d.,;:!?()\[\]/|•*_~`+=-]+", _QUOTED.sub(" ", blanked))
    named = facts.item_words | facts.customer_words
    spoken = (word for word in words if not (word[:1].isupper() and plain_in_place(word).lower() in named))
    return " ".join(
        word.lower() if word.isupper() else word
        for word in spoken
        if not (word.isupper() and len(word) <= LONGEST_ABBREVIATION)
    )
