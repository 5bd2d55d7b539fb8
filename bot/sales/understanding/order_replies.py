"""What counts as a yes or a no to a quote: plain words and nothing besides."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.language.normalisation import fold
from memory.conversations.messages import Message
from memory.shop.orders import read_number

YES_PAYLOAD, NO_PAYLOAD, BUY_PAYLOAD = "order:yes", "order:no", "buy:"

_YES_WORDS = (
    "yes|yess+|yea+h*|yep|yup|ya|sure|confirm(?:ed)?|i confirm|yes confirm|confirm (?:the |my )?order|go ahead"
    "|(?:place|book|confirm) (?:it|the order|my order)|order it|do it|buy it|i(?:'| wi)?ll take it|of course|absolutely"
    "|definitely|correct|si+|claro(?: que si)?|dale|vale|confirmo|confirmado|adelante|hazlo|de acuerdo|por supuesto"
    "|si quiero|lo quiero|me lo quedo|lo compro|sim|confirmar|pode(?: sim)?|pode confirmar|quero(?: sim)?|fechado"
    "|isso mesmo|com certeza|haa?n+|han|haa|ji|ji haa?n|haa?n ji|bilkul|kar do|kardo|kar dijiye|order kar do|confirm kar do"
    "|confirm karo|le lunga|le lungi|हा|हाँ|हां|हॉ|जी|जी हाँ|जी हां|हाँ जी|हां जी|बिल्कुल|कर दो|कर दीजिए|ऑर्डर कर दो"
    "|कन्फर्म|कन्फर्म करो|पक्का"
)
_POLITE = (
    "please|pls|plz|thanks|thank you|thank u|thx|ok|okay|por favor|gracias|obrigad[oa]|dhanyavad|shukriya|bhai|ji|sir"
    "|धन्यवाद|शुक्रिया|कृपया|जी|✅|👍|🙏|😊|🙂"
)
_NO_WORDS = (
    "no+|nope|nah|no thanks|no thank you|not now|not yet|cancel|cancel it|never ?mind|don'?t|do not|stop it|forget it"
    "|leave it|wait|hold on|later|maybe later|ahora no|todavia no|no gracias|no quiero|cancelar?|cancelalo|dejalo|mejor no"
    "|espera|nao|nao quero|agora nao|ainda nao|deixa|deixa pra la|espere|nahi+n?|nahi chahiye|mat karo|rehne do|abhi nahi"
    "|ruko|नहीं|नही|मत करो|रहने दो|अभी नहीं|रुको|रद्द करो|नहीं चाहिए"
)
_YES = re.compile(rf"(?:(?:{_POLITE}) )*(?:{_YES_WORDS})(?: (?:{_YES_WORDS}|{_POLITE}))*")
_NO = re.compile(rf"(?:(?:{_POLITE}) )*(?:{_NO_WORDS})(?: (?:{_NO_WORDS}|{_POLITE}))*")
_HALF_YES = re.compile(
    r"(?:ok(?:ay|ey)?|k+|fine|good|great|perfect|cool|hmm+|thee?k(?: hai)?|thik(?: hai)?|accha|acha|ठीक(?: है)?|अच्छा"
    r"|bien|bueno|perfecto|esta bien|bom|beleza|perfeito|ta bom|👍|👌|✅|yes\?+|si\?+|sim\?+|haan\?+)(?: (?:ok|👍|👌))*"
)
_NUMBER = re.compile(r"\b[A-Z]{4}-[A-Z]{4}\b")
_NUMBER_LOOSE = re.compile(r"\b[b-df-hj-np-tv-xz]{4}[- ]?[b-df-hj-np-tv-xz]{4}\b", re.IGNORECASE)


def says_yes(messages: Sequence[Message]) -> bool:
    """Whether every one of these messages is an unmistakable yes: a pressed button, or a yes and nothing besides.

    "yes but in blue?", "yes?", "ok", a thumb up and "ok how much is shipping" are none.
    """
    return bool(messages) and all(_is(message, YES_PAYLOAD, _YES) for message in messages)


def says_no(messages: Sequence[Message]) -> bool:
    """Whether the last of these messages turns the quote down, by button or by a no and nothing besides."""
    return bool(messages) and _is(messages[-1], NO_PAYLOAD, _NO)


def says_half_yes(messages: Sequence[Message]) -> bool:
    """Whether these messages sound content without being a yes: worth asking once more."""
    return bool(messages) and all(_HALF_YES.fullmatch(_plain(m.content, keep="?")) for m in messages)


def find_order_number(text: str, numbers: Sequence[str]) -> str | None:
    """The order number a text names: one of `numbers` in any spelling, else anything that looks like one."""
    loose = [read_number(found.group()) for found in _NUMBER_LOOSE.finditer(text)]
    known = next((number for number in loose if number in numbers), None)
    strict = _NUMBER.search(text)
    return known or (strict.group() if strict else None)


def _is(message: Message, payload: str, words: re.Pattern[str]) -> bool:
    pressed = message.metadata.get("payload")
    if pressed is not None:
        return bool(pressed == payload)
    return words.fullmatch(_plain(message.content)) is not None


def _plain(text: str, *, keep: str = "") -> str:
    if "?" in text and not keep:
        return ""
    kept = re.sub(rf"[^\w\s'✅👍👌🙏😊🙂\u0900-\u097F{keep}]+", " ", fold(text))
    return " ".join(kept.split())
