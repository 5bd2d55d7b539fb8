"""Detects a message's language, or none of ours: by script, by telling words, then by letter statistics."""

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
SURE = 0.8
MOST_KNOWN = 0.5  # share of a foreign text's words that one of our languages may know
FEWEST_OWN, LEAST_OWN = 2, 0.4  # unique words, and their share, that identify a language
MOST_OURS = 0.4  # share of a foreign text's probability that may fall to our languages
SHARED, OWN = 1, 3  # weight of a word of several languages, and of one language

LATIN = re.compile(r"[^\W\d_]")
WORD = re.compile(r"[^\W\d_]+")
WORD_WITH_SIGNS = re.compile(rf"(?:[^\W\d_]|[{LETTERS}])+(?:['’][^\W\d_]+)*")
PATTERN_SIGNS = re.compile(r"\\[wsSbd]|\{\w+\}")
WORDS = {language: frozenset(entry(language, "detection", "words").split()) for language in LANGUAGES}
LENT = frozenset(words_of_all("detection", "lent"))
OWNS = {language: OWN * int(entry(language, "detection", "weight")) for language in LANGUAGES}
SCRIPTS = {language: re.compile(script) for language in LANGUAGES if (script := entry(language, "detection", "script"))}
MARKS = {language: re.compile(marks) for language in LANGUAGES if (marks := entry(language, "detection", "marks"))}


def detect(text: str, previous: str | None = None) -> str:
    """The language of `text`; where that is unclear ("ok", "2", an emoji), `previous`, else the first language.

    Hindi is recognised in both scripts. Only a word unique to one language switches a conversation.
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
    """By letter statistics; the first of `otherwise` where they are unsure."""
    found, probability = next(iter(_shares(text, LANGUAGES).items()))
    if len(otherwise) > 1 and found not in otherwise:
        return otherwise[0]
    return found if len(otherwise) > 1 or probability >= SURE else otherwise[0]


def is_foreign(text: str, names: Collection[str] = ()) -> bool:
    """Whether `text` is in a language without a folder.

    More than one word in another script is foreign; fewer than ENOUGH_WORDS words in our scripts are not. `names`:
    lower-case words of any language, such as a catalogue's.
    """
    words = WORD_WITH_SIGNS.findall(unicodedata.normalize("NFC", text))
    strange = [word for word in words if len(word) > 1 and not any(map(_is_of_our_scripts, word))]
    if len(strange) > 1 or (strange and len(strange) == len(words)):
        return True
    if len(words) < ENOUGH_WORDS or is_known(text, names):
        return False
    shares = _shares(" ".join(words))
    ours = {*LANGUAGES, *words_of_all("detection", "near")}
    return next(iter(shares)) not in ours and sum(shares.get(language, 0.0) for language in ours) < MOST_OURS


def is_known(text: str, names: Collection[str] = ()) -> bool:
    """Whether most words are in one of our folders, or enough are unique to one language."""
    words = WORD_WITH_SIGNS.findall(unicodedata.normalize("NFC", text))
    read = [fold(word) for word in words]
    speakers = [[language for language in LANGUAGES if word in WORDS[language]] for word in read]
    own = Counter(each[0] for word, each in zip(read, speakers, strict=True) if len(each) == 1 and word not in LENT)
    if max(own.values(), default=0) >= max(FEWEST_OWN, LEAST_OWN * len(words)):
        return True
    letters, vocabularies = _known()
    bare = [
        word.partition("'")[0] if set(each.lower()) <= letters else "" for word, each in zip(read, words, strict=True)
    ]
    return any(sum(word in known or word in names for word in bare) > MOST_KNOWN * len(words) for known in vocabularies)


def _is_of_our_scripts(character: str) -> bool:
    plain = unicodedata.normalize("NFKD", character)[0]
    return unicodedata.name(plain, "").startswith("LATIN") or any(each.search(plain) for each in SCRIPTS.values())


@cache
def _known() -> tuple[frozenset[str], tuple[frozenset[str], ...]]:
    """Letters of all folders, and each language's folded words plus English ones, which all borrow."""
    texts = [[PATTERN_SIGNS.sub(" ", text) for text in all_texts(language)] for language in LANGUAGES]
    letters = frozenset("".join(text for each in texts for text in each).lower())
    vocabularies = tuple(
        frozenset(fold(word).partition("'")[0] for text in each for word in WORD_WITH_SIGNS.findall(text))
        for each in texts
    )
    return letters | {"'", "’"}, tuple(vocabularies[0] | each for each in vocabularies)


def _shares(text: str, among: Collection[str] | None = None) -> dict[str, float]:
    """By letter statistics, largest first."""
    ranked = [(language, share) for language, share in _identifier().rank(text) if among is None or language in among]
    total = sum(share for _, share in ranked) or 1.0
    return {language: share / total for language, share in ranked}


@cache
def _identifier() -> LanguageIdentifier:
    # Cached: it takes 1 s of CPU and 100 MB.
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
