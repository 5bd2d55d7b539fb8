"""The review that every new ad passes before it can be launched: length, true claims, and the platform's ad policies.

The rules are Meta's Advertising Standards (transparency.meta.com/policies/ad-standards) as far as words can break
them. A review that finds nothing is no promise that Meta finds nothing; one that finds something stops the launch.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

LONGEST_HEADLINE: Final = 40  # characters; more is cut off in most placements
LONGEST_BODY: Final = 500
LONGEST_GREETING: Final = 300
LONGEST_NAME: Final = 100
CATEGORIES: Final = ("CREDIT", "EMPLOYMENT", "HOUSING", "ISSUES_ELECTIONS_POLITICS")


@dataclass(frozen=True, slots=True)
class Concept:
    """An idea for an ad, before anything of it is made."""

    name: str
    angle: str
    headline: str
    body: str
    greeting: str  # what the chat opens with
    language: str
    special_ad_categories: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that people will read."""
        return (self.headline, self.body, self.greeting)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a concept may not run: the rule by its name, the words that break it, and what to do."""

    rule: str
    words: str
    sentence: str


class ClaimCheck(Protocol):
    """Knows what an ad may say of one shop; `bot.ads.new_ads.shop_claims.FactsCheck` does."""

    def unsupported(self, text: str) -> list[tuple[str, str]]:
        """The claims that the shop's own facts do not carry: the words, and why they are wrong.

        About prices, discounts, stock, delivery, warranty and products.
        """


class ClaimChecks(Protocol):
    """A claim check for each brand; `bot.ads.new_ads.shop_claims.ShopClaims` makes them."""

    def of(self, brand: str) -> ClaimCheck:
        """Over the shop's facts as they are now: keep it for one review, not for a day."""


def review(concept: Concept, claims: ClaimCheck) -> list[Objection]:
    """Every objection to a concept; none means that it may be launched."""
    objections = [*_lengths(concept), *_category(concept)]
    for text in concept.texts:
        objections += _broken_rules(text)
        objections += _shouting(text)
        objections += [
            Objection("unsupported claim", words, f"“{words}” is not true of the shop: {why}")
            for words, why in claims.unsupported(text)
        ]
    return list(dict.fromkeys(objections))


def _lengths(concept: Concept) -> Iterator[Objection]:
    limits = (
        ("name", concept.name, LONGEST_NAME),
        ("headline", concept.headline, LONGEST_HEADLINE),
        ("text", concept.body, LONGEST_BODY),
        ("greeting", concept.greeting, LONGEST_GREETING),
    )
    for part, text, most in limits:
        if not text.strip():
            yield Objection("length", "", f"the {part} is empty: write one")
        elif len(text) > most:
            yield Objection(
                "length", text[most - 10 : most + 10], f"the {part} has {len(text)} characters, at most {most}"
            )


def _category(concept: Concept) -> Iterator[Objection]:
    for name in concept.special_ad_categories:
        if name not in CATEGORIES:
            yield Objection("special ad category", name, f"{name} is no category; Meta has {', '.join(CATEGORIES)}")
    for name, pattern in _SPECIAL.items():
        found = next((match for text in concept.texts if (match := pattern.search(_plain(text)))), None)
        if found and name not in concept.special_ad_categories:
            words = found.group().strip()
            yield Objection(
                "special ad category",
                words,
                f"“{words}” makes it an ad for {name.lower()}: declare {name}, or leave it out",
            )


def _broken_rules(text: str) -> Iterator[Objection]:
    plain = _plain(text)
    for rule in _RULES:
        for match in rule.pattern.finditer(plain):
            words = match.group().strip()
            yield Objection(rule.name, words, f"“{words}”: {rule.instead}")


def _shouting(text: str) -> Iterator[Objection]:
    words = [word for word in re.findall(r"[^\W\d_]{4,}", text) if word.upper() != word.lower()]
    loud = [word for word in words if word.isupper()]
    if len(loud) >= 3 and len(loud) > len(words) / 2:
        yield Objection(
            "grammar and symbols", " ".join(loud[:4]), "written in capitals throughout: write it in small letters"
        )
    if found := re.search(r"[!?]{3,}|\${2,}|(.)\1{5,}", text):
        yield Objection("grammar and symbols", found.group(), f"“{found.group()}”: one sign is enough")


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    instead: str
    pattern: re.Pattern[str]


