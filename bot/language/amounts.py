"""Reads amounts of money and currencies in what people write: digits, words, symbols, slang, in every language."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel import Locale
from babel.numbers import get_currency_name

from bot.language.languages import LANGUAGES, LETTERS, about
from bot.language.normalisation import fold_in_place
from bot.language.words import alternatives, keyed_words, lines_of_all, words_of_all

LONGEST_READ = 2000  # characters; WhatsApp's own limit is 4096, and no amount that matters comes later
MOST_DIGITS = 24

# Codes that are also words of the desk's languages: read only in capitals, or right after a number.
WORDLIKE_CODES = frozenset("ALL AMD ANG BAM BOB COP CUP GEL LAK MAD MOP PEN RON SOS STN TOP TRY MUR DOP".split())
CODES = frozenset(
    """
    AED AFN ARS AUD AZN BDT BGN BHD BRL BYN CAD CHF CLP CNY CRC CZK DKK DZD EGP ETB EUR GBP GHS GTQ HKD HNL HUF IDR ILS
    INR IQD IRR ISK JMD JOD JPY KES KRW KWD KZT LBP LKR MMK MXN MYR NGN NOK NPR NZD OMR PAB PHP PKR PLN PYG QAR RSD RUB
    RWF SAR SEK SGD THB TND TTD TWD TZS UAH UGX USD UYU UZS VES VND XAF XOF ZAR ZMW
    """.split()
)
# Signs and short forms that are written in every language.
SIGNS = {
    "USD": "$ us$ usd$ $us", "EUR": "€", "GBP": "£", "INR": "₹ rs rs. inrs", "JPY": "¥", "CNY": "cn¥ rmb", "BRL": "r$",
    "MXN": "mx$ mex$", "CHF": "sfr fr.", "AUD": "a$ au$ aud$", "CAD": "c$ ca$ cad$", "HKD": "hk$", "SGD": "s$ sg$",
    "NZD": "nz$", "TWD": "nt$", "RUB": "₽", "KRW": "₩", "TRY": "₺", "VND": "₫", "ILS": "₪", "THB": "฿", "PHP": "₱",
    "NGN": "₦", "UAH": "₴", "SEK": "kr kr.", "PLN": "zł", "CZK": "kč", "MYR": "rm", "IDR": "rp", "AED": "dhs dh",
    "KES": "ksh kshs", "BDT": "৳", "PEN": "s/", "UGX": "ush",
}  # fmt: skip
LOOSE_SYMBOLS = frozenset(("$", "kr", "kr.", "£", "¥", "rs", "rs.", "us$", "fr.", "rp"))  # a code behind overrules them
# Currencies that share a name, the one it means where nothing else is said first.
SHARED_NAMES = (
    "USD CAD AUD NZD HKD SGD TWD JMD TTD", "GBP EGP LBP", "INR PKR LKR NPR MUR", "MXN ARS COP CLP PHP UYU DOP CUP",
    "CHF XOF", "SEK NOK DKK ISK", "SAR QAR OMR IRR", "AED MAD", "KWD BHD JOD RSD IQD TND DZD", "KES UGX TZS", "RUB BYN",
)  # fmt: skip
MOST_WORDS = 4  # of a currency's name


def _valued(subject: str, key: str) -> dict[str, Decimal]:
    return {word: Decimal(value) for value, word in keyed_words(subject, key)}


UNITS = _valued("numbers", "units")
BEFORE_SCALE = _valued("numbers", "before_scale")
SCALES = {word: int(scale) for word, scale in _valued("numbers", "scales").items()}
ATTACHED_SCALES = {letter: int(scale) for letter, scale in _valued("numbers", "attached_scales").items()}
HUNDREDS = frozenset(words_of_all("numbers", "hundreds"))
STARTS_NUMBER = UNITS.keys() | BEFORE_SCALE.keys() | HUNDREDS | {*words_of_all("numbers", "alone")}
ARTICLES, JOINERS = (frozenset(words_of_all("numbers", key)) for key in ("articles", "joiners"))
HALVES, HALF_OF = (frozenset(words_of_all("numbers", key)) for key in ("halves", "half_of"))
TENS, TEENS = (frozenset(words_of_all("numbers", key)) for key in ("tens", "teens"))

AFTER_NUMBER = {word: code for code, word in keyed_words("amounts", "names_after_number")}
COINED = {
    word: (Decimal(value), code)
    for value, *rest in lines_of_all("amounts", "coined")
    for code, *words in [rest]
    for word in words
}
BETWEEN = frozenset(words_of_all("amounts", "into")) | {"="}
BEFORE_CURRENCY = frozenset(words_of_all("amounts", "of")) | {"(", "/", "-"}

TOKEN = re.compile(
    r"(?P<number>\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?![\d.,]\d)|\d+(?:[.,'’_]\d+)*)"
    rf"|(?P<word>[a-z]+(?:\.(?=\s?\d))?|[{LETTERS}\u200c\u200d]+|[^\W\d_a-z]+)"
    r"|(?P<symbol>[$€£¥₹₽₩₺₫₪฿₱₦₴৳])"
    r"|(?P<other>\S)"
)
ATTACHED_UNIT = re.compile(rf"[x×*:#%°\"]|/(?!-)|\s?(?:{alternatives('numbers', 'percent')})\b|-?\d")


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
    every language. A single separator before exactly three digits groups thousands
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


def _lexicon() -> dict[str, str]:
    """Every name of a currency, folded, and its code: CLDR's, with a nation beside it, in common use, the codes."""
    plain: defaultdict[str, list[str]] = defaultdict(list)
    for code, name in keyed_words("amounts", "names"):
        plain[code].append(name)
    for code, signs in SIGNS.items():
        plain[code] += signs.split()
    names = {name: code for code, known in plain.items() for name in known}
    codes = {code.lower(): code for code in CODES}
    return {
        **_full_names(),
        **_nation_names(plain),
        **{fold_in_place(name): code for name, code in names.items()},
        **codes,
    }


