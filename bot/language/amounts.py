"""Reads amounts of money and currencies in what people write: digits, words, symbols, slang, four languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

LONGEST_READ = 2000  # characters; WhatsApp's own limit is 4096, and no amount that matters comes later
MOST_DIGITS = 24

# Same length before and after, so that spans stay true.
PLAIN = str.maketrans(
    "áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ０１２３４५",
    "aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn012345",
) | {ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
PLAIN |= {0x966 + digit: str(digit) for digit in range(10)}  # Devanagari digits

# Codes that are also words of the desk's languages: read only in capitals, or right after a number.
WORDLIKE_CODES = frozenset(
    [
        "ALL",
        "AMD",
        "ANG",
        "BAM",
        "BOB",
        "COP",
        "CUP",
        "GEL",
        "LAK",
        "MAD",
        "MOP",
        "PEN",
        "RON",
        "SOS",
        "STN",
        "TOP",
        "TRY",
        "MUR",
        "DOP",
    ]
)
CODES = frozenset(
    [
        "AED",
        "AFN",
        "ARS",
        "AUD",
        "AZN",
        "BDT",
        "BGN",
        "BHD",
        "BRL",
        "BYN",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "CRC",
        "CZK",
        "DKK",
        "DZD",
        "EGP",
        "ETB",
        "EUR",
        "GBP",
        "GHS",
        "GTQ",
        "HKD",
        "HNL",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "IQD",
        "IRR",
        "ISK",
        "JMD",
        "JOD",
        "JPY",
        "KES",
        "KRW",
        "KWD",
        "KZT",
        "LBP",
        "LKR",
        "MMK",
        "MXN",
        "MYR",
        "NGN",
        "NOK",
        "NPR",
        "NZD",
        "OMR",
        "PAB",
        "PHP",
        "PKR",
        "PLN",
        "PYG",
        "QAR",
        "RSD",
        "RUB",
        "RWF",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TND",
        "TTD",
        "TWD",
        "TZS",
        "UAH",
        "UGX",
        "USD",
        "UYU",
        "UZS",
        "VES",
        "VND",
        "XAF",
        "XOF",
        "ZAR",
        "ZMW",
    ]
)
NAMES = {
    "USD": "dollar dollars dolar dolars doller dollers dollor dollors dolares buck bucks greenback greenbacks $ us$ usd$ $us"
    " डॉलर डालर",
    "EUR": "euro euros euroes € eu यूरो",
    "GBP": "pound pounds sterling quid quids £ esterlinas libras libra पाउंड पौंड",
    "INR": "rupee rupees rupes rupess rupiya rupiyas rupaye rupaya rupye rupay rupaiya rupya rupia rupias rs rs. inrs ₹ रुपये"
    " रुपए रुपया रुपयों रूपये रु रु.",
    "JPY": "yen yens iene ienes yenes ¥ येन",
    "CNY": "yuan yuans rmb renminbi yuanes cn¥ युआन",
    "BRL": "reais reales r$",
    "MXN": "peso pesos mx$ mex$",
    "CHF": "franc francs franco francos sfr fr.",
    "AUD": "a$ au$ aud$ aussie",
    "CAD": "c$ ca$ cad$ loonie loonies",
    "HKD": "hk$",
    "SGD": "s$ sg$",
    "NZD": "nz$ kiwi",
    "TWD": "nt$",
    "RUB": "ruble rubles rouble roubles rublo rublos ₽ रूबल",
    "KRW": "₩",
    "TRY": "lira liras ₺",
    "VND": "dong ₫",
    "ILS": "shekel shekels ₪",
    "THB": "baht bahts ฿",
    "PHP": "₱",
    "NGN": "naira nairas ₦",
    "UAH": "hryvnia hryvnias ₴",
    "KZT": "tenge",
    "SEK": "kr kr. krona kronor kronas coronas coroas",
    "NOK": "krone kroner",
    "PLN": "zloty zlotys zloties zł",
    "CZK": "koruna korunas kč",
    "HUF": "forint forints",
    "RON": "lei",
    "MYR": "ringgit ringgits rm",
    "IDR": "rupiah rupiahs rp",
    "SAR": "riyal riyals रियाल",
    "AED": "dirham dirhams dirhem dhs dh दिरहम",
    "KWD": "dinar dinars",
    "KES": "shilling shillings ksh kshs",
    "ZAR": "rand rands",
    "GHS": "cedi cedis",
    "BDT": "taka takas ৳",
    "ETB": "birr",
    "PEN": "soles s/",
    "PYG": "guarani guaranies",
    "UGX": "ush",
}
# The word before or after a shared name that says whose it is.
NATIONS: dict[str, dict[str, str]] = {
    "dollar dollars dolar doller dollers dolares bucks डॉलर": {
        "USD": "us usa u.s. american united_states estadounidenses americanos अमेरिकी",
        "CAD": "canadian canada canadienses canadenses",
        "AUD": "australian australia aussie australianos",
        "NZD": "new_zealand kiwi nz",
        "HKD": "hong_kong hongkong",
        "SGD": "singapore singaporean",
        "TWD": "taiwan taiwanese",
        "JMD": "jamaican jamaica",
        "TTD": "trinidad",
    },
    "pound pounds sterling libra libras": {
        "GBP": "british uk english great_british gb sterling esterlinas",
        "EGP": "egyptian egypt",
        "LBP": "lebanese lebanon",
    },
    "rupee rupees rupaye rs rupias rupia": {
        "INR": "indian india indias",
        "PKR": "pakistani pakistan",
        "LKR": "sri_lankan lankan sri_lanka",
        "NPR": "nepali nepalese nepal",
        "MUR": "mauritian mauritius",
    },
    "peso pesos": {
        "MXN": "mexican mexico mexicanos mexicano",
        "ARS": "argentine argentinian argentina argentinos argentino",
        "COP": "colombian colombia colombianos colombiano",
        "CLP": "chilean chile chilenos chileno",
        "PHP": "philippine philippines filipino filipinos",
        "UYU": "uruguayan uruguay uruguayos",
        "DOP": "dominican dominicanos",
        "CUP": "cuban cubanos",
    },
    "real reals reais reales": {"BRL": "brazilian brazil brasilian brasileno brasilenos brasileiro brasileiros"},
    "franc francs franco francos": {"CHF": "swiss suizo suizos suico suicos", "XOF": "cfa west_african"},
    "krona kronor kronas crowns kroner krone corona coronas coroa coroas kr": {
        "SEK": "swedish sweden suecas suecos",
        "NOK": "norwegian norway noruegas",
        "DKK": "danish denmark danesas",
        "ISK": "icelandic iceland",
    },
    "koruna korunas crowns": {"CZK": "czech"},
    "lira liras": {"TRY": "turkish turkey turcas"},
    "yen": {"JPY": "japanese japan japones japoneses"},
    "yuan renminbi yuanes": {"CNY": "chinese china chinos chineses"},
    "won wons": {"KRW": "korean south_korean korea coreano coreanos"},
    "riyal riyals rial rials": {
        "SAR": "saudi",
        "QAR": "qatari qatar",
        "OMR": "omani oman",
        "IRR": "iranian iran",
    },
    "dirham dirhams": {"AED": "uae emirati dubai emirates", "MAD": "moroccan morocco"},
    "dinar dinars": {
        "KWD": "kuwaiti kuwait",
        "BHD": "bahraini bahrain",
        "JOD": "jordanian jordan",
        "RSD": "serbian serbia",
        "IQD": "iraqi iraq",
        "TND": "tunisian tunisia",
        "DZD": "algerian algeria",
    },
    "shilling shillings": {"KES": "kenyan kenya", "UGX": "ugandan uganda", "TZS": "tanzanian tanzania"},
    "ruble rubles rouble roubles": {"RUB": "russian russia", "BYN": "belarusian"},
    "rand": {"ZAR": "south_african"},
    "baht": {"THB": "thai"},
    "zloty zlotys": {"PLN": "polish"},
    "forint forints": {"HUF": "hungarian"},
    "ringgit": {"MYR": "malaysian malaysia"},
    "rupiah": {"IDR": "indonesian indonesia"},
    "dong": {"VND": "vietnamese vietnam"},
    "lei leu": {"RON": "romanian romania"},
    "lev leva": {"BGN": "bulgarian bulgaria"},
    "shekel shekels": {"ILS": "israeli"},
    "naira": {"NGN": "nigerian"},
    "cedi cedis": {"GHS": "ghanaian ghana"},
    "taka": {"BDT": "bangladeshi"},
    "soles sol": {"PEN": "peruvian peruanos"},
    "currency money": {
        "USD": "us american usa",
        "INR": "indian india",
        "GBP": "british uk",
        "EUR": "european",
        "JPY": "japanese",
        "CAD": "canadian",
        "AUD": "australian",
        "AED": "uae dubai",
        "MXN": "mexican",
        "BRL": "brazilian",
        "CNY": "chinese",
        "PKR": "pakistani",
    },
}
# Names that are common words elsewhere: a currency only right after a number.
AFTER_NUMBER = {
    "canadian": "CAD",
    "aussie": "AUD",
    "real": "BRL",
    "won": "KRW",
    "sol": "PEN",
    "pavos": "USD",
    "conto": "BRL",
    "contos": "BRL",
    "pila": "BRL",
}
COINED = {"fiver": (5, "GBP"), "fivers": (5, "GBP"), "tenner": (10, "GBP"), "tenners": (10, "GBP")}
LOOSE_SYMBOLS = frozenset(("$", "kr", "kr.", "£", "¥", "rs", "rs.", "us$", "fr.", "rp"))  # a code behind overrules them

UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40,
    "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10, "once": 11,
    "doce": 12, "trece": 13, "catorce": 14, "quince": 15, "veinte": 20, "veinticinco": 25, "treinta": 30,
    "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70, "ochenta": 80, "noventa": 90, "cien": 100,
    "ciento": 100, "doscientos": 200, "trescientos": 300, "cuatrocientos": 400, "quinientos": 500,
    "seiscientos": 600, "setecientos": 700, "ochocientos": 800, "novecientos": 900,
    "dois": 2, "duas": 2, "quatro": 4, "sete": 7, "oito": 8, "nove": 9, "dez": 10, "onze": 11, "doze": 12,
    "treze": 13, "quatorze": 14, "quinze": 15, "vinte": 20, "trinta": 30, "quarenta": 40, "cinquenta": 50,
    "sessenta": 60, "oitenta": 80, "cem": 100, "cento": 100, "duzentos": 200, "trezentos": 300,
    "quatrocentos": 400, "quinhentos": 500, "seiscentos": 600, "setecentos": 700, "oitocentos": 800,
    "novecentos": 900,
    "teen": 3, "paanch": 5, "panch": 5, "bees": 20, "pachas": 50, "pachaas": 50,
    "एक": 1, "दो": 2, "तीन": 3, "चार": 4, "पांच": 5, "पाँच": 5, "छह": 6, "सात": 7, "आठ": 8, "नौ": 9, "दस": 10,
    "ग्यारह": 11, "बारह": 12, "तेरह": 13, "चौदह": 14, "पंद्रह": 15, "पन्द्रह": 15, "सोलह": 16, "सत्रह": 17, "अठारह": 18,
    "उन्नीस": 19, "बीस": 20, "पच्चीस": 25, "तीस": 30, "पैंतीस": 35, "चालीस": 40, "पैंतालीस": 45, "पचास": 50, "साठ": 60,
    "सत्तर": 70, "पचहत्तर": 75, "अस्सी": 80, "नब्बे": 90, "निन्यानवे": 99,
    "gyarah": 11, "barah": 12, "pandrah": 15, "pachees": 25, "pachis": 25, "chalis": 40, "saath": 60, "sattar": 70,
    "assi": 80, "nabbe": 90,
}  # fmt: skip
BEFORE_SCALE: dict[str, int | Decimal] = {"a": 1, "an": 1, "un": 1, "um": 1, "uma": 1, "ek": 1, "do": 2, "char": 4, "chaar": 4, "che": 6, "saat": 7,
                "aath": 8, "nau": 9, "das": 10, "tees": 30, "half": Decimal("0.5"), "quarter": Decimal("0.25"),
                "medio": Decimal("0.5"), "meio": Decimal("0.5"), "aadha": Decimal("0.5"), "dedh": Decimal("1.5"),
                "dhai": Decimal("2.5"), "डेढ़": Decimal("1.5"), "ढाई": Decimal("2.5")}  # fmt: skip
HUNDREDS = frozenset(["hundred", "hundreds", "sau", "सौ"])
SCALES = {
    word: scale
    for scale, words in {
        1_000: "thousand thousands mil grand hazar hazaar hajar hajaar हजार हज़ार k",
        100_000: "lakh lakhs lac lacs लाख",
        1_000_000: "million millions millon millones milhao milhoes mn mio",
        10_000_000: "crore crores cr करोड़ करोड",
        1_000_000_000: "billion billions bn",
    }.items()
    for word in words.split()
}
ATTACHED_SCALES = {
    "k": 1_000,
    "m": 1_000_000,
    "b": 1_000_000_000,
    "l": 100_000,
}  # only right behind the digits
JOINERS = frozenset(("and", "y", "e"))

TOKEN = re.compile(
    r"(?P<number>\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?![\d.,]\d)|\d+(?:[.,'’_]\d+)*)"
    r"|(?P<word>[a-z]+(?:\.(?=\s?\d))?|[\u0900-\u0965\u0970-\u097f\u200c\u200d]+|[^\W\d_a-z]+)"
    r"|(?P<symbol>[$€£¥₹₽₩₺₫₪฿₱₦₴৳])"
    r"|(?P<other>\S)"
)
ATTACHED_UNIT = re.compile(r"[x×*:#%°\"]|/(?!-)|\s?(?:percent|por\s?ciento|por\s?cento|pct|प्रतिशत)\b|-?\d")


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount in a text.

    `currency` is an ISO 4217 code, or None where the text names none. `span` is the half-open range of
    characters that number and currency take up in the text as given.
    """

    value: Decimal
    currency: str | None
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mention:
    """One currency named in a text: by code, name, slang or symbol."""

    currency: str
    span: tuple[int, int]
    loose: bool


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def find_amounts(text: str) -> list[Amount]:
    """Every amount in `text`, in order of appearance.

    Reads 1,299.99 and 1.299,99 and 1 299,99 and 1'299.99 and 1,29,999; k, m, lakh, crore, mil; number words of
    English, Spanish, Portuguese and Hindi. A single separator before exactly three digits groups thousands
    (1.500 is fifteen hundred) unless a scale follows (1.125 lakh). Percentages, sizes (78x60), ids (#123), clock
    times, telephone numbers and numbers glued to letters (s24, 16gb) are not amounts. Lakh and crore without a
    currency are rupees; a bare peso is Mexican, a shilling Kenyan, a dirham Emirati, a franc Swiss.
    """
    return list(_amounts(_Reading(text)))