def _plain(text: str) -> str:
    """Small letters without accents, so that one spelling finds all; signs that only trick a reader are dropped."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    kept = (each for each in decomposed if not "\u0300" <= each <= "\u036f" and unicodedata.category(each) != "Cf")
    return "".join(kept)


def _any(*phrases: str) -> re.Pattern[str]:
    """One pattern for phrases in plain letters; a space stands for any gap, word edges hold at both ends."""
    joined = "|".join(phrase.replace(" ", r"[\s,\-–—]+") for phrase in phrases)
    return re.compile(rf"(?<![^\W_])(?:{joined})(?![^\W_])")


# What somebody is, by Meta's list: race, origin, religion, age, sex life, disability, health, money, record, membership.
_ATTRIBUTE = (
    r"(?:diabetic|diabetes|depress\w*|anxi\w+|overweight|obese|fat|bald|balding|disabled|deaf|blind|sick|ill|infertil\w+"
    r"|broke|poor|bankrupt\w*|in debt|debts?|unemployed|jobless|singles?|divorced|gay|lesbian|trans|bisexual|muslims?|hindus?"
    r"|christians?|jews?|jewish|catholics?|sikhs?|dalits?|black|asian|latinos?|latinas?|immigrants?|felons?|criminals?"
    r"|alcoholics?|addict\w*|arthritis|cancer|acne|wrinkles|insomnia|pregnan\w+|(?:under|over) \d\d|\d\d years old"
    r"|diabetic[oa]|gord[oa]s?|obes[oa]s?|calv[oa]s?|pobres?|endeudad[oa]s?|endividad[oa]s?|desemplead[oa]s?"
    r"|desempregad[oa]s?|solter[oa]s?|solteir[oa]s?|divorciad[oa]s?|deprimid[oa]s?|enferm[oa]s?|doentes?|sord[oa]s?|cieg[oa]s?"
    r"|surd[oa]s?|ceg[oa]s?|musulman(?:es|a)?|muculman[oa]s?|cristian[oa]s?|cristaos?|judi[oa]s?|judeus?|negr[oa]s?"
    r"|inmigrantes?|imigrantes?|discapacitad[oa]s?|deficientes?|mote|moti|mota|ganje|garib|karzdaar|bimar|berozgar)"
)
_RULES: Final = (
    _Rule(
        "personal attributes",
        "don't tell the reader what they are; speak of the product instead",
        _any(
            rf"are you (?:an? |still |too |so )?{_ATTRIBUTE}",
            rf"(?:you're|you are|youre) (?:an? |too |so )?{_ATTRIBUTE}",
            rf"(?:your|other|fellow|meet|for all|for) {_ATTRIBUTE}(?: people| singles| women| men| seniors)?",
            r"(?:suffering|suffer) from \w+",
            rf"(?:eres|estas|sois|es usted|esta usted) (?:un |una |muy |demasiado )?{_ATTRIBUTE}",
            rf"(?:voce e|voce esta|es|estas) (?:um |uma |muito )?{_ATTRIBUTE}",
            rf"(?:tu|tus|su|sus|seu|sua|seus|suas) {_ATTRIBUTE}",
            r"(?:sufres|sufre|sofre) de \w+",
            rf"(?:kya )?(?:aap|tum) {_ATTRIBUTE} (?:hain|ho)",
            r"क्या आप (?:मोटे|मोटी|गंजे|गरीब|बीमार|बेरोजगार|अकेले) हैं",
        ),
    ),
    _Rule(
        "before and after",
        "no before and after, and no promise of what a body will look like",
        _any(
            r"before (?:and|&|vs|/) after", r"antes y despues", r"antes e depois", r"pehle aur baad", r"पहले और बाद(?: में)?",
            r"(?:lose|drop|shed|burn) (?:up to )?\d+ ?(?:kg|kilos?|pounds|lbs)", r"lose (?:your )?(?:belly|weight)(?: fast)?",
            r"(?:pierde|baja|adelgaza|perca|emagreca)(?: hasta| ate)? ?\d* ?(?:kg|kilos|quilos)", r"vajan (?:kam|ghataye\w*)",
            r"(?:perfect|ideal|dream) body", r"cuerpo perfecto", r"corpo perfeito", r"वजन (?:कम|घटाएं)",
        ),
    ),
    _Rule(
        "prohibited goods",
        "Meta does not allow ads for this",
        _any(
            r"cigar(?:ette)?s?", r"tobacco", r"tabaco", r"vap(?:e|es|ing|er|ers)", r"e cigs?", r"hookahs?", r"gutkha", r"bidis?",
            r"cannabis", r"marijuana", r"marihuana", r"maconha", r"thc", r"cocaine", r"steroids?", r"esteroides?",
            r"guns?", r"rifles?", r"pistols?", r"ammunition", r"ammo", r"pistolas?", r"armas? de fuego", r"armas? de fogo",
            r"firearms?", r"explosives?", r"fireworks", r"pepper spray", r"switchblades?",
            r"replicas?", r"counterfeit", r"fake (?:rolex|gucci|ray bans?|iphones?|designer)", r"first copy", r"1:1 cop(?:y|ies)",
            r"aaa copy", r"master copy", r"imitacion(?:es)?", r"copia (?:exacta|aaa)", r"imitacao",
            r"spy (?:cam|camera|phone|glasses)", r"hidden camera", r"jammers?", r"hacked accounts?", r"fake (?:documents|ids?|degrees?)",
            r"payday loans?", r"mlm", r"get rich quick", r"earn (?:money )?from home", r"(?:earn|make) [$₹€£]?\d[\d,.]* (?:a|per) (?:day|week|month)",
            r"gana dinero (?:facil|desde casa)", r"ganhe dinheiro (?:facil|em casa)", r"ghar baithe (?:paise )?kama\w+", r"घर बैठे कमाएं",
            r"escorts?", r"sex toys?", r"porn\w*", r"xxx", r"human organs?", r"endangered",
        ),
    ),
    _Rule(
        "restricted goods",
        "needs Meta's written permission and an audience of legal age: leave it to a person",
        _any(
            r"alcohol", r"beers?", r"wines?", r"whisk(?:e)?y", r"vodka", r"cerveza", r"cerveja", r"vinos?", r"vinhos?", r"sharab",
            r"gambl(?:e|ing)", r"casinos?", r"bet(?:s|ting)", r"apuestas?", r"apostas?", r"lottery", r"loteria", r"satta",
            r"dating", r"citas online", r"encontros", r"bitcoin", r"crypto(?:currency)?", r"criptomonedas?", r"forex",
            r"weight loss", r"diet pills?", r"slimming", r"viagra", r"prescription", r"antibiotics?", r"medicines?", r"botox",
        ),
    ),
    _Rule(
        "misleading claims",
        "nobody can promise that: say what is true of the product",
        _any(
            r"miracles?", r"milagros?\w*", r"milagre\w*", r"chamatkar\w*", r"चमत्कार\w*", r"100 ?% (?:guaranteed|effective|safe|cure\w*)",
            r"guaranteed results?", r"resultados? garantizados?", r"resultados? garantidos?", r"cures?", r"heals?",
            r"cura (?:el|la|tu|o|a|sua|seu)", r"doctors? (?:hate|don't want)", r"one weird trick", r"secret they", r"risk free",
            r"sin riesgo", r"sem risco", r"you won't believe", r"no vas a creer", r"voce nao vai acreditar",
            r"(?:best|cheapest|lowest price|number one|no\.? ?1|#1) in (?:the world|india|spain|brazil|mexico)",
            r"(?:el|la) mejor del mundo", r"o melhor do mundo", r"duniya ka sabse", r"दुनिया का सबसे",
        ),
    ),
    _Rule(
        "brand use",
        "Meta's names may not appear as if Meta stood behind the ad",
        _any(
            r"(?:approved|endorsed|verified|recommended|certified) by (?:facebook|meta|instagram|whatsapp)",
            r"(?:facebook|meta|instagram|whatsapp) (?:approved|partner|giveaway|lottery|prize)", r"official (?:facebook|meta|whatsapp)",
        ),
    ),
    _Rule(
        "profanity",
        "leave it out",
        _any(r"f+u+c+k\w*", r"sh[i1]t\w*", r"damn", r"bitch\w*", r"mierda", r"joder", r"merda", r"porra", r"caralho", r"chutiya", r"saala"),
    ),
    _Rule(
        "engagement bait",
        "don't ask for likes, shares or tags",
        _any(
            r"(?:like|share|tag|comment) (?:and|&) (?:like|share|win|follow|tag|comment)", r"tag (?:a|your|\d+) friends?",
            r"share (?:this )?(?:post )?to win", r"etiqueta a (?:un|tus) amigos?", r"marque (?:um|seus) amigos?", r"comparte y gana",
        ),
    ),
)  # fmt: skip
_SPECIAL: Final = {
    "CREDIT": _any(
        r"loans?", r"credit cards?", r"mortgages?", r"prestamos?", r"emprestimos?", r"tarjetas? de credito",
        r"cartao de credito gratis", r"pre approved credit", r"low interest credit",
    ),
    "EMPLOYMENT": _any(
        r"we are hiring", r"we're hiring", r"hiring now", r"job offers?", r"vacanc(?:y|ies)", r"apply for (?:the|this) job",
        r"ofertas? de (?:trabajo|empleo)", r"estamos contratando", r"vagas? de emprego", r"naukri", r"नौकरी",
    ),
    "HOUSING": _any(
        r"(?:apartments?|flats?|houses?|homes?) for (?:rent|sale)", r"home insurance", r"(?:pisos?|casas?) en (?:alquiler|venta)",
        r"(?:apartamentos?|casas?) (?:para alugar|a venda)", r"kiraye (?:ka|par) (?:ghar|makan)",
    ),
    "ISSUES_ELECTIONS_POLITICS": _any(
        r"vote for", r"elections?", r"elecciones", r"eleicoes", r"vota por", r"vote em", r"chunav", r"चुनाव", r"immigration law",
        r"gun control", r"abortion",
    ),
}  # fmt: skip
