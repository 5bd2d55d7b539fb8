"""What customers who came through ads ask about before they buy: counted by topic, in the desk's four languages."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from memory.ads.chat_texts import Voice

Topic = Literal[
    "cash on delivery", "delivery time", "returns", "warranty", "price too high", "discount", "is it genuine",
    "size and fit", "installments",
]  # fmt: skip
ENOUGH_CHATS: Final = 20  # below that, shares say nothing
OFTEN: Final = 0.05  # of the chats; what fewer ask about is no objection to answer in an ad


@dataclass(frozen=True, slots=True)
class Objections:
    """How many chats asked about each topic; a chat counts once for a topic, however often it asks."""

    chats: int
    by_topic: Mapping[Topic, int]

    def share(self, topic: Topic) -> float:
        """Of all chats, 0 to 1."""
        return self.by_topic.get(topic, 0) / self.chats if self.chats else 0.0

    def sentence(self, topic: Topic) -> str:
        """As staff read it: “27 of 90 chats asked about cash on delivery”."""
        return f"{self.by_topic.get(topic, 0)} of {self.chats} chats asked {_ASKED.get(topic, f'about {topic}')}"

    def frequent(self) -> list[Topic]:
        """The topics worth an answer, most asked first; none before there are enough chats."""
        if self.chats < ENOUGH_CHATS:
            return []
        return [topic for topic in self.by_topic if self.share(topic) >= OFTEN]


def objections(voices: Sequence[Voice]) -> Objections:
    """Counted over chats in which the customer wrote at least something; most asked first."""
    spoken = [voice for voice in voices if any(text.strip() for text in voice.texts)]
    counts = Counter(topic for voice in spoken for topic in topics("\n".join(voice.texts)))
    return Objections(len(spoken), dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))))


def topics(text: str) -> set[Topic]:
    """What a text asks about or doubts."""
    plain = _plain(text)
    return {topic for topic, pattern in _PATTERNS.items() if pattern.search(plain)}


def _plain(text: str) -> str:
    """Small letters; accents, the dot below Devanagari letters and invisible joiners left out: people leave them out."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    dropped = ("\u093c", "\u200b", "\u200c", "\u200d")
    return "".join(each for each in decomposed if not "\u0300" <= each <= "\u036f" and each not in dropped)


def _any(latin: Sequence[str], devanagari: Sequence[str]) -> re.Pattern[str]:
    """Latin phrases hold at word edges, and a space in them stands for any gap; Devanagari ones anywhere."""
    words = "|".join(_plain(phrase).replace(" ", r"[\s,\-–—]+") for phrase in latin)
    others = "".join(f"|{_plain(phrase)}" for phrase in devanagari)
    return re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_]){others}")