def find_currencies(text: str) -> list[Mention]:
    """Every currency named in `text`, in order; a code and its symbol around one amount count once each."""
    return _Reading(text).mentions


def parse_number(digits: str, *, scaled: bool = False) -> Decimal:
    """The number that one run of digits and separators stands for; `scaled` when a scale word follows it."""
    plain = re.sub(r"[\s\u00a0\u202f'’_]", "", digits)
    last = max(plain.rfind("."), plain.rfind(","))
    if last < 0:
        return Decimal(plain)
    mark, tail = plain[last], plain[last + 1 :]
    other = "," if mark == "." else "."
    grouping = plain.count(mark) > 1 or (
        len(tail) == 3 and other not in plain and not plain.startswith("0") and last <= 3 and not scaled
    )
    whole = re.sub(r"[.,]", "", plain[:last])
    return Decimal(whole + tail) if grouping else Decimal(f"{whole}.{tail}")


def _nation_names() -> Iterator[tuple[str, str]]:
    for names, nations in NATIONS.items():
        for currency, adjectives in nations.items():
            for adjective in adjectives.replace("_", "\0").split():
                for name in names.split():
                    yield f"{adjective} {name}".replace("\0", " "), currency
                    yield f"{name} {adjective}".replace("\0", " "), currency


def _lexicon() -> dict[str, str]:
    names = {name: currency for currency, known in NAMES.items() for name in known.split()}
    names |= {code.lower(): code for code in CODES}
    return {name.translate(PLAIN): currency for name, currency in (*_nation_names(), *names.items())}


