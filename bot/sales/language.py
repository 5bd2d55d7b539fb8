"""Which of the desk's four languages a message is in: by script, by telling words, then by letters."""



from __future__ import annotations

import re
from functools import cache
from typing import Literal

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from bot.sales.amounts import PLAIN

Language = Literal["en", "es", "pt", "hi"]
LANGUAGES: tuple[Language, ...] = ("en", "es", "pt", "hi")
LONGEST_READ = 400
ENOUGH_WORDS = 4  # fewer say too little for letter statistics
SURE = 0.8

DEVANAGARI = re.compile(r"[\u0900-\u097f]")
LATIN = re.compile(r"[^\W\d_]")
WORD = re.compile(r"[^\W\d_]+")
# Words that tell one language from the other three; words that two of them share are left out or weigh in both.
TELLING: dict[Language, frozenset[str]] = {
    "hi": frozenset(
        [
            "hai",
            "hain",
            "nahi",
            "nahin",
            "nhi",
            "kya",
            "kyu",
            "kyun",
            "kaise",
            "kaisa",
            "kaisi",
            "kab",
            "kaha",
            "kahan",
            "kitna",
            "kitne",
            "kitni",
            "mujhe",
            "muje",
            "mera",
            "mere",
            "meri",
            "aap",
            "aapka",
            "aapki",
            "hum",
            "humko",
            "tum",
            "bhai",
            "bhaiya",
            "ji",
            "karo",
            "kare",
            "karna",
            "karni",
            "krna",
            "kro",
            "kar",
            "chahiye",
            "chaiye",
            "chahie",
            "batao",
            "bata",
            "bataiye",
            "dikhao",
            "dikha",
            "dena",
            "dijiye",
            "milega",
            "milegi",
            "mila",
            "abhi",
            "aaj",
            "kal",
            "wala",
            "wali",
            "accha",
            "acha",
            "thik",
            "theek",
            "haan",
            "bahut",
            "bohot",
            "namaste",
            "namaskar",
            "dhanyawad",
            "dhanyavad",
            "shukriya",
            "wapas",
            "paisa",
            "paise",
            "rupaye",
            "lena",
            "hu",
            "hoon",
            "tha",
            "raha",
            "rahi",
            "bhejo",
            "bhej",
            "sasta",
            "mehnga",
            "daam",
            "yeh",
            "woh",
            "aur",
            "koi",
            "kuch",
            "agar",
            "lekin",
            "matlab",
            "samaj",
            "samajh",
            "alvida",
            "kripya",
            "aayega",
            "aayegi",
            "ayega",
            "hoga",
            "hogi",
            "mein",
            "ka",
            "ki",
            "ke",
            "ko",
            "se",
            "par",
            "raho",
            "lena",
            "dedo",
            "wapis",
        ]
    ),
    "es": frozenset(
        [
            "hola",
            "buenos",
            "buenas",
            "dias",
            "tardes",
            "noches",
            "gracias",
            "quiero",
            "quisiera",
            "necesito",
            "cuanto",
            "cuesta",
            "cual",
            "cuales",
            "donde",
            "esta",
            "estan",
            "tienes",
            "tienen",
            "tiene",
            "pedido",
            "envio",
            "precio",
            "precios",
            "adios",
            "hasta",
            "luego",
            "por",
            "favor",
            "ayuda",
            "una",
            "unos",
            "unas",
            "los",
            "las",
            "el",
            "hay",
            "puedo",
            "puede",
            "quien",
            "porque",
            "pero",
            "muy",
            "mi",
            "mis",
            "usted",
            "ustedes",
            "comprar",
            "devolver",
            "dinero",
            "telefono",
            "ordenador",
            "portatil",
            "barato",
            "caro",
            "oferta",
            "ofertas",
            "descuento",
            "llega",
            "llego",
            "llegado",
            "hablar",
            "humano",
            "queja",
            "si",
            "vale",
            "claro",
            "ahora",
            "hoy",
            "manana",
            "y",
            "muchas",
            "muchisimas",
            "estas",
            "como",
            "que",
            "del",
            "al",
            "con",
            "cambio",
        ]
    ),
    "pt": frozenset(
        [
            "ola",
            "oi",
            "oie",
            "bom",
            "boa",
            "dia",
            "tarde",
            "noite",
            "obrigado",
            "obrigada",
            "brigado",
            "valeu",
            "quero",
            "queria",
            "preciso",
            "quanto",
            "custa",
            "qual",
            "quais",
            "onde",
            "esta",
            "voce",
            "voces",
            "tem",
            "pedido",
            "frete",
            "entrega",
            "preco",
            "precos",
            "tchau",
            "ate",
            "logo",
            "ajuda",
            "uma",
            "uns",
            "umas",
            "os",
            "as",
            "o",
            "nao",
            "sim",
            "meu",
            "minha",
            "posso",
            "pode",
            "quem",
            "mas",
            "muito",
            "comprar",
            "devolver",
            "dinheiro",
            "celular",
            "notebook",
            "barato",
            "desconto",
            "chega",
            "chegou",
            "falar",
            "atendente",
            "reclamacao",
            "agora",
            "hoje",
            "amanha",
            "e",
            "isso",
            "tudo",
            "bem",
            "em",
            "do",
            "da",
            "no",
            "na",
            "dos",
            "das",
            "com",
            "fazer",
            "gostaria",
            "voltar",
        ]
    ),
    "en": frozenset(
        [
            "hi",
            "hello",
            "hey",
            "the",
            "is",
            "are",
            "am",
            "was",
            "were",
            "you",
            "your",
            "my",
            "mine",
            "i",
            "it",
            "this",
            "that",
            "what",
            "when",
            "where",
            "which",
            "who",
            "how",
            "much",
            "many",
            "do",
            "does",
            "did",
            "can",
            "could",
            "would",
            "will",
            "want",
            "need",
            "have",
            "has",
            "had",
            "not",
            "please",
            "thanks",
            "thank",
            "bye",
            "good",
            "morning",
            "evening",
            "order",
            "price",
            "buy",
            "to",
            "of",
            "for",
            "and",
            "with",
            "from",
            "me",
            "we",
            "they",
            "there",
            "in",
            "on",
            "at",
            "be",
            "been",
            "get",
            "got",
            "show",
            "send",
            "tell",
            "help",
        ]
    ),
}


