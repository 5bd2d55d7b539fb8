"""Why somebody should buy here, from the brand's own facts: an ad's words for each reason, in four languages.

Every reason names the marketing psychology that it works by. Scarcity is used only where it is true, social proof only
with its number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from babel.dates import format_date

from bot.ads.morning.objections import Topic
from bot.brands import Brand, Discount
from memory.shop.catalogue_items import Item

LONGEST_QUOTE: Final = 380  # characters of a policy; with the invitation behind it an ad's text stays below 500
LONG_ENOUGH: Final = timedelta(days=14)  # that a code still holds; a test runs so long
PROOF_DAYS: Final = 30
PROOF_FROM: Final = 50  # orders in these days; fewer prove nothing
TENS: Final = 10  # models are told in whole tens, so that a sale does not make an ad untrue


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What may be said of the shop today."""

    brand: Brand
    today: date  # in the brand's calendar
    items: Sequence[Item]
    orders: int  # within the last 30 days

    @property
    def discount(self) -> Discount | None:
        """The largest code that still holds."""
        valid = [each for each in self.brand.discounts if each.valid_until >= self.today]
        return max(valid, key=lambda each: each.percent, default=None)

    @property
    def models(self) -> int:
        """More models than this are in stock, in whole tens."""
        return (sum(item.stock > 0 for item in self.items) - 1) // TENS * TENS


@dataclass(frozen=True, slots=True)
class Words:
    """What an ad says."""

    headline: str
    body: str
    greeting: str
    ends: date | None = None  # the last day on which they are true


Write = Callable[[ShopFacts, str], Words | None]  # language → the words; None where it would not be true


@dataclass(frozen=True, slots=True)
class Argument:
    """One reason to buy."""

    name: str
    angle: str
    principle: str  # of marketing psychology, in plain words
    answers: tuple[Topic, ...]
    write: Write


def _policy(topic: str, headlines: Mapping[str, str]) -> Write:
    """An ad that quotes the brand's own policy."""

    def write(facts: ShopFacts, language: str) -> Words:
        return _words(language, headlines[language], _quoted(facts.brand.policy(topic, language)))

    return write


def _quoted(text: str) -> str:
    """Its first sentences, whole ones."""
    sentences = re.split(r"(?<=[.!?।])\s+", text)
    kept = sentences[0]
    for sentence in sentences[1:]:
        if len(kept) + 1 + len(sentence) > LONGEST_QUOTE:
            break
        kept = f"{kept} {sentence}"
    return kept


def _words(language: str, headline: str, body: str) -> Words:
    return Words(headline, f"{body} {_INVITATION[language]}", _GREETING[language])


def _discount(facts: ShopFacts, language: str) -> Words | None:
    discount = facts.discount
    if discount is None or discount.valid_until - facts.today < LONG_ENOUGH:
        return None
    until = format_date(discount.valid_until, "long", locale=language)
    said = {"percent": f"{discount.percent:f}", "code": discount.code, "until": until}
    headline, body = _DISCOUNT[language]
    return replace(_words(language, headline.format(**said), body.format(**said)), ends=discount.valid_until)


def _range(facts: ShopFacts, language: str) -> Words | None:
    if facts.models < TENS:
        return None
    headline, body = _RANGE[language]
    return _words(language, headline.format(n=facts.models), body.format(n=facts.models))


def _proof(facts: ShopFacts, language: str) -> Words | None:
    if facts.orders < PROOF_FROM:
        return None
    headline, body = _PROOF[language]
    since = format_date(facts.today - timedelta(days=PROOF_DAYS), "long", locale=language)
    return _words(language, headline.format(n=facts.orders), body.format(n=facts.orders, since=since))


def _advice(_facts: ShopFacts, language: str) -> Words:
    return _words(language, *_ADVICE[language])