LEXICON = _lexicon()
PHRASE_STARTS = frozenset(phrase.split()[0] for phrase in LEXICON if " " in phrase)
WORDLIKE = {code.lower(): code for code in WORDLIKE_CODES}


class _Reading:
    """One text cut into tokens, with the currencies found in it."""

    def __init__(self, text: str) -> None:
        self.raw = text[:LONGEST_READ]
        self.plain = self.raw.translate(PLAIN)
        self.tokens = [
            _Token(m.lastgroup or "other", m.group(), m.start(), m.end()) for m in TOKEN.finditer(self.plain)
        ]
        self.currency_at: dict[int, tuple[Mention, int]] = {}
        self._find_mentions()
        self.mentions = [mention for mention, _ in self.currency_at.values()]

    def _find_mentions(self) -> None:
        index = 0
        while index < len(self.tokens):
            found = self._mention(index)
            if found:
                self.currency_at[index] = found
                index = found[1]
            else:
                index += 1

    def _mention(self, index: int) -> tuple[Mention, int] | None:
        first = self.tokens[index]
        if first.kind not in ("word", "symbol"):
            return None
        for length in range(min(4, len(self.tokens) - index), 0, -1):
            last = self.tokens[index + length - 1]
            key = " ".join(self.plain[first.start : last.end].split())
            currency = LEXICON.get(key) or (self._wordlike(index) if length == 1 else None)
            if currency:
                return Mention(currency, (first.start, last.end), key in LOOSE_SYMBOLS), index + length
        return None

    def _wordlike(self, index: int) -> str | None:
        token = self.tokens[index]
        if token.text in WORDLIKE:
            return WORDLIKE[token.text] if self._shouted(index) or self._money_between(index) else None
        return AFTER_NUMBER.get(token.text) if self._after_number(index) else None

    def _shouted(self, index: int) -> bool:
        token = self.tokens[index]
        before_number = index + 1 < len(self.tokens) and self.tokens[index + 1].kind == "number"
        return self.raw[token.start : token.end].isupper() and (before_number or not self.raw.isupper())

    def _after_number(self, index: int) -> bool:
        before = self.tokens[index - 1] if index else None
        return before is not None and (before.kind == "number" or before.text in SCALES or before.text in UNITS)

    def _money_between(self, index: int) -> bool:
        following = [token.text for token in self.tokens[index + 1 : index + 3]]
        return (
            self._after_number(index)
            and len(following) == 2
            and following[0] in {"to", "in", "into", "=", "a", "en", "em"}
            and following[1] in LEXICON
        )


