"""Reads plain questions about the ads in four languages, by rules: what is asked, of which campaign, over which days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bot.ads.campaign_lookup import alike, names_of
from bot.language.detection import detect

Asked = Literal[
    "overview", "money", "campaign", "why", "chart", "learned", "pages", "angles", "formats", "again", "waiting",
    "tasks", "act", "unread",
]  # fmt: skip

# In the order in which they are tried; each pattern is matched against the lower-case text with its accents.
_PATTERNS: Final[Sequence[tuple[Asked, str]]] = (
    ("pages", r"landing|\bpages?\b|p[áa]ginas?\b|पेज"),
    ("again", r"\bagain\b|repeat|come back|\breturning\b|loyal|volver|vuelven|repiten|recompra|fiel|de novo|voltam"
              r"|dobara|dubara|phir se|wapas|दोबारा|फिर से|वापस"),
    ("learned", r"\blearn|lessons?\b|what works|aprend|lecci[óo]n|seekh|sikh|सीख"),
    ("chart", r"\bcharts?\b|\bgraph\b|gr[áa]fic|plot\b|ग्राफ|चार्ट"),
    ("waiting", r"approv|waits for|waiting for|aprob|aprov|pendiente|pendente|manzoor|मंज़ूर|मंजूर"),
    ("tasks", r"\btasks?\b|need from (me|us)|tareas?\b|tarefas?\b|kya karna hai|करना है"),
    ("why", r"\bwhy\b|por ?qu[ée]|porqu[ée]|\bkyon\b|\bkyu+n?\b|क्यों|क्यूँ"),
    ("angles", r"\bangles?\b|enfoques?\b|abordage(m|ns)\b|एंगल"),
    ("formats", r"\bformats?\b|formatos?\b|video or image|image or video|फ़ॉर्मैट|फॉर्मेट"),
    ("money", r"money|profit|earn|los(e|ing|s)\b|\bpay(s|ing)? off|worth it|rentab|gana|dinero|pierd|benefici|lucr|dinheiro"
              r"|d[áa] prejuízo|kama|paisa|munaf|nuksan|नुकसान|कमा|मुनाफ|पैसा"),
    ("overview", r"campaign|campa[ñn]|campanha|anuncio|an[úu]ncio|\bads?\b|advert|kaisa|kaise|kaisi|कैसे|कैसा|कैसी|कैंपेन|कैम्पेन"
                 r"|विज्ञापन|how('s| is| are| did)|c[óo]mo van?|como (v[ãa]o|est[ãa]o|vai)|spend|spent|roas|gasto|kharch|खर्च"),
)  # fmt: skip
_ACTS: Final = (
    ("pause", r"^(please |pls |por favor,? |can you |could you )*(stop|turn off|switch off|halt|para|parar?|detén|det[ée]n|pausa[rd]?|desliga"
              r"|roko|rok do|band karo?)\b|\b(band kar|rok do|roko)\b|रोको|रोक दो|बंद कर"),
    ("resume", r"^(please |pls |por favor,? |can you |could you )*(start|turn on|switch on|restart|reanuda|reactiva|retoma|reativa|liga"
               r"|chalu karo?)\b|\b(chalu kar|shuru kar)|चालू कर|शुरू कर"),
    ("budget", r"^(please |pls |por favor,? |can you |could you )*(raise|increase|double|lower|cut|reduce|sube|subir|aumenta|baja|bajar|reduz|diminui"
               r"|badha|ghata|kam karo?)\b|\b(badhao|badha do|ghatao)\b|बढ़ा|घटा"),
)  # fmt: skip
_PERIODS: Final = (
    (1, r"\btoday\b|yesterday|\bayer\b|\bhoy\b|\bontem\b|\bhoje\b|\bkal\b|\baaj\b|\bकल\b|आज"),
    (7, r"\bweek|\bsemana|hafte|hafta|हफ़्ते|हफ्ते|सप्ताह"),
    (30, r"\bmonth|\bmes\b|\bm[êe]s\b|mahin|महीने"),
)
_DAYS: Final = re.compile(r"(\d{1,3})\s*(?:d|days?|d[íi]as?|dias?|din|दिन)\b")
DEFAULT_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Question:
    """What a plain text asks. `name`: the words of it that are part of a campaign's or account's name."""

    asked: Asked
    language: str  # en, es, pt, hi
    name: str = ""
    word: str = ""  # an angle or format that is named
    days: int | None = None
    command: str = ""  # what an order in plain words would be as a command


def read(text: str, names: Iterable[str], words: Iterable[str]) -> Question:
    """The question in `text`. `names`: of the brand's campaigns and accounts; `words`: of its angles and formats."""
    plain = text.casefold()
    language = detect(text)
    said = names_of(text)
    name, word = _named(said, names), _word(said, words)
    days = _days(plain)
    for command, pattern in _ACTS:
        if re.search(pattern, plain):
            return Question("act", language, name, word, days, command)
    found: list[Asked] = [asked for asked, pattern in _PATTERNS if re.search(pattern, plain)]
    asked = found[0] if found else "unread"
    return Question(_of_one(asked, name), language, name, word, days)


def _of_one(asked: Asked, name: str) -> Asked:
    """A name makes it a question about that campaign."""
    return "campaign" if name and asked in ("overview", "unread") else asked


def _named(said: Sequence[str], names: Iterable[str]) -> str:
    """The words that are a word of some name; a brand's own name is in all of them and tells nothing."""
    lists = [set(names_of(name)) for name in names]
    everywhere = set.intersection(*lists) if len(lists) > 1 else set()
    known = set().union(*lists) - everywhere
    return " ".join(word for word in said if any(alike(word, each) for each in known))


def _word(said: Sequence[str], words: Iterable[str]) -> str:
    """The angle or format that is named: every part of it, or one that is long enough to be nothing else."""
    for word in sorted(words, key=len, reverse=True):
        parts = names_of(word.replace("-", " "))
        if parts and all(any(alike(each, part) for each in said) for part in parts):
            return word
    return next((word for word in words for part in names_of(word.replace("-", " "))
                 if len(part) > 4 and any(alike(each, part) for each in said)), "")  # fmt: skip


def _days(plain: str) -> int | None:
    written = _DAYS.search(plain)
    if written:
        return max(1, int(written[1]))
    return next((days for days, pattern in _PERIODS if re.search(pattern, plain)), None)
