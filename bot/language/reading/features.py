"""Turns a message into what the classifier counts: words, word pairs and letter groups, hashed into buckets."""

from __future__ import annotations

import re
import unicodedata
from zlib import crc32

from bot.language.normalisation import fold_in_place

BUCKETS = 1 << 16
LONGEST_READ = 400  # characters; what a message is about is said by then, and a long one costs no more
LETTER_GROUPS = (2, 3, 4, 5)

SHAPES = (
    (re.compile(r"https?://\S+|www\.\S+"), " urlshape "),
    (re.compile(r"\S+@\S+\.\w+"), " mailshape "),
    (
        re.compile(r"\b\d+(?:\.\d+)?\s?(?:[x*×]|by|into)\s?\d+(?:\.\d+)?(?:\s?(?:[x*×]|by)\s?\d+)?"),
        " sizeshape ",
    ),
    (re.compile(r"\+?\d[\d ]{8,13}\d"), " phoneshape "),
    (re.compile(r"\d+(?:[.,]\d+)?\s?%|\d+ ?percent\b"), " percentshape "),
    (re.compile(r"[#]\s?\d+"), " numbershape "),
    (re.compile(r"\d{5,}"), " longnumber "),
    (re.compile(r"\d+(?:[.,]\d+)*"), " 0 "),
)
STRETCHED = re.compile(r"(\w)\1{2,}")
WORD = re.compile(r"[a-z0-9']+|[\u0900-\u0965\u0970-\u097f\u200c\u200d]+|[^\W_]+|[$€£¥₹?!]|[^\s\w.,;:'\"()\[\]*-]")
SHORT_FORMS = {
    "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please", "plzz": "please", "plese": "please",
    "pl": "please", "wht": "what", "wat": "what", "hw": "how", "abt": "about", "n": "and", "d": "the", "b/w": "between",
    "thx": "thanks", "thanx": "thanks", "tnx": "thanks", "msg": "message", "msgs": "messages", "del": "delivery",
    "no.": "number", "nos": "number", "wanna": "want to", "gonna": "going to", "cant": "can't", "dont": "don't",
    "didnt": "didn't", "havent": "haven't", "whats": "what's", "wheres": "where's", "im": "i'm", "y": "why",
    "amt": "amount", "qty": "quantity", "ordr": "order", "oder": "order", "recieved": "received", "recived": "received",
    "recieve": "receive", "mattres": "mattress", "matress": "mattress", "matters": "mattress", "matt": "mattress",
    "matresses": "mattress", "mattresses": "mattress", "matteress": "mattress",
    # English in Devanagari, as `romanised` spells it, and the commonest Hindi words as people do.
    "ordar": "order", "maisej": "message", "pasaward": "password", "pement": "payment", "kainsil": "cancel",
    "kainsal": "cancel", "diliwri": "delivery", "diliwar": "deliver", "parsal": "parcel", "paiket": "packet",
    "rifand": "refund", "diskaunt": "discount", "ofar": "offer", "kupan": "coupon", "nanbar": "number", "kol": "call",
    "fon": "phone", "laiptop": "laptop", "saij": "size", "saiz": "size", "ritarn": "return", "eksachenj": "exchange",
    "kastamar": "customer", "keyar": "care", "ejent": "agent", "dolar": "dollar", "yuro": "euro", "paund": "pound",
    "kaard": "card", "akaunt": "account", "otipi": "otp", "aip": "app", "traik": "track", "traiking": "tracking",
    "kuriyar": "courier", "thainks": "thanks", "thaink": "thank", "hailo": "hello", "helo": "hello", "haay": "hi",
    "baay": "bye", "ret": "rate", "karensi": "currency", "imel": "email", "bil": "bill", "stok": "stock",
    "whatsaaip": "whatsapp", "mainejar": "manager", "nyuzletar": "newsletter", "blok": "block", "buk": "book",
    "iemaai": "emi", "modal": "model", "waranti": "warranty", "garanti": "guarantee", "sait": "site", "inwois": "invoice",
    "rupye": "rupaye", "chahie": "chahiye", "aaega": "aayega", "lie": "liye", "gae": "gaye", "nahin": "nahi",
    "hun": "hu", "men": "me", "hain": "hai", "karen": "kare", "yah": "ye", "achchha": "accha", "kuchh": "kuch",
}  # fmt: skip