def _amounts(reading: _Reading) -> Iterator[Amount]:
    index = 0
    while index < len(reading.tokens):
        read = _number_at(reading, index)
        if read is None:
            index += 1
            continue
        value, following = read
        amount = _with_currency(reading, value, index, following)
        if amount:
            yield amount
        index = max(following, index + 1)


def _number_at(reading: _Reading, index: int) -> tuple[Decimal, int] | None:
    """The number starting at a token and the index behind it; None where no number starts."""
    token = reading.tokens[index]
    if token.text in COINED:
        return Decimal(COINED[token.text][0]), index + 1
    if token.kind == "number":
        return _digits_at(reading, index)
    if token.kind == "word" and (token.text in UNITS or token.text in BEFORE_SCALE or token.text in HUNDREDS | {"mil"}):
        return _words_at(reading, index)
    return None


def _digits_at(reading: _Reading, index: int) -> tuple[Decimal, int] | None:
    token = reading.tokens[index]
    if len(token.text) > MOST_DIGITS or not _stands_alone(reading, index):
        return None
    scale, following = _scale_at(reading, index + 1)
    return parse_number(token.text, scaled=scale > 1) * scale, following


def _scale_at(reading: _Reading, index: int) -> tuple[int, int]:
    """All scale words from a token on, multiplied: 'thousand', 'lakh crore', or a letter glued to the digits."""
    scale = 1
    tokens = reading.tokens
    if index < len(tokens) and tokens[index].start == tokens[index - 1].end and tokens[index].text in ATTACHED_SCALES:
        return ATTACHED_SCALES[tokens[index].text], index + 1
    while index < len(tokens) and (tokens[index].text in SCALES or tokens[index].text in HUNDREDS):
        scale *= SCALES.get(tokens[index].text, 100)
        index += 1
    return scale, index


