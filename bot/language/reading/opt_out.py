"""STOP and START: the words that end and resume messages, in the desk's languages and only as a whole message.

CANCEL, CANCELAR and 'cancel karo' are left out on purpose although carriers count CANCEL among the stop words:
here they speak of an order far more often, and silence would lose the sale and the customer. END, QUIT and SALIR
are safe, since nobody answers a shop with them alone. YES is no start word either: it answers the desk's questions.
"""

from __future__ import annotations

import re
import unicodedata

STOP = frozenset(
    """
    stop|stop all|stopall|stop it now|stop messages|stop messaging me|stop sending messages|stop sending me messages
    |stop texting me|please stop|stop please|stop promotions|unsubscribe|unsubscribe me|please unsubscribe|unsub
    |opt out|optout|opt-out|opt me out|end|quit|remove me|no more messages|arret|stopp|halt
    |baja|darme de baja|dame de baja|quiero darme de baja|alto|parar|para ya|pare|salir|no mas mensajes|basta
    |desuscribir|desuscribirme|cancelar suscripcion|detener
    |sair|pare de enviar|parar mensagens|descadastrar|me descadastre|descadastre-me|nao quero mais mensagens
    |remover|desinscrever|cancelar inscricao|chega
    |ruko|rukiye|band karo|band kro|band kar do|bandh karo|message band karo|msg band karo|msg mat bhejo
    |message mat bhejo|mat bhejo|sandesh band karo
    |रोको|रोकें|रुको|बंद करो|बन्द करो|बंद करें|बन्द करें|बंद कर दो|स्टॉप|संदेश बंद करो|मैसेज बंद करो|मैसेज मत भेजो
    |अनसब्सक्राइब
    """.replace("\n", " ").split("|")
)
START = frozenset(
    """
    start|unstop|resume|subscribe|opt in|optin|opt-in|start messages|resubscribe|subscribe me
    |iniciar|comenzar|empezar|alta|darme de alta|suscribir|suscribirme|reanudar|volver a empezar
    |comecar|assinar|voltar|inscrever|retomar|cadastrar
    |shuru|shuru karo|chalu karo|chaalu karo|phir se shuru karo
    |शुरू|शुरू करो|शुरू करें|चालू करो|चालू करें|स्टार्ट
    """.replace("\n", " ").split("|")
)
LONGEST = 40  # characters; no stop word comes near, and a long message is not folded for nothing
SURROUNDING = re.compile(r"^[\W_]+|(?<![\u0900-\u097f])[\W_]+$|[\s.!?।,]+$")


def is_stop(text: str) -> bool:
    """Whether the whole message asks to end all messages: 'STOP', 'stop.', 'Baja', 'PARAR', 'बंद करो'.

    Case, accents, punctuation and space around do not matter; any further word does ("don't stop", "stop by").
    """
    return _whole(text) in _STOP


def is_start(text: str) -> bool:
    """Whether the whole message asks to resume messages: 'START', 'alta', 'शुरू करो'."""
    return _whole(text) in _START


def _whole(text: str) -> str:
    if len(text) > LONGEST:
        return ""
    return " ".join(SURROUNDING.sub("", _folded(text)).split())


def _folded(text: str) -> str:
    """Lower case without Latin accents; Devanagari keeps its vowel signs, which are letters to its readers."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in spread if not "\u0300" <= c <= "\u036f" and c not in "\u200b\u200d\ufe0f\ufeff")
    return unicodedata.normalize("NFC", kept)


_STOP = frozenset(" ".join(_folded(word).split()) for word in STOP)
_START = frozenset(" ".join(_folded(word).split()) for word in START)
