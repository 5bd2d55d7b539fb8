"""What somebody is interested in: the kinds of thing a text asks for, and how to name them again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.language.languages import FIRST, LETTERS
from bot.language.normalisation import fold
from bot.language.texts import reply_wording
from bot.shop.catalogue import CATEGORY_WORDS
from memory.people.facts import Interest

KINDS = {"laptops": "laptops", "phones": "smartphones", "accessories": "accessories", "eyewear": "eyewear"}
# What a kind of thing is wanted for; each with the words that say it.
WANTED_FOR = {
    "gaming": "gaming gamer gamers game games jugar juegos jogos jogar गेमिंग गेम",
    "student": "student students school college estudiante estudiantes estudante estudantes padhai पढ़ाई स्टूडेंट",
    "office": "office business oficina escritorio trabajo trabalho ऑफिस",
    "camera": "camera photography camara fotos कैमरा",
    "foldable": "foldable fold plegable dobravel फोल्ड",
    "rugged": "rugged waterproof resistente मजबूत",
    "headphones": "headphones headphone headset earbuds earphones auriculares cascos fones हेडफोन ईयरबड्स ईयरफोन",
    "smartwatches": "smartwatch smartwatches watch reloj relogio ghadi घड़ी वॉच",
    "mice": "mouse raton rato माउस",
    "keyboards": "keyboard keyboards teclado teclados कीबोर्ड",
    "chargers": "charger chargers cargador carregador चार्जर powerbank",
    "backpacks": "backpack backpacks mochila bag बैग",
    "sunglasses": "sunglasses goggles shades धूप",
}
WHOLE = frozenset(["headphones", "smartwatches", "mice", "keyboards", "chargers", "backpacks", "sunglasses"])
_KIND_OF = {word: KINDS[kind] for kind, words in CATEGORY_WORDS.items() for word in fold(words).split()}
_FOR_OF = {word: use for use, words in WANTED_FOR.items() for word in fold(words).split()}
_LOCAL = {
    "gaming": {"es": "gaming", "pt": "gamer", "hi": "गेमिंग"},
    "student": {"es": "para estudiantes", "pt": "para estudantes", "hi": "पढ़ाई के"},
    "office": {"es": "de oficina", "pt": "de escritório", "hi": "ऑफिस के"},
    "camera": {"es": "con buena cámara", "pt": "com boa câmera", "hi": "कैमरे वाले"},
    "foldable": {"es": "plegables", "pt": "dobráveis", "hi": "फोल्ड होने वाले"},
    "rugged": {"es": "resistentes", "pt": "resistentes", "hi": "मजबूत"},
    "headphones": {"es": "auriculares", "pt": "fones", "hi": "हेडफोन"},
    "smartwatches": {"es": "relojes inteligentes", "pt": "smartwatches", "hi": "स्मार्टवॉच"},
    "mice": {"es": "ratones", "pt": "mouses", "hi": "माउस"},
    "keyboards": {"es": "teclados", "pt": "teclados", "hi": "कीबोर्ड"},
    "chargers": {"es": "cargadores", "pt": "carregadores", "hi": "चार्जर"},
    "backpacks": {"es": "mochilas", "pt": "mochilas", "hi": "बैग"},
    "sunglasses": {"es": "gafas de sol", "pt": "óculos de sol", "hi": "धूप के चश्मे"},
    "laptops": {"es": "portátiles", "pt": "notebooks", "hi": "लैपटॉप"},
    "smartphones": {"es": "smartphones", "pt": "smartphones", "hi": "स्मार्टफोन"},
    "accessories": {"es": "accesorios", "pt": "acessórios", "hi": "एक्सेसरीज़"},
    "eyewear": {"en": "glasses", "es": "gafas", "pt": "óculos", "hi": "चश्मे"},
}


def read_interests(text: str, found: Sequence[str] = ()) -> list[str]:
    """The interests a text speaks of, use before kind ("gaming", "laptops"); `found` are the categories it found.

    The kind of what was found stands in where the text names none: "something for gaming" found laptops.
    """
    words = re.findall(rf"[a-z0-9]+|[{LETTERS}]+", fold(text))
    uses = [_FOR_OF[word] for word in words if word in _FOR_OF]
    kinds = [_KIND_OF[word] for word in words if word in _KIND_OF]
    if not kinds and not WHOLE.intersection(uses):
        kinds = [KINDS.get(category, category) for category in dict.fromkeys(found)][:1]
    return list(dict.fromkeys([*uses, *([] if WHOLE.intersection(uses) else kinds)]))


def last_interest(interests: Sequence[Interest], language: str) -> str | None:
    """What was asked about last, as one phrase of a language ("gaming laptops"); None where nothing was."""
    if not interests:
        return None
    together = [each.name for each in interests if each.message_id == interests[0].message_id]
    ordered = sorted(together, key=lambda name: name not in WANTED_FOR or name in WHOLE)
    *uses, phrase = [_LOCAL.get(name, {}).get(language, name) for name in ordered]
    for use in reversed(uses):
        phrase = reply_wording(language).say("interest", use=use, kind=phrase)
    return phrase


def search_words(interests: Sequence[Interest]) -> str:
    """Words that find again what was asked about last; empty where nothing was."""
    phrase = last_interest(interests, FIRST) or ""
    return phrase.replace("mice", "mouse")