_INVITATION: Final[Mapping[str, str]] = {
    "en": "Ask us in the chat.",
    "es": "Pregúntanos por el chat.",
    "pt": "Pergunte no chat.",
    "hi": "चैट में पूछें।",
}
_GREETING: Final[Mapping[str, str]] = {
    "en": "Hello! What are you looking for?",
    "es": "¡Hola! ¿Qué estás buscando?",
    "pt": "Olá! O que você procura?",
    "hi": "नमस्ते! आप क्या ढूँढ रहे हैं?",
}
_RETURNS = {
    "en": "Not right for you? Send it back",
    "es": "¿No te convence? Devuélvelo",
    "pt": "Não serviu? É só devolver",
    "hi": "पसंद न आए तो लौटाएँ",
}
_WARRANTY = {
    "en": "With a warranty in writing",
    "es": "Con garantía por escrito",
    "pt": "Com garantia por escrito",
    "hi": "लिखित वारंटी के साथ",
}
_DELIVERY = {
    "en": "Know when it will be with you",
    "es": "Sabes cuándo lo tendrás",
    "pt": "Saiba quando chega",
    "hi": "कब मिलेगा, पहले से पता",
}
_PAYMENT = {
    "en": "Pay the way that suits you",
    "es": "Paga como te venga mejor",
    "pt": "Pague do jeito que preferir",
    "hi": "अपनी सुविधा से भुगतान करें",
}
_ADVICE = {
    "en": ("Ask before you buy", "Tell us what you need it for and what matters to you. We answer here, before you decide."),
    "es": ("Pregunta antes de comprar", "Cuéntanos para qué lo necesitas y qué te importa. Te respondemos aquí, antes de que decidas."),
    "pt": ("Pergunte antes de comprar", "Conte para que você precisa e o que é importante. Respondemos aqui, antes de você decidir."),
    "hi": ("खरीदने से पहले पूछें", "बताएँ कि आपको किस काम के लिए चाहिए। फैसला लेने से पहले हम यहीं जवाब देते हैं।"),
}  # fmt: skip
_DISCOUNT = {
    "en": ("{percent} % off with {code}", "The code {code} takes {percent} % off, until {until}."),
    "es": ("{percent} % de descuento con {code}", "El código {code} te da un {percent} % de descuento, hasta el {until}."),
    "pt": ("{percent} % de desconto com {code}", "O código {code} dá {percent} % de desconto, até {until}."),
    "hi": ("{code} से {percent} % की छूट", "कोड {code} से {percent} % की छूट, {until} तक।"),
}  # fmt: skip
_RANGE = {
    "en": ("More than {n} models", "There are more than {n} models. Say what you like, and we show you those that fit."),
    "es": ("Más de {n} modelos", "Hay más de {n} modelos. Di qué te gusta y te enseñamos los que encajan."),
    "pt": ("Mais de {n} modelos", "São mais de {n} modelos. Diga do que gosta e mostramos os que combinam."),
    "hi": ("{n} से ज़्यादा मॉडल", "{n} से ज़्यादा मॉडल हैं। अपनी पसंद बताएँ, हम वैसे ही दिखाएँगे।"),
}  # fmt: skip
_PROOF = {
    "en": ("{n} orders in 30 days", "In the 30 days from {since} on, {n} orders were placed here."),
    "es": ("{n} pedidos en 30 días", "En los 30 días desde el {since} se hicieron aquí {n} pedidos."),
    "pt": ("{n} pedidos em 30 dias", "Nos 30 dias a partir de {since}, {n} pedidos foram feitos aqui."),
    "hi": ("30 दिन में {n} ऑर्डर", "{since} से 30 दिन में यहाँ {n} ऑर्डर हुए।"),
}  # fmt: skip
ARGUMENTS: Final[tuple[Argument, ...]] = (
    Argument("returns", "security", "reassurance: the way back is open", ("returns", "is it genuine", "size and fit"),
             _policy("returns", _RETURNS)),
    Argument("warranty", "quality", "reassurance: somebody stands behind it", ("warranty", "is it genuine"),
             _policy("warranty", _WARRANTY)),
    Argument("delivery", "delivery", "certainty: a known day is worth more than a maybe", ("delivery time",),
             _policy("delivery", _DELIVERY)),
    Argument("payment", "payment", "control: people buy where they know how they pay",
             ("cash on delivery", "installments"), _policy("payment", _PAYMENT)),
    Argument("discount", "money-saving", "scarcity, and it is true: the code ends on its day",
             ("discount", "price too high"), _discount),
    Argument("advice", "expert-advice", "reciprocity: help comes first", ("size and fit",), _advice),
    Argument("range", "style", "choice, narrowed down for them", (), _range),
    Argument("orders", "social-proof", "social proof, with its number", ("is it genuine",), _proof),
)  # fmt: skip