def _full_names() -> dict[str, str]:
    """CLDR's names of two to four words, such as "mexican pesos"; the shorter ones mean other things as well."""
    found = {}
    for language in LANGUAGES:
        locale = Locale.parse(about(language).locale)
        for code in sorted(CODES | WORDLIKE_CODES):
            for count in (1, 2):
                name = fold_in_place(get_currency_name(code, count=count, locale=locale)).lower()
                if 1 < len(name.split()) <= MOST_WORDS:
                    found[" ".join(name.split())] = code
    return found


def _nation_names(plain: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Names with the word before or after them that says whose they are."""
    shared = {code: group.split()[0] for group in SHARED_NAMES for code in group.split()}
    beside: defaultdict[str, list[str]] = defaultdict(list)
    for code, name in keyed_words("amounts", "names_with_nation"):
        beside[code].append(name)
    found = {}
    for code, nation in keyed_words("amounts", "nations"):
        first = shared.get(code, code)
        named = [name for name in (*plain[first], *beside[first]) if name[0].isalpha() and "$" not in name]
        for name in (*named, *words_of_all("amounts", "money")):
            for phrase in (f"{nation} {name}", f"{name} {nation}"):
                found[fold_in_place(phrase.replace("_", " "))] = code
    return found


LEXICON = _lexicon()
WORDLIKE = {code.lower(): code for code in WORDLIKE_CODES}


class _Reading:
    """One text cut into tokens, with the currencies found in it."""

    def __init__(self, text: str) -> None:
        self.raw = text[:LONGEST_READ]
        self.plain = fold_in_place(self.raw)
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
        for length in range(min(MOST_WORDS, len(self.tokens) - index), 0, -1):
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
        return self._after_number(index) and len(following) == 2 and following[0] in BETWEEN and following[1] in LEXICON


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
        return COINED[token.text][0], index + 1
    if token.kind == "number":
        return _digits_at(reading, index)
    if token.kind == "word" and token.text in STARTS_NUMBER:
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
    """A number in words: 'two hundred and fifty', 'mil quinientos', 'do lakh', 'dua puluh lima'."""
    total, group, start = Decimal(0), Decimal(0), index
    digit = Decimal(0)  # a number of one digit right before
    tokens = reading.tokens
    while index < len(tokens):
        word = tokens[index].text
        before, digit = digit, Decimal(0)
        if word in UNITS:
            group += UNITS[word]
            digit = UNITS[word] if UNITS[word] < 10 else digit
        elif word in TENS and before:
            group += before * 9
        elif word in TEENS and before:
            group += 10
        elif word in HUNDREDS:
            group = (group or Decimal(1)) * 100
        elif word in SCALES:
            total, group = total + (group or Decimal(1)) * SCALES[word], Decimal(0)
        elif word in BEFORE_SCALE and _leads_number(reading, index):
            group = group or BEFORE_SCALE[word]
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
    if tokens[index].text in HALVES and ahead < len(tokens) and tokens[ahead].text in HALF_OF:
        ahead += 1
    if ahead >= len(tokens):
        return False
    if tokens[ahead].text in SCALES or tokens[ahead].text in HUNDREDS:
        return tokens[ahead].text != "k"
    return tokens[index].text in ARTICLES and ahead in reading.currency_at


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
    while index < len(tokens) and tokens[index].text in BEFORE_CURRENCY:
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