def _stands_alone(reading: _Reading, index: int) -> bool:
    """Whether digits are a number of their own, not part of a size, id, time, percentage or model name."""
    token, plain = reading.tokens[index], reading.plain
    if ATTACHED_UNIT.match(plain, token.end) or (token.start and plain[token.start - 1] in "#x×*:+@"):
        return False
    before = reading.tokens[index - 1] if index else None
    glued = before and before.end == token.start and before.kind == "word" and not _currency_ending(reading, index)
    after = reading.tokens[index + 1] if index + 1 < len(reading.tokens) else None
    if after and after.start == token.end and after.kind == "word":
        known = after.text in ATTACHED_SCALES or after.text in SCALES or index + 1 in reading.currency_at
        return known and not glued
    return not glued


def _currency_ending(reading: _Reading, index: int) -> Mention | None:
    """The currency whose name ends right before a token, with nothing but a space between."""
    for start in range(max(0, index - 4), index):
        found = reading.currency_at.get(start)
        if found and found[1] == index:
            gap = reading.plain[found[0].span[1] : reading.tokens[index].start]
            return found[0] if gap.strip(" .:\u00a0\u202f") == "" else None
    return None


def _words_at(reading: _Reading, index: int) -> tuple[Decimal, int] | None:
    """A number in words: 'two hundred and fifty', 'half a million', 'mil quinientos', 'do lakh'."""
    total, group, start = Decimal(0), Decimal(0), index
    tokens = reading.tokens
    while index < len(tokens):
        word = tokens[index].text
        if word in UNITS:
            group += UNITS[word]
        elif word in HUNDREDS:
            group = (group or Decimal(1)) * 100
        elif word in SCALES:
            total, group = total + (group or Decimal(1)) * SCALES[word], Decimal(0)
        elif word in BEFORE_SCALE and _leads_number(reading, index):
            group = group or Decimal(BEFORE_SCALE[word])
        elif not (word in JOINERS and index > start and _continues(tokens, index)):
            break
        index += 1
    value = total + group
    return (value, index) if index > start else None


