"""Reads what a text states about its writer, and about nobody else; rather nothing than something wrong.

A text is cut into clauses. What is asked, supposed, quoted or told of another person states nothing about the writer,
so those clauses are dropped first; the rest must begin with words that claim something ("I live in", "calzo un",
"mere paas"). English, Spanish, Portuguese, and Hindi in both scripts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.language.reading.birthdays import find_birthday
from bot.language.reading.names import FROM, FROM_HINDI, TOKENS, find_city, find_name, hints


@dataclass(frozen=True, slots=True)
class Learned:
    """Something that a text says about its writer; with `ended`: that it holds no longer (an empty value: whatever held)."""

    predicate: str  # one of memory.people.facts.PREDICATES
    value: str
    ended: bool = False
    confidence: float = 1.0
    said_by: str = "customer"


QUOTED = re.compile(r"“[^”]*”|«[^»]*»|\"[^\"\n]*\"|^\s*>.*$", re.MULTILINE)
SENTENCE = re.compile(r"[^.!?\n।…]*(?:\.(?=\w)[^.!?\n।…]*)*[.!?।…]*")
# A new clause begins after a comma, after "and" or "but", and with a question or an order that follows without either.
CLAUSE = re.compile(
    r"[,;:]\s+(?!(?:19|20)\d\d\b)|\s+[-–—]\s+"
    r"|\s+(?:and|but|so|because|which is why|y|pero|porque|e|mas|aur|lekin|और|लेकिन|मगर|इसलिए)\s+"
    r"|\s+(?=(?:do|does|can|could|will|would|what|how|which|where|when|please|pls|(?:is|are) (?:it|there|this|that|they|you)"
    r"|i['’]?m from|i am from|cu[aá]nto|qu[eé]|pueden?|hay|quanto|voc[eê]s?|podem?|kya|kitna|kitne|क्या|कितना)\s+\w)",
    re.IGNORECASE,
)
# What follows one of these in a sentence is supposed, wished, or an example.
SUPPOSED = re.compile(
    r"\b(?:if|suppose|supposing|imagine|pretend|assuming|let['’]?s say|maybe|perhaps|unless|i wish"
    r"|hypothetically|in case|for example|e\.g|joking|kidding|supongamos|imag[ií]na\w*|quiz[aá]s?|tal vez|ojal[aá]"
    r"|por ejemplo|suponha\w*|supondo|talvez|tomara|por exemplo|agar|yadi|maan lo|maano|shayad|kaash)\b"
    r"|(?:^|[\s,])(?:अगर|यदि|मान लो|मानो|शायद|काश)(?=\s)"
    r"|(?:^|\s)si (?=\w)|^\s*(?:e )?se (?=\w)|\bse eu\b|(?:^|\s)(?:cuando me|quando eu me)\s",
    re.IGNORECASE,
)
_RELATIVE = (
    r"(?:brother|sister|mom|mum|mother|dad|father|wife|husband|son|daughter|kid|child|friend|boss|cousin|uncle|aunt|nephew"
    r"|niece|girlfriend|boyfriend|partner|neighbou?r|colleague|hermano|hermana|madre|padre|mam[aá]|pap[aá]|esposa|esposo"
    r"|marido|mujer|hijo|hija|amigo|amiga|jefe|prim[oa]|novi[oa]|irm[aã]o?|m[aã]e|pai|filh[oa]|namorad[oa]|chefe|mulher"
    r"|bhai|behen|behan|mummy|papa|pati|patni|biwi|beta|beti|dost|भाई|बहन|माँ|मां|पापा|पति|पत्नी|बेटा|बेटे|बेटी|दोस्त)"
)
REPORTED = re.compile(
    rf"\b(?:he|she|they|people|somebody|someone|everyone|{_RELATIVE}|[eé]l|ella|ellos|ele|ela|eles|woh|wo|unhone)"
    r"(?: \w+)? (?:says?|said|tells?|told|asks?|asked|thinks?|wrote|writes|dice|dijo|dicen|pregunta|diz|disse|dizem|perguntou"
    r"|bolt[aie]|bola|boli|kaha|kehta|kehti|बोला|बोली|कहता|कहती)\b",
    re.IGNORECASE,
)
# Every match has one of these in it: see memory.names.hints.
SUPPOSED_BY = (
    "if", "suppos", "imag", "pretend", "assum", "say", "maybe", "perhaps", "unless", "wish", "hypothetic", "in case",
    "for example", "e.g", "joking", "kidding", "supon", "quiz", "tal vez", "ojal", "por e", "talvez", "tomara", "agar",
    "yadi", "maan", "shayad", "kaash", "अगर", "यदि", "मान", "शायद", "काश", "si ", "se ", "cuando me", "quando eu",
)  # fmt: skip
REPORTED_BY = (
    "say", "said", "tell", "told", "ask", "think", "thought", "wrote", "write", "dice", "dijo", "pregunt", "diz", "disse",
    "pergunt", "bol", "kaha", "kehta", "kehti", "बोल", "कहत",
)  # fmt: skip
OTHERS = re.compile(
    rf"\b(?:my|mi|mis|meus?|minhas?|mer[aei]|his|her|their|a|un|una|um|uma|ek|मेर[ाेी])\s+(?:\w+\s)?{_RELATIVE}(?:['’]s)?(?!\w)",
    re.IGNORECASE,
)
LEAD = (
    r"^(?:(?:hi|hello|hey|hola|oi|ol[aá]|namaste|well|ok|okay|yes|yeah|yep|no|nope|s[ií]|sim|n[aã]o|haan|ji|actually|btw"
    r"|by the way|sorry|also|and|but|now|oh|ah|so|note that|fyi|just so you know|remember|as i said|like i said"
    r"|i told you|i said|i think|bueno|pues|ahora|por cierto|adem[aá]s|perd[oó]n|ya|bom|bem|agora|ali[aá]s|desculpa|tamb[eé]m|ab"
    r"|waise|aur|lekin|to|toh|अब|वैसे|हाँ|हां|जी|और|लेकिन|तो|but now|y ahora|e agora)[\s,!.:]+)*"
)
GOODS = (
    r"(?:i?phones?|smartphones?|mobiles?|galaxy|pixel|redmi|oneplus|xiaomi|samsung|macbook|mac|imac|ipad|laptops?|notebooks?"
    r"|thinkpad|chromebook|computer|pc|desktop|tablet|kindle|monitor|screen|keyboard|mouse|headphones?|earbuds?|earphones?"
    r"|airpods?|headset|speaker|charger|power ?bank|camera|gopro|drone|watch|smartwatch|tv|console|playstation|ps[45]|xbox"
    r"|nintendo|switch|printer|router|glasses|sunglasses|shoes|sneakers|trainers|boots|jacket|coat|dress|jeans|shirt"
    r"|backpack|bag|suitcase|bike|bicycle|scooter|car|m[oó]vil|celular(?:es)?|tel[eé]fono|port[aá]til|ordenador|computadora?"
    r"|computador|teclado|rat[oó]n|aud[ií]fonos|auriculares|cascos|altavoz|cargador|c[aá]mara|reloj|tele|gafas|lentes"
    r"|zapatos|zapatillas|botas|chaqueta|mochila|maleta|bici(?:cleta)?|coche|carro|fones?|caixa de som|carregador|rel[oó]gio"
    r"|[oó]culos|sapatos|t[eê]nis|jaqueta|casaco|chashma|ghadi|joote|फोन|फ़ोन|मोबाइल|लैपटॉप|आईफोन|घड़ी|चश्मा|जूते|टीवी|कैमरा)"
)
SIZE = r"(?:(?:EU|UK|US|BR|IND?)\s?)?\d{1,2}(?:[.,]5)?(?:\s?(?:EU|UK|US|BR))?|X{0,4}[SL]|[2-6]XL|M|extra[ -](?:small|large)|small|medium|large"
SHOES = re.compile(
    r"\b(?:shoes?|sneakers?|trainers?|boots?|foot|feet|zapatos?|zapatillas?|botas?|calzo|calzado|pie|sapatos?|t[eê]nis|cal[cç]o"
    r"|cal[cç]ado|p[eé]|joot[aeo]n?|joote|jute|chappal)\b|जूत|चप्पल",
    re.IGNORECASE,
)
CLOTHES = re.compile(
    r"\b(?:t-?shirts?|shirts?|clothes|clothing|dress|dresses|pants|jeans|trousers|jackets?|coats?|suits?|hoodies?|skirts?"
    r"|camisas?|camisetas?|ropa|vestidos?|pantal[oó]n(?:es)?|chaquetas?|abrigo|roupas?|cal[cç]as|jaquetas?|visto|kapd[eao]"
    r"|kurt[ai])\b|कपड़|शर्ट|कुर्त",
    re.IGNORECASE,
)
_PLURAL_OR_NOT = (
    r"(?:an?|the|my|one|two|some|another|un[oa]?s?|el|la|los|las|mis?|um|uma|uns|umas|o|os|as|meus?|minhas?|ek|एक)"
)
_NOT_OWNED = re.compile(
    r"\b(?:question|problem|in mind|in (?:my|the|your) cart|on order|voucher|coupon|order|idea|pregunta|problema|en mente|pedido"
    r"|pergunta|em mente|sawaal|to (?:return|sell)|yet)\b",
    re.IGNORECASE,
)
_PIECE = r"[\w\u0900-\u097F'’+./-]+"  # \w knows no vowel signs
_AFTER_THING = re.compile(
    r"\s*(?:$|[,.;:!?()]|\b(?:and|but|so|which|that|from|with|since|for|already|because|at|in|on|to|is|it|as|now|right|last|yesterday|this|y|pero|que"
    r"|desde|con|para|de mi|e|mas|com|h[aá]|hai|hain|tha|any|anymore|m[aá]s|mais|है|हैं)\b)",
    re.IGNORECASE,
)
_NO_TASTE = frozenset(
    """it this that these those them him her you your how when what why who where to the way being waiting having paying
    price prices idea fact look anything anyone everything him me myself nothing esto eso esta este ese esa ello que cómo
    como cuando el precio idea isso isto esse essa este esta ele ela preço ideia yeh ye woh wo yah यह वह ये""".split()
)


def read_facts(text: str, language: str) -> list[Learned]:
    """Everything that `text` (in `language`: en, es, pt, hi) states about its writer, in the order of PREDICATES.

    "I'm looking", "is it good for Dubai?", "my brother lives in Dubai", "if I lived in Dubai" state nothing.
    """
    spoken = [*sentences(text[:LONGEST_READ])]
    name = find_name(" ".join(spoken)) if spoken else None
    found = [Learned("name", name)] if name else []
    for sentence in spoken:
        found += _of_sentence(sentence, language)
    return list(dict.fromkeys(found))


def sentences(text: str) -> Iterator[str]:
    """The sentences in which the writer speaks for themselves: not quoted, not supposed, not told of another."""
    own = QUOTED.sub(lambda quoted: quoted.group() if len(quoted.group().split()) < 3 else "\n", text)
    for found in SENTENCE.findall(own):
        asks = found.rstrip().endswith("?")
        sentence = _before(REPORTED, REPORTED_BY, _before(SUPPOSED, SUPPOSED_BY, found)).strip()
        if sentence:
            yield sentence if sentence == found.strip() or not asks else f"{sentence}, ?"


def _before(pattern: re.Pattern[str], words: Sequence[str], text: str) -> str:
    return pattern.split(text, maxsplit=1)[0] if hints(text.casefold(), words) else text


def clauses(sentence: str) -> list[str]:
    """The clauses of a sentence that state something: the last one of a question does not, nor does one about others."""
    parts = own_clauses(sentence, others=True)
    if sentence.rstrip().endswith("?"):
        parts = parts[:-1]
    return [part for part in parts if not OTHERS.search(part)]


def own_clauses(sentence: str, *, others: bool = False) -> list[str]:
    """The clauses of a sentence, asked or stated; without `others`, those that speak of nobody else."""
    parts = [part.strip() for part in CLAUSE.split(sentence) if part and part.strip()]
    return parts if others else [part for part in parts if not OTHERS.search(part)]


def _of_sentence(sentence: str, language: str) -> Iterator[Learned]:
    address = _address(sentence)
    if address:
        yield Learned("address", address)
        return
    for clause in clauses(sentence):
        for read in (_city_ended, _city, _birthday, _size, _owned_no_more, _owned, _liked, _disliked):
            found = read(clause, language)
            if found is not None:
                yield found
                break


def _city(clause: str, language: str) -> Learned | None:
    said = re.sub(LEAD, "", clause, flags=re.IGNORECASE)
    moved = MOVED.match(said)
    stays = moved or FROM.match(said) or FROM_HINDI.match(said)
    if not stays or VISITS.search(said):
        return None
    place = find_city(f"I live in {said[moved.end() :]}" if moved else said, language)
    return Learned("city", place) if place else None


VISITS = re.compile(
    r"\b(?:for (?:a|the|two|three|\d+) (?:days?|weeks?|weekend|months?)|this week(?:end)?|until|right now|today|tonight"
    r"|on (?:vacation|holiday|business)|visiting|de vacaciones|de visita|unos d[ií]as|esta semana|hoy|de f[eé]rias|a passeio"
    r"|por uns dias|hoje|abhi|aaj)\b",
    re.IGNORECASE,
)


MOVED = re.compile(
    r"(?:(?:i|we)(?:['’]ve| have)? (?:just |recently |finally )?(?:moved|relocated|shifted) (?:back )?(?:from [\w ]{2,30} )?to"
    r"|(?:i|we) (?:now|currently) live in|(?:i|we)['’]?(?:m| am|re| are) (?:now |currently )?(?:living|based|settled) in"
    r"|my new city is|(?:me|nos) (?:he |hemos )?(?:mud[eéa]|mudado|mudamos|trasladé)(?: de [\w ]{2,30})? a|(?:ahora|actualmente) vivo en"
    r"|(?:eu )?(?:me )?mudei(?:-me)?(?: de [\w ]{2,30})? (?:para|pra)|(?:agora|atualmente) (?:eu )?moro em"
    r"|(?:eu )?estou morando em)\s+(?:the |o |a )?",
    re.IGNORECASE,
)
_CITY_ENDED = re.compile(
    LEAD + r"(?:(?:i|we) (?:no longer|don['’]?t|do not) live (?:there|in (?P<en>[\w ]+?))(?: any ?more| any longer)?"
    r"|ya no vivo (?:ah[ií]|all[ií]|en (?P<es>[\w ]+))|(?:eu )?(?:j[aá] )?n[aã]o moro mais (?:l[aá]|a[ií]|em (?P<pt>[\w ]+))"
    r"|(?:main |mai )?(?P<hl>\w+) me(?:in)? nahi(?:n)? reht[aie](?: hu| hoon| hun)?"
    r"|(?:मैं )?(?:अब )?(?P<hi>\S+) में नहीं रहत[ाे]?ी?(?: हूँ| हूं)?)\s*$",
    re.IGNORECASE,
)


def _city_ended(clause: str, _language: str) -> Learned | None:
    return _ended("city", _CITY_ENDED.match(clause))


def _ended(predicate: str, found: re.Match[str] | None) -> Learned | None:
    if found is None:
        return None
    named = next((value for value in found.groupdict().values() if value), "")
    return Learned(predicate, " ".join(named.split()[:6]), ended=True)


def _birthday(clause: str, _language: str) -> Learned | None:
    day = find_birthday(clause)
    return Learned("birthday", day) if day else None


_SIZED = re.compile(
    LEAD + r"(?:"
    r"(?:i|we) (?:usually |normally |always |mostly )?(?:wear|take|use|need) (?:an? )?(?:(?:EU|UK|US) )?(?:shoe |clothing |t-?shirt |shirt )?size"
    r"|(?:i|we) (?:usually |normally |always )?(?:wear|take) (?:an? )?"
    r"|my (?:shoe |clothing |clothes |dress |t-?shirt |shirt |jeans )?size(?: in \w+)? (?:is|:)(?: an?)?|my (?:shoe |clothing )?size:|i(?:['’]?m| am) (?:an? )?(?:size )"
    r"|(?:yo )?calzo(?: (?:un|el|la|una))?(?: talla| n[uú]mero)?|(?:uso|llevo|soy|tengo)(?: (?:una|la))? talla"
    r"|mi (?:talla|n[uú]mero)(?: de [\w ]{2,20})? es(?: (?:la|el|una?))?"
    r"|(?:eu )?cal[cç]o(?: (?:um|o|n[uú]mero))?|(?:eu )?(?:uso|visto)(?: (?:o )?(?:tamanho|n[uú]mero))"
    r"|(?:eu )?visto|(?:o )?meu (?:tamanho|n[uú]mero)(?: de [\w ]{2,20})? [eé](?: [oa])?"
    r"|mer[aei] (?:(?:shoe|joote|joota|kapde|shirt)(?: ka| ke)? )?size|main|मेर[ाेी] (?:जूते का |कपड़ों का )?(?:साइज़|साइज|नंबर)|मैं"
    rf")\s*[:=]?\s*(?P<size>{SIZE})(?P<rest>(?!\w).*)$",
    re.IGNORECASE,
)
_SIZE_ENDS = re.compile(
    r"\s*(?:$|[.,!)(]|\b(?:in|en|em|for|shoes?|sneakers?|boots?|trainers?|t-?shirts?|shirts?|clothes|jackets?|jeans|dress(?:es)?|pants|size"
    r"|de|para|hai|number|no|ka|ke|pehen\w*|pahan\w*|usually|normally|eu|uk|us|है|नंबर|का|के|पहन\S*)\b|(?=\s(?:है|नंबर|का|के|पहन)))",
    re.IGNORECASE,
)
_WORN = re.compile(r"pehen|pahan|पहन", re.IGNORECASE)
_LETTER_SIZE = re.compile(r"X{0,4}[SML]|[2-6]XL", re.IGNORECASE)


def _size(clause: str, _language: str) -> Learned | None:
    found = _SIZED.match(clause)
    if found is None or not _SIZE_ENDS.match(found["rest"]) or _weighs_or_counts(found):
        return None
    size = " ".join(found["size"].replace(",", ".").split())
    size = size if size.islower() and len(size) > 3 else size.upper()
    if SHOES.search(clause):
        return Learned("shoe_size", size)
    clothes = CLOTHES.search(clause) or _LETTER_SIZE.fullmatch(size) or size.islower()
    return Learned("clothing_size" if clothes else "size", size)


def _weighs_or_counts(found: re.Match[str]) -> bool:
    """ "main 2 …" needs a word for wearing, and "I take 2" is how many, not how large."""
    intro = found.group()[: found.start("size") - found.start()].casefold().split()
    if intro and intro[-1] in ("main", "मैं"):
        return not _WORN.search(found["rest"])
    digits = re.sub(r"\D", "", found["size"])
    small = bool(digits) and len(digits) < 2
    return (
        small
        and not any("size" in word or "calz" in word or "calç" in word or "talla" in word for word in intro)
        and not ({"número", "numero", "tamanho", "साइज़", "साइज", "नंबर"} & set(intro))
    )


_OWNED = re.compile(
    LEAD
    + rf"(?:(?:i|we)(?:['’]ve| have)? (?:already |currently |still |just |recently )?(?:have|own|got|use|bought|purchased|had bought) (?:{_PLURAL_OR_NOT} )?(?P<en>.+)"
    rf"|my (?:current |old |own )?(?:phone|laptop|computer|watch|tablet|camera|car|bike|tv|headphones) is (?:{_PLURAL_OR_NOT} )?(?P<my>.+)"
    rf"|(?:yo )?(?:ya )?(?:tengo|uso|compr[eé]|me compr[eé]) (?:{_PLURAL_OR_NOT} )?(?P<es>.+)"
    rf"|(?:eu )?(?:j[aá] )?(?:tenho|uso|comprei) (?:{_PLURAL_OR_NOT} )?(?P<pt>.+)"
    r"|(?:mere|hamare) (?:paas|pass) (?:pehle se )?(?:ek )?(?P<hl>.+?) (?:hai|hain)\b.*"
    r"|मेरे पास (?:पहले से )?(?:एक )?(?P<hi>.+?) (?:है|हैं)\s*$)",
    re.IGNORECASE,
)
_OWNED_NO_MORE = re.compile(
    LEAD
    + rf"(?:(?:i|we) (?:no longer|don['’]?t|do not) (?:have|own|use) (?:{_PLURAL_OR_NOT} )?(?P<en>.+?)(?: any ?more| any longer)?\s*$"
    r"|(?:i|we)(?:['’]ve| have)? (?:just |already )?(?:sold|lost|gave away|returned) (?:my|the|our) (?P<sold>.+)"
    rf"|(?:ya )?no tengo (?:m[aá]s )?(?:{_PLURAL_OR_NOT} )?(?P<es>.+)|vend[ií] (?:mi|el|la) (?P<ves>.+)"
    rf"|(?:eu )?(?:j[aá] )?n[aã]o tenho mais (?:{_PLURAL_OR_NOT} )?(?P<pt>.+)|(?:eu )?vendi (?:meu|minha|o|a) (?P<vpt>.+)"
    r"|(?:mere|hamare) (?:paas|pass) (?P<hl>.+?) nahi(?:n)?(?: hai)?\s*$|maine (?:apna|apni|apne) (?P<vhl>.+?) bech (?:diya|di)\s*$"
    r"|मेरे पास (?:अब )?(?P<hi>.+?) नहीं(?: है| हैं)?\s*$|मैंने (?:अपना|अपनी|अपने) (?P<vhi>.+?) बेच (?:दिया|दी)\s*$)",
    re.IGNORECASE,
)


def _owned(clause: str, _language: str) -> Learned | None:
    thing = _thing(_OWNED.match(clause))
    return Learned("owns", thing) if thing and _is_goods(thing) else None


def _is_goods(thing: str) -> bool:
    return re.search(rf"(?<!\w){GOODS}(?!\w)", thing, re.IGNORECASE) is not None


def _owned_no_more(clause: str, _language: str) -> Learned | None:
    thing = _thing(_OWNED_NO_MORE.match(clause))
    return Learned("owns", thing, ended=True) if thing and (_is_goods(thing) or re.search(r"[A-Z\d]", thing)) else None


def _thing(found: re.Match[str] | None) -> str | None:
    """The thing that a clause names, up to five words; None where it goes on to something that is no thing."""
    if found is None or _NOT_OWNED.search(found.group()):
        return None
    said = next(value for value in found.groupdict().values() if value)
    words = re.match(rf"{_PIECE}(?: {_PIECE}){{0,4}}", said.strip())
    if words is None:
        return None
    kept: list[str] = []
    for word in words.group().rstrip(".").split():
        if kept and _AFTER_THING.match(word):
            break
        kept.append(word)
    return " ".join(kept)


_DISLIKED = re.compile(
    LEAD
    + r"(?:(?:i|we) (?:really |just )?(?:don['’]?t|do not|didn['’]?t|did not|never) (?:really )?like[d]? (?P<en>.+)"
    r"|(?:i|we) (?:really |absolutely )?(?:hate|dislike|can['’]?t stand) (?P<hate>.+)"
    r"|(?:a m[ií] )?no me (?:gustan?|gust[oó]|gustaron) (?:nada )?(?P<es>.+)|(?:yo )?(?:odio|detesto) (?P<odio>.+)"
    r"|(?:eu )?n[aã]o (?:gosto|gostei|curto) (?:muito )?d[eoa]s? (?P<pt>.+)"
    r"|(?:mujhe|mere ko) (?P<hl>.+?) (?:pasand|pasan|achh?[aei]) nahi(?:n)?.*|मुझे (?P<hi>.+?) (?:पसंद|अच्छ[ाेी]) नहीं.*)$",
    re.IGNORECASE,
)
_LIKED = re.compile(
    LEAD
    + r"(?:(?:i|we) (?:do |actually |now )?like (?P<en>.+?) (?:now|again|after all)|(?:i|we) don['’]?t mind (?P<mind>.+?)(?: any ?more)?"
    r"|(?:ahora )?s[ií] me gustan? (?P<es>.+)|agora (?:eu )?gosto d[eoa]s? (?P<pt>.+)|ab mujhe (?P<hl>.+?) pasand (?:hai|hain)"
    r"|अब मुझे (?P<hi>.+?) पसंद (?:है|हैं))\s*$",
    re.IGNORECASE,
)


def _disliked(clause: str, _language: str) -> Learned | None:
    thing = _taste(_DISLIKED.match(clause))
    return Learned("disliked", thing) if thing else None


def _liked(clause: str, _language: str) -> Learned | None:
    thing = _taste(_LIKED.match(clause))
    return Learned("disliked", thing, ended=True) if thing else None


def _taste(found: re.Match[str] | None) -> str | None:
    if found is None:
        return None
    thing = _thing(found)
    words = re.sub(rf"^{_PLURAL_OR_NOT} ", "", thing or "", flags=re.IGNORECASE).rstrip(".").split()
    telling = words and not _NO_TASTE & {words[0].casefold(), words[-1].casefold()} and not words[0].endswith("ing")
    return " ".join(words) if telling else None


_ADDRESS = re.compile(
    LEAD + r"(?:my (?:new |delivery |shipping |home |full |current )?address(?: is(?: now)?|:)"
    r"|(?:please |pls )?(?:deliver|ship|send)(?: it| them| this| the order)? to(?: my (?:new )?address)?[:]?(?= \d)"
    r"|mi (?:nueva )?direcci[oó]n(?: nueva)?(?: de env[ií]o)? (?:es|:)|mi (?:nueva )?direcci[oó]n:"
    r"|(?:o )?meu (?:novo )?endere[cç]o(?: novo| de entrega)?(?: [eé]|:)"
    r"|mer[aei] (?:naya |new |ghar ka )?(?:address|pata)(?: hai|:| ye hai| yeh hai)?|मेरा (?:नया |घर का )?(?:पता|एड्रेस)(?: है|:)?)"
    r"\s*[:,-]?\s*(?P<at>[^\s].*?)(?: hai| है)?\s*$",
    re.IGNORECASE,
)


def _address(sentence: str) -> str | None:
    """A place with a house number; the commas in it are part of it."""
    found = _ADDRESS.match(sentence.strip())
    if found is None or sentence.rstrip().endswith("?") or OTHERS.search(sentence[: found.start("at")]):
        return None
    place = found["at"].strip(" .!।,")
    denied = re.match(r"(?:not|no|n[aã]o|nahi)\b", place, re.IGNORECASE)
    is_place = (
        not denied and re.search(r"\d", place) and TOKENS.search(place) and "@" not in place and "://" not in place
    )
    return place[:LONGEST_ADDRESS] if is_place and len(place.split()) > 1 else None


LONGEST_ADDRESS = 160  # characters
LONGEST_READ = 4000  # characters of a message: nobody introduces themselves behind them

Reading = Callable[[str, str], Learned | None]
