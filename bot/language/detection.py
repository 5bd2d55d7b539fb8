"""Which of the desk's four languages a message is in: by script, by telling words, then by letters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from bot.language.amounts import PLAIN

Language = Literal["en", "es", "pt", "hi"]
LANGUAGES: tuple[Language, ...] = ("en", "es", "pt", "hi")
LONGEST_READ = 400
ENOUGH_WORDS = 4  # fewer say too little for letter statistics
ENOUGH_TO_SWITCH = 6  # and fewer than these are no evidence against what was spoken so far: "iphone 15 pro max 256 gb"
SURE = 0.8
SHARED, OWN = 1, 3  # what a word tells that several languages write, and one that a single language does
# Hindi in Latin letters borrows its nouns from English ("my order kab aayega"): its own words weigh double.
OWNS: dict[Language, int] = {"en": OWN, "es": OWN, "pt": OWN, "hi": 2 * OWN}

DEVANAGARI = re.compile(r"[\u0900-\u097f]")
LATIN = re.compile(r"[^\W\d_]")
WORD = re.compile(r"[^\W\d_]+")
# What each language writes in a chat, spellings of the hurried included (without accents, as `PLAIN` leaves them).
# A word that stands under two languages tells little of either; nobody has to keep the lists apart.
WORDS: dict[Language, frozenset[str]] = {
    "hi": frozenset(
        """
        hai hain h nahi nahin nhi nai kya kyu kyun kyunki kaise kaisa kaisi kab kaha kahan kidhar kitna kitne kitni
        kaun kaunsa kaunsi konsa konsi kon mujhe muje mjhe mujhko mera mere meri main mai mein me hum humko hume aap
        aapka aapki aapke tum tumhara tera bhai bhaiya bhaisahab yaar yar ji sahab didi karo kare karna karni karke
        karta krna kro krdo kar kr kardo karunga karungi chahiye chahie chaiye chahta chahti chahte batao bata btao
        btana bataiye bataye dikhao dikha dikhaiye dikhana dena dedo dijiye do de du dunga milega milegi milta mil
        mila milenge abhi aaj kal parso wala wali wale vala accha acha achha achi acche theek thik thk haan han haa
        ha na naa bahut bohot bahot namaste namaskar dhanyawad dhanyavad dhanyavaad shukriya wapas wapis vapas paisa
        paise rupaye rupay lena lo le loge lunga lungi leni hu hun hoon ho hua hui tha thi raha rahi rahe bhejo bhej
        bhejna bhejdo sasta saste sasti mehnga mehenga mahanga daam dam keemat kimat yeh ye woh wo is us isme usme
        iska uska iski aur koi kuch kuchh agar lekin par matlab samaj samajh alvida kripya aayega aayegi ayega aaya
        aayi aya gaya gayi hoga hogi hota hoti ka ki ke ko se tak ek teen char paanch raho thoda thodi zyada jyada
        kam kum sirf bas jaldi suno sun bolo bol bhi hi toh phir fir pehle pahle baad mat nikalo chalega chalegi
        sakta sakte sakti pata ghar naya nayi purana kharid baat karao sunao daal dal diya bhijwa manga dhokha bekar ghatiya sab
        badhiya suniye jankari liye aabhar shubh ratri jaunga khareedna kharidna order
        """.split()
    ),
    "es": frozenset(
        """
        hola holaa holi saludos onda has estado trae cargador aceptan otras monedas moneda divisas cobraron pagina
        carga mandame vino salio pesima calidad graciass chau feliz buenos buenas buen dia dias tarde tardes noches
        noche gracias grax quiero kiero quisiera quieres quieren necesito busco cuanto cuanta cuantos cuantas cuando
        cuesta cuestan kuanto cual cuales donde esta estan estoy este estos ese esos eso tienes tienen tiene tengo
        teneis tenes pedido envio envios enviais envian enviar precio precios adios hasta luego por favor porfa
        porfis xfa ayuda ayudame un una uno unos unas los las el la lo le hay puedo puede puedes podeis pueden
        podria quien xq pq porque pero muy mi mis tu tus su usted ustedes comprar compro devolver dinero telefono
        movil moviles ordenador portatil barato barata baratos caro cara carisimo oferta ofertas descuento rebaja
        rebajas llega llego llegado llevo hablar humano queja si vale claro ahora hoy manana ayer y o a de para con
        sin en no muchas muchisimas mucho estas como que q ke del al cambio es son soy fue ha he han me te se nos
        mas menos algo alguno alguna alguien nada todo todos otro otra mejor tambien pagar pago tarjeta efectivo
        contra reembolso entrega entregan garantia dame deme digame dime quedan queda voy vas va tienda color negro
        blanco rojo azul cancela cancelar cancelo perdon disculpa disculpe genial bueno buena ok bien da tal
        """.split()
    ),
    "pt": frozenset(
        """
        ola oi oie oiii opa alo sou cliente outras moedas aceita aceitam cobraram abre fechar ja prazo
        veio valores atendimento recusado pagamento compre oii bom boa boas dia dias tarde noite obrigado obrigada
        brigado brigada obg valeu quero queria quer preciso procuro quanto quanta quantos quantas quando qto qnt
        custa custam qual quais onde esta estao estou ta tao este esse essa isso isto voce voces vc vcs tu te tem
        tenho teria pedido frete entrega entregam enviam envio preco precos tchau ate logo ajuda por favor pfv pf um
        uma uns umas os as o a e de do da dos das no na nos nas nao naum n sim meu minha meus seu sua posso pode
        podem consigo quem porque pq mas mais menos muito muita comprar compro devolver dinheiro celular telefone
        notebook barato barata baratinho caro cara oferta ofertas desconto descontinho promocao chega chegou falar
        atendente humano reclamacao agora hoje ontem amanha tudo todo todos bem em com sem para pra fazer faz fazem
        gostaria voltar vou vai vale eu ele ela que q como se me so algum alguma alguem nada outro outra melhor
        tambem tbm tb pagar pago cartao pix boleto parcela parcelado garantia cor preto branco azul cancela cancelar
        cancelo desculpa desculpe beleza blz ok certo loja manda mandar ver gente la sao foi era
        """.split()
    ),
    "en": frozenset(
        """
        the a an is are am was were you u ur your my mine i im it its this that these those what whats when where
        wheres which who how much many do does did dont can cant could would will want wanna need have has had not
        no yes yeah yep nope please pls plz thanks thank thx bye good morning evening night order price cheap
        cheaper cheapest buy to of for and or with without from me we they he she there in on at be been get got
        show send sent tell help looking something anything nothing any some more less than so but if about just too
        very only under over back now today tomorrow yesterday later one two first second should may might as by up
        out off new old best better take give let hi hello hey sorry sir bro yo ok okay sure great nice ship
        delivery deliver discount color refund
        """.split()
    ),
}
# What shops and phones have taught everybody, English mostly, and a word of Brazil that all of America says for a
# mobile phone: it tells of its language only where nothing speaks for another.
LENT = frozenset(
    """
    hi hello hey ok okay yes please pls plz thanks thank thx bye sorry sir bro good morning night nice best new
    order price discount delivery refund cheap color sure help sent one off up send buy offer celular sim
    """.split()
)


def detect(text: str, previous: Language | None = None) -> Language:
    """The language of `text`; where it tells too little ('ok', '2', 'no', an emoji), `previous`, else English.

    Hindi is recognised in Devanagari and in Latin letters. A conversation keeps its language until a message speaks
    another by at least one word that is this language's alone: words that languages share or lend never change it.
    """
    read = text[:LONGEST_READ]
    if len(DEVANAGARI.findall(read)) * 2 > len(LATIN.findall(read)):
        return "hi"
    words = WORD.findall(read.translate(PLAIN).lower())
    told = _told(words, _marks(read))
    best = max(told.values())
    leaders = [language for language in LANGUAGES if told[language] == best]
    if previous:
        return _followed(read, words, told, leaders, previous)
    if len(leaders) == 1:
        return leaders[0]
    return _by_letters(read, leaders) if best or len(words) >= ENOUGH_WORDS else leaders[0]


def _followed(
    text: str, words: list[str], told: dict[Language, int], leaders: list[Language], previous: Language
) -> Language:
    """Where a conversation in `previous` goes on."""
    if any(told.values()):
        ahead = len(leaders) == 1 and told[leaders[0]] - told[previous] >= OWN
        return leaders[0] if ahead else previous
    return _by_letters(text, [previous]) if len(words) >= ENOUGH_TO_SWITCH else previous


def _told(words: list[str], marks: dict[Language, int]) -> dict[Language, int]:
    told = {language: marks.get(language, 0) for language in LANGUAGES}
    for word in words:
        speakers = [language for language in LANGUAGES if word in WORDS[language]]
        for language in speakers:
            told[language] += OWNS[language] if len(speakers) == 1 and word not in LENT else SHARED
    return told


def _marks(text: str) -> dict[Language, int]:
    """Letters and signs that only one of the languages writes."""
    return {
        "hi": OWNS["hi"] * len(re.findall(r"[\u0900-\u097f]+", text)),
        "es": OWN * len(re.findall(r"[ñ¿¡]|ción\b", text.lower())),
        "pt": OWN * len(re.findall(r"[ãõçê]|nh[aoe]|lh[aoe]", text.lower())),
    }


def _by_letters(text: str, otherwise: Sequence[Language]) -> Language:
    """By letter statistics; the first of `otherwise` where they are not sure or name none of several."""
    found, probability = _identifier().classify(text)
    if len(otherwise) > 1 and found not in otherwise:
        return otherwise[0]
    return found if len(otherwise) > 1 or probability >= SURE else otherwise[0]


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
