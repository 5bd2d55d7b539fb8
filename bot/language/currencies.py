"""Names, codes, signs and slang of currencies, in every language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from babel import Locale
from babel.numbers import get_currency_name

from bot.language.languages import LANGUAGES, about
from bot.language.normalisation import fold_in_place
from bot.language.words import keyed_words, lines_of_all, words_of_all

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
LOOSE_SYMBOLS = frozenset(
    ("$", "kr", "kr.", "£", "¥", "rs", "rs.", "us$", "fr.", "rp")
)  # a code behind overrules them: "$50 CAD"
# Currencies that share a name. The first is meant where no nation is named: a bare "peso" is Mexican.
SHARED_NAMES = (
    "USD CAD AUD NZD HKD SGD TWD JMD TTD", "GBP EGP LBP", "INR PKR LKR NPR MUR", "MXN ARS COP CLP PHP UYU DOP CUP",
    "CHF XOF", "SEK NOK DKK ISK", "SAR QAR OMR IRR", "AED MAD", "KWD BHD JOD RSD IQD TND DZD", "KES UGX TZS", "RUB BYN",
)  # fmt: skip
MOST_WORDS = 4  # of a currency's name
AFTER_NUMBER = {word: code for code, word in keyed_words("amounts", "names_after_number")}
AMOUNT_SLANG = {  # word → value and currency: "tenner"
    word: (Decimal(value), code)
    for value, *rest in lines_of_all("amounts", "coined")
    for code, *words in [rest]
    for word in words
}


def _lexicon() -> dict[str, str]:
    """Currency code by folded name."""
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
    # Only CLDR names of two to four words ("mexican pesos"): shorter ones have other meanings.
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