def _continues(tokens: list[_Token], index: int) -> bool:
    return index + 1 < len(tokens) and (tokens[index + 1].text in UNITS or tokens[index + 1].text in HUNDREDS)


def _leads_number(reading: _Reading, index: int) -> bool:
    """Whether 'a', 'half', 'do' … belongs to an amount: a scale or (for one) a currency comes next."""
    tokens = reading.tokens
    ahead = index + 1
    if tokens[index].text in {"half", "quarter"} and ahead < len(tokens) and tokens[ahead].text in {"a", "of"}:
        ahead += 1
    if ahead >= len(tokens):
        return False
    if tokens[ahead].text in SCALES or tokens[ahead].text in HUNDREDS:
        return tokens[ahead].text != "k"
    return tokens[index].text in {"a", "an", "un", "um", "ek", "half"} and ahead in reading.currency_at


def _with_currency(reading: _Reading, value: Decimal, index: int, following: int) -> Amount | None:
    tokens = reading.tokens
    start, end = tokens[index].start, tokens[following - 1].end
    if tokens[index].text in COINED:
        return Amount(value, COINED[tokens[index].text][1], (start, end))
    ahead, behind = _currency_ending(reading, index), _currency_following(reading, following)
    if ahead and behind and not ahead.loose:
        behind = None if _has_own_number(reading, behind) or _is_code(reading, ahead) else behind
    chosen = behind or ahead
    if chosen is None and not _plausible_alone(tokens[index], value):
        return None
    currency = chosen.currency if chosen else _implied(tokens[index:following])
    spans = [mention.span for mention in (ahead, behind) if mention and (mention.loose or mention is chosen)]
    return Amount(
        value,
        currency,
        (min([start, *(s for s, _ in spans)]), max([end, *(e for _, e in spans)])),
    )


def _implied(number: list[_Token]) -> str | None:
    """Lakh and crore are counted in rupees unless another currency is named."""
    return "INR" if any(SCALES.get(token.text) in (100_000, 10_000_000) for token in number) else None


def _is_code(reading: _Reading, mention: Mention) -> bool:
    return len(reading.plain[slice(*mention.span)]) <= 3


def _has_own_number(reading: _Reading, mention: Mention) -> bool:
    return bool(re.match(r"\s?\d", reading.plain[mention.span[1] :]))


def _currency_following(reading: _Reading, index: int) -> Mention | None:
    """The currency named right behind a number: '50 euros', '30usd', '999 (sek)', '500/- rs'."""
    tokens = reading.tokens
    while index < len(tokens) and tokens[index].text in {"(", "/", "-", "of"}:
        index += 1
    found = reading.currency_at.get(index)
    if found is None or (found[0].loose and _has_own_number(reading, found[0])):
        return None
    return found[0]


def _plausible_alone(token: _Token, value: Decimal) -> bool:
    """A number without a currency counts unless it looks like a telephone or order number, or is just 'one'."""
    if token.kind == "word":
        return value > 1
    return not (token.text.isdigit() and len(token.text) >= 9)
