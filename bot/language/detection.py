"""Detects a message's language by script, then by known words, then by letter statistics."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from bot.language.languages import LANGUAGES, LETTERS
from bot.language.normalisation import fold, fold_in_place
from bot.language.words import all_texts, entry, words_of_all

LONGEST_READ = 400
ENOUGH_WORDS = 4  # fewer are too few for letter statistics
ENOUGH_TO_SWITCH = 6  # fewer do not switch the language: "iphone 15 pro max 256 gb"
SURE = 0.8  # probability
MAX_KNOWN_SHARE = 0.5  # of a foreign text's words that one of our languages may know
MIN_UNIQUE, MIN_UNIQUE_SHARE = 2, 0.4  # words of one language only that identify it
MAX_OUR_SHARE = 0.4  # of a foreign text's probability that may fall to our languages
SHARED_WEIGHT, UNIQUE_WEIGHT = 1, 3  # of a word of several languages, and of one

LATIN = re.compile(r"[^\W\d_]")
WORD = re.compile(r"[^\W\d_]+")
WORD_WITH_SIGNS = re.compile(rf"(?:[^\W\d_]|[{LETTERS}])+(?:['’][^\W\d_]+)*")
PATTERN_SIGNS = re.compile(r"\\[wsSbd]|\{\w+\}")
WORDS = {language: frozenset(entry(language, "detection", "words").split()) for language in LANGUAGES}
LOANWORDS = frozenset(words_of_all("detection", "lent"))
WEIGHTS = {language: UNIQUE_WEIGHT * int(entry(language, "detection", "weight")) for language in LANGUAGES}
SCRIPTS = {language: re.compile(script) for language in LANGUAGES if (script := entry(language, "detection", "script"))}
MARKS = {language: re.compile(marks) for language in LANGUAGES if (marks := entry(language, "detection", "marks"))}


def detect(text: str, previous: str | None = None) -> str:
    """The language code; for unclear texts ("ok", "2", an emoji) `previous`, else the default.

    Only a word of one language alone switches a conversation.
    """
    read = text[:LONGEST_READ]
    for language, script in SCRIPTS.items():
        if len(script.findall(read)) * 2 > len(LATIN.findall(read)):
            return language
    words = WORD.findall(fold_in_place(read).lower())
    scores = _word_scores(words, read)
    best = max(scores.values())
    leaders = [language for language in LANGUAGES if scores[language] == best]
    if previous:
        return _in_conversation(read, words, scores, leaders, previous)
    if len(leaders) == 1:
        return leaders[0]
    return _by_letter_statistics(read, leaders) if best or len(words) >= ENOUGH_WORDS else leaders[0]


def _in_conversation(text: str, words: list[str], scores: dict[str, int], leaders: list[str], previous: str) -> str:
    if any(scores.values()):
        ahead = len(leaders) == 1 and scores[leaders[0]] - scores[previous] >= UNIQUE_WEIGHT
        return leaders[0] if ahead else previous
    return _by_letter_statistics(text, [previous]) if len(words) >= ENOUGH_TO_SWITCH else previous


def _word_scores(words: list[str], text: str) -> dict[str, int]:
    scores = dict.fromkeys(LANGUAGES, 0)
    for language, marks in MARKS.items():
        scores[language] = WEIGHTS[language] * len(marks.findall(text.lower()))
    for word in words:
        speakers = [language for language in LANGUAGES if word in WORDS[language]]
        for language in speakers:
            scores[language] += WEIGHTS[language] if len(speakers) == 1 and word not in LOANWORDS else SHARED_WEIGHT
    return scores


def _by_letter_statistics(text: str, otherwise: Sequence[str]) -> str:
    # The first of `otherwise` where the statistics are unsure.
    found, probability = next(iter(_probabilities(text, LANGUAGES).items()))
    if len(otherwise) > 1 and found not in otherwise:
        return otherwise[0]
    return found if len(otherwise) > 1 or probability >= SURE else otherwise[0]


def is_foreign(text: str, names: Collection[str] = ()) -> bool:
    """In a language that has no folder; a text of few words is not.

    `names`: lower-case words of any language, such as a catalogue's.
    """
    words = WORD_WITH_SIGNS.findall(unicodedata.normalize("NFC", text))
    other_script = [word for word in words if len(word) > 1 and not any(map(_is_of_our_scripts, word))]
    if len(other_script) > 1 or (other_script and len(other_script) == len(words)):
        return True
    if len(words) < ENOUGH_WORDS or is_known(text, names):
        return False
    shares = _probabilities(" ".join(words))
    ours = {*LANGUAGES, *words_of_all("detection", "near")}
    return next(iter(shares)) not in ours and sum(shares.get(language, 0.0) for language in ours) < MAX_OUR_SHARE


def is_known(text: str, names: Collection[str] = ()) -> bool:
    """Most words are in one of our folders, or enough in one alone."""
    words = WORD_WITH_SIGNS.findall(unicodedata.normalize("NFC", text))
    read = [fold(word) for word in words]
    speakers = [[language for language in LANGUAGES if word in WORDS[language]] for word in read]
    unique = Counter(
        each[0] for word, each in zip(read, speakers, strict=True) if len(each) == 1 and word not in LOANWORDS
    )
    if max(unique.values(), default=0) >= max(MIN_UNIQUE, MIN_UNIQUE_SHARE * len(words)):
        return True
    letters, vocabularies = _vocabularies()
    bare = [
        word.partition("'")[0] if set(each.lower()) <= letters else "" for word, each in zip(read, words, strict=True)
    ]
    return any(
        sum(word in known or word in names for word in bare) > MAX_KNOWN_SHARE * len(words) for known in vocabularies
    )


def _is_of_our_scripts(character: str) -> bool:
    plain = unicodedata.normalize("NFKD", character)[0]
    return unicodedata.name(plain, "").startswith("LATIN") or any(each.search(plain) for each in SCRIPTS.values())


@cache
def _vocabularies() -> tuple[frozenset[str], tuple[frozenset[str], ...]]:
    texts = [[PATTERN_SIGNS.sub(" ", text) for text in all_texts(language)] for language in LANGUAGES]
    letters = frozenset("".join(text for each in texts for text in each).lower())
    vocabularies = tuple(
        frozenset(fold(word).partition("'")[0] for text in each for word in WORD_WITH_SIGNS.findall(text))
        for each in texts
    )
    # The first is English, from which all borrow.
    return letters | {"'", "’"}, tuple(vocabularies[0] | each for each in vocabularies)


def _probabilities(text: str, among: Collection[str] | None = None) -> dict[str, float]:
    """By language, largest first."""
    ranked = [(language, share) for language, share in _identifier().rank(text) if among is None or language in among]
    total = sum(share for _, share in ranked) or 1.0
    return {language: share / total for language, share in ranked}


@cache
def _identifier() -> LanguageIdentifier:
    # Cached: it takes 1 s of CPU and 100 MB.
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
