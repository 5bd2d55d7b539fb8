"""What customers' words point to: shop topics, the item they mean, how many; in the desk's four languages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.language.normalisation import fold

LETTER = r"\w\u0900-\u097f"


def _cue(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![{LETTER}])(?:{fold(words)})(?![{LETTER}])")


TOPICS: dict[str, re.Pattern[str]] = {
    "returns": _cue(
        r"return policy|returns?|returnable|exchange policy|refund policy|send (?:it|them) back|devol\w+"
        r"|cambios?|troca\w*"
        r"|wapas|waapas|vapas|lauta\w*|वापस|वापसी|लौटा\w*|रिटर्न"
    ),
    "warranty": _cue(r"warrant\w+|guarant\w+|garanti\w*|वारंटी|गारंटी|warenty|warrenty"),
    "delivery": _cue(
        r"(?<!cash on )(?<!pay on )deliver\w*|delivary|shipping|shipment|ship (?:to|it|internationally)|do you ship|courier|postage"
        r"|how long does it take"
        r"|envi[oa]s?|envian|(?<!contra )(?<!contra-)(?<!pagar na )(?<!pago na )(?<!paga na )entrega[ns]?|tarda(?:n)?|cuanto demora|frete|prazo|demora|डिलीवरी|डिलिवरी"
        r"|शिपिंग|kab tak (?:aayega|milega|pahunchega)"
    ),
    "payment": _cue(
        r"pay|paying|payments?|cod|cash on delivery|contra[ -]?entrega|contra ?reembolso|credit cards?|debit cards?|cards?|upi|gpay|paytm|paypal|emi"
        r"|installments?|instalments?"
        r"|bank transfer|pag(?:o|os|ar|amento|amentos|a)|tarjetas?|transferencia|cuotas|cartao|cartoes|boleto"
        r"|pix|parcelas?|parcelar"
        r"|bhugtan|भुगतान|पेमेंट|किस्त|कैश"
    ),
    "hours": _cue(
        r"hours|opening hours|opening times?|business hours|working hours|open (?:today|now|on|at|until|till)"
        r"|are you open|when (?:do|are) you (?:open|close)\w*"
        r"|what time|closing time|timings?|horarios?|a que hora|abren|abierto|cierran|abertos?|que horas|abrem"
        r"|fecham|kitne baje|kab khul\w*|samay|समय|कितने बजे|कब खुल\w*"
    ),
    "location": _cue(
        r"where are you|location|located|address|your (?:store|shop|showroom|office)|physical store|showroom"
        r"|store location|visit (?:you|your)"
        r"|donde estan|donde esta la tienda|ubicacion|ubicados|direccion|tienda fisica|onde (?:fica|voces"
        r"|vcs)\w*|endereco|localizacao|loja fisica"
        r"|kahan (?:hai|ho|par)|dukaan|dukan|pata kya|कहाँ (?:है|हैं|हो)|कहां (?:है|हैं|हो)|दुकान|पता क्या"
    ),
    "discount": _cue(
        r"discounts?|coupons?|promo(?:tion)?s?(?: codes?)?|offers?|deals?|best price|last price|lower price"
        r"|cheaper price|negotia\w+|bargain\w*|reduce|less price"
        r"|descuentos?|rebajas?|cupon(?:es)?|ofertas?|promocion(?:es)?|mas barato no|ultimo precio|descontos?"
        r"|cupo(?:m|ns)|promoc\w+|abatimento"
        r"|chhoot|chhut|kam (?:karo|kar do|karoge)|thoda kam|छूट|डिस्काउंट|ऑफर|कम (?:करो|कर दो)"
    ),
    "stock": _cue(
        r"in stock|available|availability|still have|stock|disponib\w+|disponivel|tienen aun|quedan"
        r"|tem (?:em )?estoque|estoque|ainda tem"
        r"|uplabdh|milega|उपलब्ध|स्टॉक|मिलेगा"
    ),
}
POLICIES = ("delivery", "returns", "warranty", "payment", "hours", "location")
GREETING = _cue(
    r"hi+|hello+|hey+|hiya|yo|greetings|good (?:morning|afternoon|evening|day)|i(?:'m| am)? back|hola+"
    r"|buen(?:os|as)(?: (?:dias|tardes|noches))?|que tal"
    r"|ola+|oi+|bom dia|boa (?:tarde|noite)|namast[ey]|namaskar|salaam|salam|ram ram|नमस्ते|नमस्कार|हैलो|हेलो|हाय"
)
THANKS = _cue(r"thanks?|thank (?:you|u)|thx|ty|cheers|gracias|obrigad[oa]|valeu|dhanyavaa?d|shukriya|धन्यवाद|शुक्रिया|थैंक्स")
BYE = _cue(
    r"bye+|goodbye|see (?:you|ya)|good night|adios|hasta luego|chao|chau|tchau|ate logo|ate mais|alvida|phir milenge|अलविदा|बाय"
)
HUMAN = _cue(
    r"(?:real |live |actual )?(?:human|person|agent|operator|representative|executive)s?(?: please)?|(?:talk"
    r"|speak|chat) (?:to|with) (?:someone|somebody|a|an|your|the)\b.*"
    r"|customer (?:care|service)|manager|hablar con (?:una persona|alguien|un humano|un agente|un asesor)"
    r"|asesor|agente|persona real|atendente"
    r"|falar com (?:uma pessoa|alguem|um atendente|um humano)|pessoa de verdade|insaan|kisi se baat"
    r"|agent se baat|इंसान|किसी से बात|एजेंट"
)
COMPLAINT = _cue(
    r"complain\w*|broken|damaged|defective|faulty|scam|fraud|cheat\w*|terrible|horrible|worst|awful"
    r"|unacceptable|disappointed|wrong (?:item|product|order|colou?r|size)"
    r"|(?:doesn'?t|does not|not|isn'?t|stopped) work\w*|never (?:arrived|came|received)|(?:not|haven'?t"
    r"|have not|didn'?t) (?:yet )?(?:received?|arrived?|got|get)\b.*|(?:i )?want (?:a|my) (?:refund|money)\b.*"
    r"|refund me|my money back|give me (?:a |my )?(?:refund|money)\b.*|queja\w*|reclam\w+|rot[oa]s?|danad[oa]s?"
    r"|defectuos[oa]s?|estafa|pesim[oa]|no funciona|no (?:me )?(?:ha )?lleg(?:o|ado)|quiero (?:un reembolso"
    r"|mi dinero)"
    r"|quebrad[oa]s?|estragad[oa]s?|defeituos[oa]s?|com defeito|golpe|pessim[oa]|nao funciona|nao (?:chegou"
    r"|recebi)|quero (?:reembolso|meu dinheiro|o reembolso)"
    r"|shikayat|kharab|toot\w*|tuta|dhokha|kaam nahin? kar\w*|nahin? (?:aaya|mila|pahuncha)|paise wapas|शिकायत"
    r"|खराब|ख़राब|टूट\w*|धोखा|काम नहीं कर\w*|नहीं (?:आया|मिला|पहुँचा|पहुंचा)|पैसे वापस"
)
STATUS = _cue(
    r"where(?:'?s| is) my (?:order|package|parcel|stuff|delivery)|(?:my )?order status|status of my"
    r"|track(?:ing)?(?: my)?(?: order| number)?|when will (?:it|my order|my package) (?:arrive|come|ship)"
    r"|has my order"
    r"|donde esta mi (?:pedido|paquete|compra)|estado de mi pedido|mi pedido|rastre\w+|seguimiento"
    r"|cuando llega mi|onde esta (?:o )?meu (?:pedido|pacote)|status do (?:meu )?pedido|meu pedido|quando chega"
    r"|mera order|mere order|order (?:kahan|kaha|kab|ka status)\b.*|मेरा ऑर्डर|ऑर्डर (?:कहाँ|कहां|कब)|मेरे ऑर्डर"
)
CODE = _cue(
    r"(?:discount|promo|promotion|coupon|voucher) codes?|vouchers?|(?:use|apply|redeem|have) (?:the|a|my|this) code"
    r"|codigo (?:de )?(?:descuento|promo\w*|desconto)|(?:usar|aplicar|tengo|tenho) (?:el|un|o|um) codigo|कूपन"
)
MORE = _cue(r"(?:more )?info\w*|more|details?|available|interested|interes\w+|mas|mais|detalhes|jankari|जानकारी")
ARRIVES = _cue(
    r"(?:would|will|does|do) (?:it|they|this|that|these) (?:arrive|come|get here|ship)|arriv(?:e|es|al)|how (?:soon|fast)"
    r"|(?:cuando|cuanto tarda en) llega\w*|llega(?:ria|ra|n|rian|ran)?|quando (?:chega\w*|entrega\w*)"
    r"|kab (?:tak )?(?:aa?y?ega|milega|pahunchega)|kitne din|कब (?:तक )?(?:आएगा|मिलेगा|पहुँचेगा|पहुंचेगा)|कितने दिन"
)
OWN_ORDER = _cue(
    r"my (?:order|package|parcel|stuff|delivery|shipment|[a-z]+ order)|order status|tracking|track|parcel|package|has my order|mi (?:pedido|paquete|compra|envio)"
    r"|rastre\w+|seguimiento|(?:o )?meu (?:pedido|pacote)|minha (?:compra|entrega|encomenda)|mer[aei] (?:order|parcel|saman)|order (?:kahan|kaha|kab|ka status)"
    r"|मेर[ाेी] (?:ऑर्डर|पार्सल|सामान)|ऑर्डर (?:कहाँ|कहां|कब)|(?:not|hasn'?t|haven'?t|didn'?t|never|ainda nao|aun no|todavia no)\b.*"
)
HAVE = _cue(
    r"do (?:you|u|ya) (?:guys )?(?:have|sell|stock|carry)|(?:you|u) (?:have|sell|got)|have you got|got any|looking for"
    r"|tene?is|tienes|tienen|vend(?:es|eis|en|em|e)|voces? tem|vcs? tem|tem|hai kya|hain kya|milega|है क्या|मिलेगा"
)
TROUBLE = _cue(
    r"problems?|errors?|issues?|trouble|fail\w*|chang(?:e|ing)|updat\w+|correct\w*|wrong|mistake|can'?t|cannot|unable|stuck"
    r"|problemas?|errore?s?|erro|fall\w+|cambiar|corregir|equivoc\w+|no puedo|mudar|corrigir|nao consigo|errad[oa]"
    r"|dikkat|samasya|galat|badal\w+|दिक्कत|समस्या|गलत|बदल\w*"
)
CANCEL = _cue(r"cancel\w*|cancela\w*|anular|desistir|radd|cancel kar\w*|रद्द|कैंसिल")
BUY = _cue(
    r"buy|purchase|order|i(?:'| wi)?ll take|i want (?:the|that|this|it|one|two|\d)|give me|book|add to cart"
    r"|checkout|send me (?:the|that|one|two|\d)"
    r"|compr(?:ar|o|amos)|pedir|pido|encargar|me lo (?:llevo|quedo)|me (?:llevo|quedo)|lo quiero"
    r"|quiero (?:comprar|pedir|el|la|ese|esa|este|un[oa]? de)|quero (?:comprar|pedir|o|a|esse|essa|este)"
    r"|vou (?:levar|querer|comprar)|fico com|encomendar"
    r"|khareed\w*|kharid\w*|order kar\w*|mangwa\w*|le lunga|le lungi|lena hai|chahiye (?:ye|yeh|woh|wo)"
    r"|ye wala (?:chahiye|do|de do)|खरीद\w*|ऑर्डर कर\w*|मंगवा\w*|लेना है|ले लूँगा|ले लूंगी"
)
COMPARE = _cue(
    r"compar\w*|versus|vs\.?|difference|differences|better|which (?:one )?is (?:better|best)|between (?:the"
    r"|them)|diferenc\w+|cual es mejor|mejor|melhor|qual (?:e )?(?:o )?melhor"
    r"|tulna|behtar|kaun ?sa (?:accha|acha|behtar|better)|fark|antar|तुलना|बेहतर|फर्क|फ़र्क|अंतर|कौन सा अच्छा"
)
PRICE = _cue(
    r"how much|price|prices|cost|costs|rate|cuant[oa](?: cuesta)?|precio|preco|quanto(?: custa)?|valor"
    r"|kitn[ae](?: ka| ki| ke)?|daam|keemat|kimat|कितने|कितना|दाम|कीमत|क़ीमत"
)
HOW_ARE_YOU = _cue(
    r"how are (?:you|u)|how r u|how's it going|how do you do|como estas|como esta(?: usted)?|que tal estas"
    r"|tudo bem|como vai|kaise ho|kaise hain|kya haal|कैसे (?:हो|हैं)|क्या हाल"
)
WHO_ARE_YOU = _cue(
    r"who are (?:you|u)|are (?:you|u) (?:a |an )?(?:bot|robot|human|real|ai|person|machine)|what are you"
    r"|quien eres|eres (?:un )?(?:bot|robot|humano|persona)|es un bot|quem e voce|voce e (?:um )?(?:robo|bot"
    r"|humano|pessoa)"
    r"|kaun ho|tum kaun|aap kaun|bot ho|आप कौन|तुम कौन|रोबोट"
)
OFF_TOPIC = _cue(
    r"jokes?|riddle|poems?|sing|(?:a )?song|tell me a story|python|javascript|write (?:a |some )?(?:code|essay)|homework"
    r"|weather|who won|capital of|chistes?|poema|cancion|canta|codigo en|el clima|que tiempo hace|piadas?|cante"
    r"|previsao do tempo|chutkul\w+|mazak|kavita|gaana (?:gao|suna\w*)|mausam|चुटकुल\w+|मज़ाक|मजाक|कविता|गाना|मौसम"
)
GIFT = _cue(r"gifts?|regal[oa]s?|presentes?|tohfa|tohfe|तोहफ\w+|उपहार|गिफ्ट")
THAT = _cue(
    r"that(?: one)?|this(?: one)?|it|same(?: one)?|ese|esa|eso|este|esta|lo|la|esse|essa|isso|isto|ele|dele|wo"
    r"|woh|ye|yeh|wahi|yahi|isk[aeio]|usk[aeio]|वो|वह|ये|यह|वही|यही|इसका|इसकी|उसका|उसकी|इसे|उसे"
)
CHEAPER = _cue(
    r"(?:the )?(?:cheaper|cheapest|less expensive|least expensive)(?: one)?|(?:el|la) mas barat[oa]|(?:o"
    r"|a) mais barat[oa]|sabse sasta|sasta wala|saste wala|sasti wali|सबसे सस्ता|सस्ता वाला|सस्ती वाली"
)
DEARER = _cue(
    r"(?:the )?(?:more expensive|most expensive|dearest|priciest)(?: one)?|(?:el|la) mas car[oa]|(?:o"
    r"|a) mais car[oa]|sabse mehnga|mehnga wala|सबसे महंगा|महंगा वाला"
)
ORDINALS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (0, _cue(r"first|1st|primer[oa]?|primeir[oa]|pe?hl[aei](?: wal[aei])?|पहल[ाेी](?: वाल[ाेी])?")),
    (1, _cue(r"second|2nd|segund[oa]|d(?:o+|u)sr[aei](?: wal[aei])?|दूसर[ाेी](?: वाल[ाेी])?")),
    (2, _cue(r"third|3rd|tercer[oa]?|terceir[oa]|teesr[aei]|tisr[aei]|तीसर[ाेी](?: वाल[ाेी])?")),
    (3, _cue(r"fourth|4th|cuart[oa]|quart[oa]|chauth[aei]|चौथ[ाेी]")),
    (4, _cue(r"fifth|5th|quint[oa]|paanchv[aei]\w*|पांचव\w*|पाँचव\w*")),
    (-1, _cue(r"last(?: one)?|ultim[oa]|aakhri|akhri|आखिरी|आख़िरी")),
)
LAST_IN_LIST = -1
TAKEN = re.compile(
    r"(?:take|want|buy|order|quiero|quedo con|llevo|quero|levo|fico com|lunga|lungi|chahiye|de do)\s+(?:the|el|la|o|a)?\s*([1-9])$"
)
NUMBERED = re.compile(
    r"(?:^|(?:number|no\.?|nr\.?|option|opcion|opcao|numero|n\.?[oº°]|item|#|नंबर|नं\.?)\s*)([1-9])(?:$|[\s.,!?)])"
)
_COUNTS = {
    1: "one|un[oa]?|uma?|ek|एक",
    2: "two|dos|dois|duas|do|दो|both",
    3: "three|tres|teen|तीन",
    4: "four|cuatro|quatro|char|chaar|चार",
    5: "five|cinco|paanch|panch|पांच|पाँच",
    6: "six|seis|chhe|छह",
    10: "ten|diez|dez|das|दस",
}
_COUNT_BEFORE = re.compile(
    r"(?:buy|order|take|purchase|want|need|get|give me|send me|book|make it|quiero|comprar|pedir|pido|quero"
    r"|llevo|levar|me|chahiye|lena|i'?ll take|total)\s+"
    rf"(\d{{1,4}}|{'|'.join(_COUNTS.values())})(?![\d.,]*\s?(?:inch|gb|tb|k\b|%|eur|usd|inr|euro|dollar|rs"
    rf"|रुपये|€|\$|₹|o[fn]?\b the (?:first|second)))(?![{LETTER}])"
)
_COUNT_UNIT = re.compile(
    rf"(?<![{LETTER}])(\d{{1,4}}|{'|'.join(_COUNTS.values())})\s*(?:x|×|pcs?|pieces?|units?|of (?:them|these"
    rf"|those|it|that|the)|unidades?|piezas?|pecas|piece|nag|पीस)(?![{LETTER}])"
    rf"|(?:x|×|qty:?|quantity:?)\s*(\d{{1,4}})(?![{LETTER}])"
)
_SENTENCES = re.compile(
    r"(?<=[?!।])\s+|(?<=[a-z\u0900-\u097f)])\.\s+|\n+|[,;]\s*(?:and|y|e|aur|और)\s+(?=(?:do|what|how|where|when|can|is|are|que|cuant|como|donde|qual|quanto|onde|kya|kitn|kab)\b)"
    r"|\s+(?:and|y|e|aur|और)\s+(?=(?:do you|what|how (?:much|long|many)|where|when|can i|is there|are there|que|cuant\w+|como|donde|qual|quant\w+|onde|kya|kitn\w+|kab)\b)",
    re.IGNORECASE,
)


def parts_of(text: str) -> list[str]:
    """The questions and statements in a text, each answered by itself."""
    return [part.strip() for part in _SENTENCES.split(text) if part and part.strip(" .,!")]


def is_greeting(plain: str) -> bool:
    """Whether a folded text greets and says nothing besides, names aside ("hi, i'm back", "hola, soy ana")."""
    rest = GREETING.sub(" ", plain)
    return rest != plain and not re.sub(r"[^a-z\u0900-\u097f]+|there|again|team|sir|madam|bhai|ji", "", rest)


def topics_in(plain: str) -> list[str]:
    """The shop topics that a folded text touches, in the order of TOPICS."""
    return [topic for topic, cue in TOPICS.items() if cue.search(plain)]


def items_of(plain: str) -> list[str]:
    """The pieces of a folded text that may each name an item to buy: "the bolt 15 and the mouse"."""
    return re.split(r"\s+(?:and|y|e|aur|और|plus|tambien|tambem)\s+|\s*[,+&]\s*", plain)


def takes_number(plain: str) -> bool:
    """Whether a folded text takes an item of a list by its number and says nothing after ("i'll take 2")."""
    return TAKEN.search(plain.strip(" .!")) is not None


def count_in(plain: str) -> int:
    """How many pieces a folded text asks for; 1 where it says nothing."""
    found = _COUNT_UNIT.search(plain) or _COUNT_BEFORE.search(plain)
    if found is None:
        return 1
    word = next(group for group in found.groups() if group)
    if word.isdigit():
        return max(int(word), 1)
    return next(number for number, words in _COUNTS.items() if re.fullmatch(words, word))


def ordinals_in(plain: str, shown: Sequence[str]) -> list[str]:
    """The skus that a folded text points at by place ("the second one", "2", "last"), in the order of the list."""
    places = [place for place, cue in ORDINALS if cue.search(plain)]
    places += [int(found) - 1 for found in NUMBERED.findall(plain)]
    if len(shown) > 1:
        places += [int(found) - 1 for found in TAKEN.findall(plain.strip(" .!"))]
    return [shown[place] for place in dict.fromkeys(places) if shown and place < len(shown)]


# What somebody asks back of what they told: "same size as last time?", "do you remember my address?"
_TOLD = {
    (
        "shoe_size",
        "clothing_size",
        "size",
    ): r"(?:shoe |clothing )?sizes?|talla|numero de zapatos?|tamanho|numero de sapato|size|saiz|साइज़|साइज",
    ("address",): r"(?:delivery )?address|direccion|endereco|pata|पता",
    ("city",): r"city|ciudad|cidade|shahar|शहर",
    ("birthday",): r"birthday|cumpleanos|aniversario|janamdin|जन्मदिन",
    ("budget",): r"budget|presupuesto|orcamento|bajet|बजट",
    ("name",): r"name|nombre|nome|naam|नाम",
}
_ASKED_BACK = (
    r"(?:what(?: i|')?s|what was|what is|do you (?:still )?(?:remember|know|have)|remember|you know|you have) my (?:{0})(?!\w)"
    r"|(?:the )?same (?:{0}) as (?:last time|before|always|usual)|my usual (?:{0})"
    r"|(?:cual (?:es|era)|recuerdas?|te acuerdas de|sabes?|tienes?) mi (?:{0})(?!\w)|(?:la )?misma? (?:{0}) (?:de|que la ultima vez|que antes|de siempre)"
    r"|(?:qual (?:e|era)|lembra d?|(?:voce )?sabe|tem) ?(?:o |a )?(?:meu|minha) (?:{0})(?!\w)|mesm[oa] (?:{0}) d[ae] (?:ultima vez|sempre|antes)"
    r"|mer[aei] (?:{0}) (?:kya|yaad|pata)|(?:wahi|same) (?:{0}) (?:jo )?(?:pichhli|pichli|last)|मेर[ाेी] (?:{0}) (?:क्या|याद)"
)
ASKED_BACK = tuple((predicates, re.compile(_ASKED_BACK.format(words))) for predicates, words in _TOLD.items())


def asked_back(plain: str) -> tuple[str, ...]:
    """The predicates of facts that a text asks back; empty where it asks for none."""
    return next((predicates for predicates, pattern in ASKED_BACK if pattern.search(plain)), ())
