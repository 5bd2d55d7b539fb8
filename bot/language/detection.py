"""Which of the desk's languages a message is in: by script, by telling words, then by letters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from bot.language.languages import LANGUAGES
from bot.language.normalisation import fold_in_place
from bot.language.words import entry, words_of_all

LONGEST_READ = 400
ENOUGH_WORDS = 4  # fewer say too little for letter statistics
ENOUGH_TO_SWITCH = 6  # and fewer than these are no evidence against what was spoken so far: "iphone 15 pro max 256 gb"
SURE = 0.8
SHARED, OWN = 1, 3  # what a word tells that several languages write, and one that a single language does

LATIN = re.compile(r"[^\W\d_]")
WORD = re.compile(r"[^\W\d_]+")
WORDS = {language: frozenset(entry(language, "detection", "words").split()) for language in LANGUAGES}
LENT = frozenset(words_of_all("detection", "lent"))
OWNS = {language: OWN * int(entry(language, "detection", "weight")) for language in LANGUAGES}
SCRIPTS = {language: re.compile(script) for language in LANGUAGES if (script := entry(language, "detection", "script"))}
MARKS = {language: re.compile(marks) for language in LANGUAGES if (marks := entry(language, "detection", "marks"))}


def detect(text: str, previous: str | None = None) -> str:
    """The language of `text`; where it tells too little ('ok', '2', 'no', an emoji), `previous`, else the first language.

    Hindi is recognised in Devanagari and in Latin letters. A conversation keeps its language until a message speaks
    another by at least one word that is this language's alone: words that languages share or lend never change it.
    """
    read = text[:LONGEST_READ]
    for language, script in SCRIPTS.items():
        if len(script.findall(read)) * 2 > len(LATIN.findall(read)):
            return language
    words = WORD.findall(fold_in_place(read).lower())
    told = _told(words, read)
    best = max(told.values())
    leaders = [language for language in LANGUAGES if told[language] == best]
    if previous:
        return _followed(read, words, told, leaders, previous)
    if len(leaders) == 1:
        return leaders[0]
    return _by_letters(read, leaders) if best or len(words) >= ENOUGH_WORDS else leaders[0]


def _followed(text: str, words: list[str], told: dict[str, int], leaders: list[str], previous: str) -> str:
    """Where a conversation in `previous` goes on."""
    if any(told.values()):
        ahead = len(leaders) == 1 and told[leaders[0]] - told[previous] >= OWN
        return leaders[0] if ahead else previous
    return _by_letters(text, [previous]) if len(words) >= ENOUGH_TO_SWITCH else previous


def _told(words: list[str], text: str) -> dict[str, int]:
    told = dict.fromkeys(LANGUAGES, 0)
    for language, marks in MARKS.items():
        told[language] = OWNS[language] * len(marks.findall(text.lower()))
    for word in words:
        speakers = [language for language in LANGUAGES if word in WORDS[language]]
        for language in speakers:
            told[language] += OWNS[language] if len(speakers) == 1 and word not in LENT else SHARED
    return told


def _by_letters(text: str, otherwise: Sequence[str]) -> str:
    """By letter statistics; the first of `otherwise` where they are not sure or name none of several."""
    found: str
    found, probability = _identifier().classify(text)
    if len(otherwise) > 1 and found not in otherwise:
        return otherwise[0]
    return found if len(otherwise) > 1 or probability >= SURE else otherwise[0]


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