DEVANAGARI = re.compile(r"[\u0900-\u0965\u0970-\u097f\u200c\u200d]+")
CONSONANTS = dict(zip("कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसह", (
    "k", "kh", "g", "gh", "n", "ch", "chh", "j", "jh", "n", "t", "th", "d", "dh", "n", "t", "th", "d", "dh", "n", "p", "f",
    "b", "bh", "m", "y", "r", "l", "w", "sh", "sh", "s", "h",
), strict=True))  # fmt: skip
LONG = "+"  # a long a; written double in a word of one closed syllable (baat), single elsewhere (karna)
VOWELS = dict(zip("अआइईउऊऋएऐऑओऔ", ("a", "aa", "i", "i", "u", "u", "ri", "e", "ai", "o", "o", "au"), strict=True))
SIGNS = dict(zip("ािीुूृेैॉोौ", (LONG, "i", "i", "u", "u", "ri", "e", "ai", "o", "o", "au"), strict=True))
OTHER_SIGNS = {"\u0902": "n", "\u0901": "n", "\u0903": "h"}
NUKTA, VIRAMA = "\u093c", "\u094d"
SILENT = "*"  # stands for the vowel that a consonant carries without a sign, until it is known to be spoken
UNSPOKEN = re.compile(
    r"\*$|(?<=[aeiou+*][^aeiou+*])\*(?=[^aeiou+*]h?[aeiou+])|(?<=[aeiou+*][^aeiou+*]h)\*(?=[^aeiou+*]h?[aeiou+])"
)
CLOSED = re.compile(r"^([^aeiou+*]+)\+([^aeiou+*]+)$")


def romanised(word: str) -> str:
    """A Hindi word as people type it in Latin letters: करना as karna, so that both spellings share what is learned."""
    letters: list[str] = []
    for sign in unicodedata.normalize("NFD", word):
        if sign in SIGNS or sign == VIRAMA:
            if letters and letters[-1] == SILENT:
                letters.pop()
            letters.append(SIGNS.get(sign, ""))
        elif sign in CONSONANTS:
            letters += [CONSONANTS[sign], SILENT]
        elif sign == NUKTA:
            letters[-2:-1] = ["z" if letter == "j" else letter for letter in letters[-2:-1]]
        else:
            letters.append(VOWELS.get(sign) or OTHER_SIGNS.get(sign, ""))
    spoken = UNSPOKEN.sub("", "".join(letters)).replace(SILENT, "a")
    return CLOSED.sub(r"\1aa\2", spoken).replace(LONG, "a")


def words_of(text: str) -> list[str]:
    """The message's words, lower case without accents; numbers, sizes and telephone numbers as their shape."""
    plain = STRETCHED.sub(r"\1\1", fold_in_place(text[:LONGEST_READ]).lower().replace("’", "'"))
    for shape, name in SHAPES:
        plain = shape.sub(name, plain)
    plain = DEVANAGARI.sub(lambda word: romanised(word[0]), plain)
    return [part for word in WORD.findall(plain) for part in SHORT_FORMS.get(word, word).split()]


def buckets_of(words: list[str]) -> dict[int, int]:
    """How often each hashed feature occurs in these words."""
    counts: dict[int, int] = {}
    for feature in _features(words):
        bucket = crc32(feature.encode("utf-8", "surrogatepass")) % BUCKETS
        counts[bucket] = counts.get(bucket, 0) + 1
    return counts


def _features(words: list[str]) -> list[str]:
    found = [f"w {word}" for word in words]
    found += [f"p {one} {two}" for one, two in zip(["^", *words], [*words, "$"], strict=True)]
    for word in words:
        framed = f" {word} "
        for size in LETTER_GROUPS:
            found += [framed[i : i + size] for i in range(len(framed) - size + 1)]
    return found