def detect(text: str, previous: Language | None = None) -> Language:
    """The language of `text`; where it tells too little ('ok', '2', an emoji), `previous`, else English.

    Hindi is recognised in Devanagari and in Latin letters. A conversation keeps its language until a message
    clearly speaks another: an even count of telling words goes to `previous`.
    """
    read = text[:LONGEST_READ]
    if len(DEVANAGARI.findall(read)) * 2 > len(LATIN.findall(read)):
        return "hi"
    words = WORD.findall(read.translate(PLAIN).lower())
    told = _told(words, _marks(read))
    best = max(told.values())
    leaders = [language for language in LANGUAGES if told[language] == best]
    if best and len(leaders) == 1:
        return leaders[0]
    if previous and (previous in leaders or len(words) < ENOUGH_WORDS):
        return previous
    return _by_letters(read, previous) if len(words) >= ENOUGH_WORDS else leaders[0]


def _told(words: list[str], marks: dict[Language, int]) -> dict[Language, int]:
    told = {
        language: sum(w in TELLING[language] for w in words) + marks.get(language, 0)
        for language in LANGUAGES
    }
    told["hi"] *= 2  # Hindi in Latin letters borrows its nouns from English: "my order kab aayega"
    return told


def _marks(text: str) -> dict[Language, int]:
    """Letters and signs that only one of the languages writes."""
    return {
        "es": 2 * len(re.findall(r"[ñ¿¡]|ción\b", text.lower())),
        "pt": 2 * len(re.findall(r"[ãõ]|[aeiou]ção\b|nh[aoe]|lh[aoe]", text.lower())),
    }


def _by_letters(text: str, previous: Language | None) -> Language:
    found, probability = _identifier().classify(text)
    if previous and probability < SURE:
        return previous
    return next((language for language in LANGUAGES if language == found), previous or "en")


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