_ASKED: Final[Mapping[Topic, str]] = {
    "price too high": "for less, or said it costs too much",
    "discount": "for a discount",
    "is it genuine": "whether it is genuine",
    "installments": "to pay in installments",
}
_IN_DAYS = r"(?:days?|weeks?|dias?|semanas?|din|hafte)"
_PATTERNS: Final[Mapping[Topic, re.Pattern[str]]] = {
    "cash on delivery": _any(
        (
            r"cash on delivery", r"c\.?\s?o\.?\s?d", r"pay (?:\w+ )?(?:on|at|upon|after) (?:the )?(?:delivery|door|arrival)",
            r"pay (?:\w+ ){0,2}when (?:it|i|they) (?:arrives?|comes?|gets? it|receive(?: it)?)", r"pay (?:in )?cash",
            r"contra[-\s]?(?:entrega|reembolso)", r"pag(?:o|ar|as|amos|ando) (?:\w+ )?(?:al recibir\w*|a la entrega|cuando llegue|en efectivo)",
            r"(?:pago|pagar) (?:en|con) efectivo", r"pag(?:o|ar|amento|a) (?:\w+ )?(?:na entrega|ao receber|quando chegar|em dinheiro)",
            r"(?:delivery|saman|parcel|ghar) (?:\w+ )?(?:par|pe|aane par|aane pe) (?:paisa|paise|payment|cash)",
            r"(?:paisa|paise|payment|cash) (?:\w+ )?(?:delivery|milne|aane|ghar) (?:ke baad|par|pe)",
        ),
        (r"कैश ऑन डिलीवरी", r"सीओडी", r"डिलीवरी (?:पर|के बाद) (?:भुगतान|पैसे|पेमेंट|कैश)", r"(?:सामान|पार्सल) (?:मिलने|आने) पर (?:भुगतान|पैसे|पेमेंट)"),
    ),
    "delivery time": _any(
        (
            r"how (?:long|many days|soon|fast) (?:\w+ ){0,5}(?:deliver\w*|ship\w*|arrive|take|takes|reach|get (?:it|here|them))",
            r"when (?:\w+ ){0,4}(?:arrives?|delivered|deliver|reach(?:es)?|come|ship\w*)", r"delivery (?:time|date|days?)",
            r"(?:deliver|delivery|arrive|reach)\w* (?:\w+ ){0,3}(?:today|tomorrow|this week|by (?:mon|tues|wednes|thurs|fri|satur|sun)day)",
            r"cuanto (?:tiempo )?(?:se )?(?:tarda\w*|demora\w*)", r"cuando (?:me )?(?:llega\w*|entregan?|lo recib\w+|envian)",
            r"(?:tiempo|plazo|dias?) de (?:entrega|envio)", rf"en cuantos? {_IN_DAYS}", rf"cuantos? {_IN_DAYS} (?:tarda\w*|demora\w*)",
            r"quanto tempo (?:\w+ ){0,3}(?:demora|leva|chega\w*|entreg\w+)", r"quando (?:\w+ )?(?:chega\w*|entregam?|vou receber)",
            r"(?:prazo|tempo) de entrega", rf"em quantos? {_IN_DAYS}", rf"quantos? {_IN_DAYS} (?:demora|leva|para)",
            rf"kitne {_IN_DAYS} (?:mein|me|main|lag\w*)?", r"kab (?:tak )?(?:\w+ )?(?:ayega|aayega|aaega|aega|milega|milegi|pahunch\w*|pohonch\w*|deliver\w*)",
        ),
        (r"कितने दिन", r"कब (?:तक )?(?:\S+ )?(?:आएगा|आयेगा|मिलेगा|मिलेगी|पहुंच|पहुँच|डिलीवर)", r"डिलीवरी (?:का समय|में कितना)"),
    ),
    "returns": _any(
        (
            r"returns?", r"returned", r"returnable", r"send (?:it|them) back", r"refunds?", r"money back", r"exchange (?:it|them|the|policy)",
            r"devol(?:ver\w*|ucion(?:es)?|vem|vo)", r"reembolso(?! \d)", r"cambi(?:ar\w*|o) (?:por|si|la talla|de talla)",
            r"devolucao", r"devolucoes", r"troca(?:r|s)? (?:se|por|o|a|caso)", r"dinheiro de volta",
            r"wapas", r"vapas", r"waapas", r"lauta\w*", r"badal(?:na|wa)\w*", r"badli",
        ),
        (r"वापस", r"वापिस", r"लौटा", r"रिटर्न", r"रिफंड", r"बदल (?:सक|कर)"),
    ),
    "warranty": _any(
        (r"warrant(?:y|ies)", r"guarantees?", r"guaranteed?", r"garantias?", r"waranty", r"gara?nti", r"gaurantee", r"if it breaks", r"si se (?:rompe|estropea|dana)", r"se quebrar", r"kharab ho (?:gaya|jaye|gayi)"),
        (r"वारंटी", r"वारन्टी", r"गारंटी", r"गारन्टी", r"खराब हो (?:गया|जाए)"),
    ),
    "price too high": _any(
        (
            r"(?:too|very|so|bit|quite|really) (?:expensive|costly|pricey|much)", r"expensive", r"overpriced", r"costly",
            r"cheaper", r"can(?:'?t|not) afford", r"(?:over|out of|beyond) my budget", r"lower price", r"less price",
            r"(?:muy|tan|demasiado|mas|bastante) car[oa]s?", r"es car[oa]", r"car[ií]sim[oa]s?", r"mas (?:barat[oa]s?|economic[oa]s?)", r"fuera de mi presupuesto",
            r"(?:muito|tao|meio|mais) car[oa]s?", r"(?:esta|ta|e) car[oa]", r"mais barat[oa]s?", r"mais em conta", r"fora do (?:meu )?orcamento",
            r"m[ae]h?[ea]?nga", r"m[ae]h?[ea]?ngi", r"mehe?nge", r"sasta", r"saste", r"sasti", r"(?:daam|price|rate) (?:zyada|jyada|kam)", r"(?:zyada|jyada) (?:daam|price|rate|paise)",
        ),
        (r"महंगा", r"महंगी", r"महँगा", r"महँगी", r"सस्ता", r"सस्ती", r"दाम (?:ज्यादा|कम)", r"बजट से (?:बाहर|ज्यादा)"),
    ),
    "discount": _any(
        (
            r"discounts?", r"coupons?", r"promo(?:\s?codes?|tions?|cion(?:es)?|cao|coes)?s?", r"(?:special|any|some|best) offers?", r"best price", r"offers",
            r"\d{1,2}\s?% (?:off|de desc\w+)", r"descuentos?", r"rebajas?", r"ofertas?", r"cupon(?:es)?", r"descontos?", r"cupom", r"cupons",
            r"chhoot", r"chhut", r"choot", r"kuch kam (?:karo|kijiye|kar do|ho\w*)", r"last price", r"final price",
        ),
        (r"छूट", r"डिस्काउंट", r"ऑफर", r"कूपन", r"कुछ कम"),
    ),
    "is it genuine": _any(
        (
            r"(?:is|are) (?:it|this|they|these) (?:really |all |100\s?% )?(?:real|genuine|original|authentic|legit|fake|a scam|trusted)", r"genuine", r"authentic", r"legit\w*",
            r"original(?:es|s)?", r"originais", r"fakes?", r"scams?", r"fraud", r"(?:first )?copy or", r"replicas?", r"can i trust", r"trustworthy",
            r"aut[eé]ntic[oa]s?", r"estafa", r"fals[oa]s?", r"de verdad(?: es)?", r"es (?:seguro|confiable|fiable)", r"golpe", r"confiavel", r"e seguro", r"verdadeir[oa]s?",
            r"as[ls]i", r"asli", r"nakli", r"naqli", r"dhoka", r"dhokha", r"bharosa",
        ),
        (r"असली", r"नकली", r"ओरिजिनल", r"धोखा", r"भरोसा", r"फ्रॉड"),
    ),
    "size and fit": _any(
        (
            r"(?:what|which|my|your|the|right|other) sizes?", r"sizes?", r"does it fit", r"do they fit", r"(?:will|would) (?:it|they|this|these) fit", r"too (?:big|small|tight|loose)", r"fit (?:me|my)",
            r"tallas?", r"que medidas?", r"me (?:quedan?|queda bien|sirven?)", r"(?:muy )?(?:grande|pequen[oa]) para", r"tamanhos?", r"tamanos?", r"(?:serve|cabe)m? (?:em|no|na|para)", r"medidas?",
            r"saiz", r"naap", r"fitting", r"fit (?:aayega|ayega|hoga|hogi|baithe\w*)", r"chhota", r"bada (?:hai|hoga)",
        ),
        (r"साइज", r"नाप", r"फिट", r"फिटिंग"),
    ),
    "installments": _any(
        (
            r"instal+ments?", r"emi", r"emis", r"monthly payments?", r"pay (?:\w+ )?(?:monthly|later|in parts)", r"(?:buy now )?pay later", r"financ(?:e|ing)",
            r"cuotas?", r"a plazos", r"en plazos", r"pagos? mensual(?:es)?", r"meses sin intereses", r"financia(?:r|cion|miento)", r"parcel(?:a|as|ar|ado|amento|ada)", r"em \d{1,2}\s?x", r"\d{1,2}\s?x sem juros", r"financiamento",
            r"kist", r"kisht", r"kiston", r"kishton", r"qist",
        ),
        (r"किस्त", r"किश्त", r"ईएमआई"),
    ),
}  # fmt: skip
