"""What a reply can claim, word by word, in the desk's four languages: the patterns the promise check looks for."""

from __future__ import annotations

import re
import unicodedata

LETTER = r"\w\u0900-\u097f"


def phrase(words: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    """A pattern for any of the `|`-separated phrases as whole words; Python's `\\b` splits Devanagari words."""
    spaced = unicodedata.normalize("NFC", words).replace(" ?", r"\s*").replace(" ", r"\s+")
    return re.compile(rf"(?<![{LETTER}])(?:{spaced})(?![{LETTER}])", flags)


def plain(text: str) -> str:
    """The same number of characters, without Latin accents; WhatsApp's bold and code marks become spaces."""
    return "".join(_bare(character) for character in text)


def _bare(character: str) -> str:
    if character in "*~`\u00a0\u202f\u2009\u200b\u2060\ufeff":
        return " "
    if character in "’‘ʼ":
        return "'"
    if character in "–—‑−":
        return "-"
    if "\u0966" <= character <= "\u096f":
        return str(ord(character) - 0x966)
    return unicodedata.normalize("NFKD", character)[0] if "À" <= character <= "ɏ" else character


SENTENCE_END = re.compile(r"\n+|(?<=[.!?।])[\"')]*\s+(?=[^\d₹$€£\s])")

PERCENT = re.compile(
    r"(?P<digits>\d+(?:[.,]\d+)?)\s?(?:%|percent\b|per cent\b|pct\b|por ?ciento\b|por ?cento\b|प्रतिशत|फीसदी|फ़ीसदी|pratishat\b)"
    r"|(?P<words>[a-z]+(?:[ -][a-z]+)?|[\u0900-\u097f]+)\s(?:percent|per cent|por ?ciento|por ?cento|प्रतिशत|फीसदी)",
    re.IGNORECASE,
)
PERCENT_OF_THING = phrase(
    r"batter\w+|bateria|brightness|brillo|charged?|carga|srgb|dci|recycl\w+|recicla\w+|cotton|algodon|algodao|uv|uva|uvb"
    r"|zoom|sure|segur[oa]|certain|genuine|original(?:es|s)?|autentic\w+|polari[sz]\w+|secure|satisf\w+|light|luz|बैटरी|असली|चार्ज"
)
DEAL = phrase(
    r"half price|half the price|half off|half-price|half-off|match (?:any|their|every) [a-z']+ prices?|price match|buy one,? get one|bogo|two for one|2 for 1|2x1|3x2"
    r"|(?:a )?mitad de(?:l)? precio|mitad de precio|dos por uno|lleva(?:te)? (?:dos|2) (?:y )?paga (?:uno|1)"
    r"|(?:pela )?metade do preco|dois por um|leve (?:dois|2) (?:e )?pague (?:um|1)"
    r"|आधी कीमत|आधे दाम|आधे रेट|एक पर एक|एक के साथ एक|aadhi ki?mat|aadhe daam|ek par ek|ek ke saath ek"
    r"|black friday|clearance|liquidacion|liquidacao|flash sale"
)
DISCOUNT = phrase(
    r"discounts?|discounted|cashback|coupons?|vouchers?|promo codes?|special price|special offer|on sale|price drop"
    r"|descuentos?|rebaj\w+|cupon(?:es)?|precio especial|oferta especial|de oferta|en oferta"
    r"|descontos?|cupo(?:m|ns)|preco especial|em promocao|em oferta|promocao"
    r"|छूट|डिस्काउंट|कूपन|ऑफर|स्पेशल प्राइस|कैशबैक|chhoot|chhut|offer price"
)
LIMITED = phrase(
    r"today only|only today|offer ends|ends (?:today|tonight|tomorrow)|valid (?:only )?(?:today|until|till)|solo (?:por )?hoy"
    r"|hasta (?:hoy|manana) (?:solo|solamente)|(?:so|somente|apenas) hoje|सिर्फ आज|केवल आज|sirf aaj"
)
OFF_AMOUNT = phrase(r"off|less|de descuento|de rebaja|menos|de desconto|a menos|की छूट|छूट|कम|ki chhoot|discount")
FREE = phrase(
    r"free(?! to| from| of| time|-)|gratis|gratuit[oa]s?|gratuitamente|muft|complimentary|on the house|at no (?:extra )?(?:cost|charge)"
    r"|no extra (?:cost|charge)|sin (?:ningun )?(?:coste|costo|cargo)s?(?: adicional)?|sem (?:nenhum )?custos?(?: adicional)?"
    r"|de regalo|de brinde|as a gift|मुफ़्त|मुफ्त|फ्री|फ़्री|निःशुल्क|बिना किसी शुल्क|on us"
)
NOT_FREE = phrase(r"feel free|hands|hassle|noise|duty|toll|stress|glare|sientete|sinta se|sinta-se|interest to")
DELIVERS = phrase(
    r"deliver\w*|ship\w*|parcels?|packages?|paquetes?|pacotes?|encomendas?|पार्सल|पैकेट|arriv\w+|reach(?:es)? you|reach\w*|get it|have it|receive\w*|dispatch\w*|at your (?:door|home)|with you"
    r"|by courier|on its way|entreg\w+|lleg\w+|envi\w+|recib\w+|despach\w+|la tendras|lo tendras|lo tienes|la tienes"
    r"|cheg\w+|receb\w+|manda\w*|voce tem|डिलीवर\S*|डिलिवरी|पहुँच\S*|पहुंच\S*|मिल जाए\S*|मिलेगा|मिलेगी|भेज\S*|pahunch\w*|pahuch\w*"
    r"|mil jay\w+|mil jaeg\w+|milega|milegi|aa jay\w+|bhej\w*"
)
RETURNS = phrase(
    r"return\w*|refund\w*|money back|exchange\w*|devol\w+|devuel\w+|reembols\w+|cambi(?:o|os|ar|arlo)|troca\w*|वापस\S*|वापसी|लौटा\S*|रिफंड"
    r"|रिफ़ंड|wapas\w*|vapas\w*|lauta\w*"
)
WARRANTY = phrase(r"warrant\w+|guarantee\w*|garanti\w+|वारंटी|गारंटी|guaranty")
SOON = phrase(
    r"today|tonight|tomorrow|day after tomorrow|same[ -]day|next[ -]day|overnight|this (?:evening|afternoon|morning|week|weekend)"
    r"|next week|weekend|by the weekend|in (?:an?|one) hours?|within the hour|hoy(?: mismo)?|manana|pasado manana|esta (?:tarde|noche|semana)"
    r"|este fin de semana|la proxima semana|al dia siguiente|el mismo dia|hoje(?: mesmo)?|amanha|depois de amanha|esta semana|este fim de semana"
    r"|fim de semana|semana que vem|no mesmo dia|no dia seguinte|आज(?: ही)?|कल(?: तक| ही)?|परसों|अगले दिन|उसी दिन|इसी हफ्ते|अगले हफ्ते"
    r"|aaj|kal|parso|parson|agle din|isi hafte"
)
AFTER_ORDERING = phrase(
    r"(?:order\w*|pay|buy|bought|paid|placed|ship(?:ped)?|sent|left|dispatched|confirm\w*|pides|pidelo|pide|compras|compra|pagas|paga|confirmas"
    r"|pedido|comprar|pedir|pagar|peca|pede|comprado|salio|saiu|enviado|ऑर्डर|भुगतान|order kar\w*)(?: [a-z]+| it| करें| करते हैं| किया){0,3}"
)
WEEKDAYS = phrase(
    r"mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?|lunes|martes|miercoles|jueves|viernes|sabados?|domingos?"
    r"|segundas?(?:-feira)?|tercas?(?:-feira)?|quartas?(?:-feira)?|quintas?(?:-feira)?|sextas?(?:-feira)?"
    r"|सोमवार|मंगलवार|बुधवार|गुरुवार|शुक्रवार|शनिवार|रविवार|somwar|somvar|mangalwar|budhwar|guruwar|shukrawar|shukravar|shaniwar|raviwar"
)
WEEKDAY_NAMES = (
    "monday lunes segunda सोमवार somwar somvar",
    "tuesday martes terca मंगलवार mangalwar",
    "wednesday miercoles quarta बुधवार budhwar",
    "thursday jueves quinta गुरुवार guruwar",
    "friday viernes sexta शुक्रवार shukrawar shukravar",
    "saturday sabado शनिवार shaniwar",
    "sunday domingo रविवार raviwar",
)
MONTH_NAMES = (
    "jan enero janeiro जनवरी", "feb febrero fevereiro फरवरी", "mar marzo marco मार्च", "apr abril अप्रैल",
    "may mayo maio मई", "jun junio junho जून", "jul julio julho जुलाई", "aug agosto अगस्त",
    "sep septiembre setembro सितंबर", "oct octubre outubro अक्टूबर", "nov noviembre novembro नवंबर",
    "dec diciembre dezembro दिसंबर",
)  # fmt: skip
DATED = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\.?\s(?:of\s|de\s)?(?P<month>[a-z]{3,10}|[\u0900-\u097f]+)"
    r"|(?P<month2>[a-z]{3,10})\s(?P<day2>\d{1,2})(?:st|nd|rd|th)?(?!\d)"
    r"|(?<![\d/])(?P<day3>\d{1,2})/(?P<month3>\d{1,2})(?:/\d{2,4})?(?![\d/])"
    r"|(?P<year4>20\d\d)-(?P<month4>\d\d)-(?P<day4>\d\d)",
    re.IGNORECASE,
)
NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "a": 1, "an": 1,
    "un": 1, "una": 1, "uno": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8,
    "nueve": 9, "diez": 10, "quince": 15, "veinte": 20, "treinta": 30, "cincuenta": 50,
    "um": 1, "uma": 1, "dois": 2, "duas": 2, "quatro": 4, "sete": 7, "oito": 8, "nove": 9, "dez": 10, "quinze": 15,
    "vinte": 20, "trinta": 30, "cinquenta": 50,
    "ek": 1, "do": 2, "teen": 3, "char": 4, "chaar": 4, "paanch": 5, "saat": 7, "das": 10, "pandrah": 15, "bees": 20,
    "एक": 1, "दो": 2, "तीन": 3, "चार": 4, "पाँच": 5, "पांच": 5, "छह": 6, "सात": 7, "आठ": 8, "नौ": 9, "दस": 10,
    "पंद्रह": 15, "बीस": 20, "तीस": 30, "पचास": 50,
}  # fmt: skip
COUNT = r"\d+|" + "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
UNIT_HOURS = {
    "hour hours hr hrs hora horas घंटे घंटा घंटों ghante ghanta": 1,
    "day days dia dias दिन दिनों din": 24,
    "week weeks semana semanas हफ्ते हफ़्ते हफ्ता सप्ताह hafte hafta": 168,
    "month months mes meses महीने महीना महीनों mahine": 720,
    "year years ano anos साल वर्ष saal": 8640,
}
UNITS = {unit: hours for names, hours in UNIT_HOURS.items() for unit in names.split()}
DURATION = phrase(
    rf"(?:(?P<low>{COUNT})\s?(?:-|to|a|ate|or|o|ou|se|से|and|y|e)\s?)?(?P<high>{COUNT})[ -]?"
    rf"(?:working |business |calendar |full )?(?P<unit>{'|'.join(sorted(UNITS, key=len, reverse=True))})"
)
IN_STOCK = phrase(
    r"in stock|available|ready to ship|on hand|disponibles?|en stock|en existencia|hay existencias|hay stock|tenemos existencias"
    r"|disponivel|disponiveis|em estoque|em stock|a pronta entrega|temos estoque|उपलब्ध|स्टॉक में|uplabdh|stock me|stock mein"
)
OUT_OF_STOCK = phrase(
    r"out of stock|sold out|not (?:currently |now )?(?:available|in stock)|unavailable|isn't (?:available|in stock)|aren't (?:available|in stock)"
    r"|no longer available|none left|agotad[oa]s?|sin stock|sin existencias|no (?:esta|estan) disponibles?|no (?:esta|estan|hay) (?:en )?(?:stock|existencias?)"
    r"|no queda(?:n)?|esgotad[oa]s?|sem estoque|fora de estoque|nao (?:esta|estao) disponive(?:l|is)|nao temos (?:em )?estoque|nao tem (?:em )?estoque"
    r"|indisponivel|stock khatam|स्टॉक खत्म|स्टॉक में नहीं|उपलब्ध नहीं|खत्म हो|ख़त्म हो|बिक चुक\S*|stock me(?:in)? nahi\w*|uplabdh nahi\w*"
)
COUNT_LEFT = phrase(
    rf"(?:(?:only|just|there are|we have|have|the last|last) )?(?P<left>{COUNT}) (?:units? |pieces? |pcs |items? |of them )?(?:left|remaining|in stock|available|on hand)"
    rf"|(?:solo |apenas )?(?:nos )?qued(?:an?|aron) (?:solo |solamente )?(?P<quedan>{COUNT})|(?:tenemos|hay) (?:solo )?(?P<hay>{COUNT}) (?:unidades|en stock|disponibles)"
    rf"|(?:so |apenas )?rest(?:am?|aram) (?:so |apenas )?(?P<restam>{COUNT})|temos (?:so |apenas )?(?P<temos>{COUNT}) (?:unidades|em estoque|disponiveis)"
    rf"|(?:सिर्फ |केवल |बस )?(?P<bache>{COUNT}) (?:ही |पीस |यूनिट )?(?:बचे|बचा|बची|बाकी|स्टॉक में|उपलब्ध)|(?:sirf |bas )?(?P<bachelatin>{COUNT}) (?:hi |piece )?(?:bache|bacha|bachi|baki)"
)
LAST_ONE = phrase(
    r"last one|last unit|last piece|only one left|la ultima(?: unidad)?|el ultimo|ultima unidade|o ultimo|आखिरी (?:पीस|यूनिट)|aakhri piece"
)
RESTOCK = phrase(
    r"(?:back in stock|restock\w*|new stock (?:arrives|comes)|available again) (?:on|by|next|in|this|tomorrow|within|soon)"
    r"|volver[a-z]+ (?:a estar disponible|a tener)|repondremos|tendremos (?:mas|stock)|voltara (?:ao|a ter) estoque|repomos|teremos (?:mais|estoque)"
    r"|(?:फिर से|दोबारा) (?:स्टॉक|उपलब्ध)\S*|नया स्टॉक|naya stock|phir se stock"
)
UNSURE = phrase(
    r"if|whether|check|when|once|as soon as|let me|si|cuando|verifi\w+|comprob\w+|compruebo|se|quando|assim que|confir\w+|अगर|यदि|जब|जाँच\S*|जांच\S*|agar|jab"
)
NOT_SOLD = phrase(
    r"(?:don't|do not|doesn't|does not|didn't|not|no longer|never|can't|cannot|couldn't|won't|aren't|isn't) (?:[a-z]+ ){0,2}"
    r"(?:sell|selling|have|carry|stock|stocked|offer|keep|list|listed|find|found|available|sold)"
    r"|not (?:in|part of) (?:our|the)|isn't (?:in|part of|something) (?:our|the|we)|no (?:tenemos|vendemos|hay|contamos|ofrecemos|trabajamos|disponemos"
    r"|manejamos|encontre|encuentro|esta|estan|forma|figura)|nao (?:temos|vendemos|ha|trabalhamos|oferecemos|esta|estao|encontrei|faz)"
    r"|नहीं|nahi|nahin|we have no|sem|sin"
)
COMPARED = phrase(
    r"instead of|similar to|like the|alternative to|alternatives to|compared (?:to|with)|en lugar de|en vez de|parecid[oa] al?|alternativas? al?|similar al?"
    r"|em vez d[eo]|parecid[oa] com|alternativas? ao?|की जगह|जैसा|जैसे|ki jagah|jaisa"
)
NEGATED = phrase(
    # a bare 'no' denies in English and Spanish; in Portuguese it is 'in the' ('no sábado', 'no Pix')
    r"no(?= (?:[a-z]+ )?(?:discounts?|offers?|sales?|deals?|coupons?|codes?|free|express|delivery|shipping|hay|es|son|esta|estan|se|te|le|lo"
    r"|pued\w+|podemos|ten\w+|ofrec\w+|hacemos|damos|aplica\w*|lleg\w+|entregamos antes|promet\w+|envi\w+|regal\w+)(?![a-z]))|not|never|without|neither|nor|don't|do not|can't|cannot|won't|isn't|aren't|doesn't|unable|sin|nunca|ningun[a]?|ni|nao|sem|nem|nenhum[a]?"
    r"|नहीं|बिना|nahi|nahin|bina"
)
LIMIT = phrase(
    r"under|below|less than|up to|upto|within|budget|maximum|max|around your|over|above|more than|between|your (?:range|limit)|you (?:said|asked|mentioned|wanted|have)"
    r"|menos de|por debajo de|hasta|presupuesto|maximo|mas de|entre|dijiste|pediste|mencionaste|abaixo de|ate|orcamento|mais de|acima de|voce (?:disse|pediu|falou)"
    r"|से कम|तक|के अंदर|बजट|से नीचे|आपने|se kam|tak|ke andar|aapne"
)
STARTS_AT = phrase(
    r"from|start\w*|other|others|desde|otr[oa]s|a partir de|outr[oa]s|से शुरू|बाकी|दूसरे|cheapest|between|entre"
)
APPROXIMATE = phrase(
    r"about|around|roughly|approximately|approx\.?|some|nearly|almost|unos|unas|aproximadamente|aprox\.?|alrededor de|cerca de|casi|quase|por volta de|uns"
    r"|लगभग|करीब|क़रीब|lagbhag|kareeb|karib"
)
APPROXIMATE_SIGN = re.compile(r"[~≈]\s?$")
PRICED = phrase(
    r"price[ds]?|costs?|priced at|go(?:es)? for|yours for|for (?:just|only)|only|just|total|pay|worth|precios?|cuestan?|vale|valen|por (?:solo|apenas)|solo|preco|custam?|sai por"
    r"|apenas|कीमत|दाम|सिर्फ|केवल|कुल|ki?mat|keemat|daam|sirf|kul|at"
)
NOT_MONEY_AFTER = re.compile(
    r"\W{0,3}(?:gb|tb|mb|inch\w*|in\b|\"|hz|ghz|mhz|mah|mp|w\b|watts?|kg|g\b|gram\w*|cm|mm|m\b|dpi|keys?|teclas|ports?|puertos|portas|days?|dias?|din\b|hours?"
    r"|horas?|weeks?|semanas?|months?|mes\b|meses|years?|anos?|items?|units?|unidad\w*|piece\w*|pcs|left|laptops?|phones?|options?|opcion\w*|opcoes|modelos?|models?"
    r"|colou?rs?|cores|colores|reviews?|stars?|estrell\w+|people|pessoas|personas|cores?\b|nits|am\b|pm\b|pulgadas|polegadas|इंच|दिन|घंटे|महीने|साल|जीबी|विकल्प|पीस|gramos|gramas|customers"
    r"|ghante|mahine|h\b|x\b|%|percent|k mah|minut\w+|मिनट)",
    re.IGNORECASE,
)
LINK = re.compile(
    r"(?:https?|ftp)\s?://[^\s<>\"']+|www\.[^\s<>\"']+"
    r"|(?<![\w@.])[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|in|io|co|shop|store|es|br|mx|de|uk|ly|me|app|link|xyz|site|online|info|biz|dev|pt|eu|ru|cn|gl"
    r"|page|top|club|click|to|cc|pay|deals|sale|market|tech|ai|ae|us|fr|it|web|live|world|today|gle|tv|gg|be)(?![\w@])(?:[/?#:][^\s<>\"']*)?"
    r"|(?<![\w@.])[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/[^\s<>\"']+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|[\w-]+\s?[\[(]\s?(?:dot|punto|ponto|\.)\s?[\])]\s?[a-z]{2,}\S*"
)
FOREIGN_MAKES = phrase(
    r"i-?phones?(?: ?\d+)?(?: pro| max| plus| mini| se)*|i-?pads?(?: (?:pro|air|mini))?|macbooks?(?: (?:pro|air))?|airpods?(?: pro| max)?|imacs?|apple watch"
    r"|samsung(?: galaxy)?(?: [a-z]?\d+)?(?: ultra| plus)?|galaxy [a-z]?\d+(?: ultra| plus)?|xiaomi(?: \w*\d+\w*)?|redmi(?: note)?(?: \d+)?|oneplus(?: \d+)?|google pixel(?: \d+)?|pixel \d+"
    r"|huawei|motorola|moto [ge]\d*|nokia|realme|oppo(?: \w*\d+)?|dell(?: xps)?(?: \d+)?|xps \d+|alienware|hp (?:pavilion|omen|victus|envy|spectre)(?: \d+)?|hp laptops?|pavilion \d+|lenovo(?: \w+)?"
    r"|thinkpads?(?: \w*\d+)?|legion \d+|ideapad|asus(?: rog| tuf)?|rog (?:strix|zephyrus)|zenbook|vivobook|acer(?: nitro| predator| aspire)?|msi(?: katana| stealth)?|razer(?: blade)?"
    r"|chromebooks?|playstation(?: ?\d)?|ps5|xbox|nintendo(?: switch)?|jbl|bose|logitech(?: \w*\d+)?|ray-?\s?bans?|oakley|gucci|prada|garmin|fitbit|gopro|kindle|anker|beats|sennheiser|sony"
    r"|आईफोन|आइफोन|मैकबुक|सैमसंग|रे-बैन"
)
MODEL_LIKE = re.compile(
    r"(?<![\w@./-])(?P<name>[A-Z][A-Za-z]{2,}(?: [A-Z][A-Za-z]+){0,2})[ -](?P<number>[A-Z]{0,3}\d{1,4}[A-Za-z]{0,2})(?![\w%])"
)
CAPITALISED_NEXT = re.compile(r"[\s]+(?P<next>[A-Z0-9][\w-]*)(?:[\s]+(?P<more>[A-Z0-9][\w-]*))?")
QUALIFIER_NEXT = re.compile(
    r"[\s-]+(?P<next>Pro|Plus|Max|Mini|Ultra|Lite|SE|Air|FE|Neo|X|XL|Turbo|Deluxe|2|3)(?![\w.,]*\d)(?!\w)"
)
ORDINARY_NAMES = frozenset(
    word
    for words in (
        "order orders pedido pedidos number numero option opcion opcao item monday tuesday wednesday thursday friday",
        "saturday sunday january february march april may june july august september october november december windows",
        "android bluetooth wifi usb core ryzen intel amd rtx geforce gtx ips oled hdmi ram ssd from only just about over under",
        "between for the price total section step page room apartment floor calle rua street avenida model modelo and with",
        "category size talla tamanho type model day dia week semana until before after around within total quantity cantidad",
        "all both these those our your hello hola ola namaste tracking invoice factura ios version gen generation nvidia ddr",
        "there are have they take get ends opens closes open qty row number madrid delhi mumbai level ip",
    )
    for word in words.split()
)
ORDERING = phrase(
    r"orders?|ordered|totals?|in all|altogether|pay|payment|confirm\w*|due|pedidos?|compra|pagar|pago|confirm\w+|pagamento|somam?|suman?"
    r"|ऑर्डर|कुल|भुगतान|kul|order"
)
COMPARES = phrase(
    r"cheaper|dearer|more expensive|difference|(?:more|less) than|mas (?:barat|car)[oa]|diferencia|mais (?:barat|car)[oa]|diferenca|सस्ता|महंगा|महँगा|फर्क|sasta|mehnga"
)
ARTICLES = frozenset(
    ["the", "our", "this", "that", "your", "have", "get", "with", "all", "these", "those", "both", "take"]
)
ORDER_NUMBER = re.compile(
    r"(?<![\w/.-])(?:[A-Z]{1,4}-?\d{4,}|#\s?\d{3,}|[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4})(?![\w])"
)
# What a reply may say of an order that is in this state, or has been.
ORDER_STATES = {
    "placed": phrase(
        r"order (?:number )?(?:\S+ )?(?:is|has been|was|got) (?:now |successfully )?(?:placed|confirmed|booked|created|registered)"
        r"|(?:i have|i've|i|we have|we've|we) (?:just |now )?(?:placed|booked|confirmed) (?:your|the|this|an) order"
        r"|(?:i have|i've|we have|we've) (?:just |now )?ordered"
        r"|pedido (?:\S+ )?(?:ya )?(?:esta|ha sido|fue|queda) (?:hecho|confirmado|realizado|registrado|creado)"
        r"|he (?:hecho|realizado|confirmado) (?:tu|el) pedido|pedido (?:confirmado|realizado|hecho|feito)"
        r"|pedido (?:\S+ )?(?:ja )?(?:foi|esta|ficou) (?:feito|confirmado|realizado|registrado|criado)"
        r"|(?:fiz|confirmei|registrei) (?:o |seu |o seu )?pedido"
        r"|order (?:\S+ )?(?:place |confirm )?(?:ho gaya|kar diya)|ऑर्डर (?:\S+ )?(?:कन्फर्म |प्लेस )?(?:हो गया|कर दिया)"
    ),
    "paid": phrase(
        r"(?:received|got) your payment|payment (?:has been|was|is) (?:received|confirmed|successful)|payment received"
        r"|order (?:\S+ )?(?:is|has been|was) paid"
        r"|recibi(?:do|mos) tu pago|pago (?:ha sido |fue |esta )?(?:recibido|confirmado)"
        r"|(?:recebemos|recebi) (?:o )?(?:seu )?pagamento|pagamento (?:foi )?(?:recebido|confirmado)"
        r"|payment (?:hamein )?mil gaya|भुगतान (?:हमें )?मिल गया"
    ),
    "shipped": phrase(
        r"order (?:\S+ )?(?:has (?:been )?|was |is already )(?:already )?(?:shipped|dispatched|sent out)"
        r"|(?:order|parcel|package) (?:\S+ )?is (?:already )?on (?:its|the) way"
        r"|(?:pedido|paquete|pacote) (?:\S+ )?(?:ya |ja )?(?:ha sido|fue|foi|esta) (?:enviado|despachado|en camino|a caminho)"
        r"|order (?:\S+ )?(?:bhej diya|raste mein|rawana)|ऑर्डर (?:\S+ )?(?:भेज दिया|रवाना)"
    ),
    "delivered": phrase(
        r"order (?:\S+ )?(?:has been|was) delivered|pedido (?:\S+ )?(?:ha sido|fue) entregado|pedido (?:\S+ )?foi entregue"
        r"|order (?:\S+ )?pahunch\w*|ऑर्डर (?:\S+ )?पहुँच"
    ),
}
CONDITIONAL = phrase(
    r"once|after|when|if|as soon as|before|until|not|never|no|isn't|hasn't|haven't|wasn't|didn't|si|cuando|despues|antes"
    r"|todavia|aun|aunque|una vez|quando|depois|assim que|nao|ainda|se|jab|agar|baad|nahin?|जब|अगर|बाद|नहीं|यदि"
)

# Money that is said to have gone back; the policy's "we refund" promises it and is no claim that it was done.
REFUNDED = phrase(
    r"(?:i|we)(?:'ve| have)?(?: just| already| now)? (?:refunded|reimbursed)(?: you)?"
    r"|(?:your|the) (?:refund|money)(?: of [^.!?]{1,20})? (?:has been|was|is) (?:processed|issued|made|sent|done|refunded|on its way)"
    r"|(?:te |le |os )?(?:he|hemos) (?:reembolsado|devuelto)|ya (?:te |le )?(?:reembolse|reembolsamos|devolvimos)"
    r"|(?:tu|su) (?:reembolso|dinero) (?:ha sido|fue|esta) (?:procesado|emitido|enviado|hecho|devuelto|en camino)"
    r"|(?:ja )?(?:reembolsei|reembolsamos voce|devolvi|devolvemos) (?:o|seu|o seu) (?:valor|dinheiro)"
    r"|(?:o |seu |o seu )?(?:reembolso|dinheiro) (?:foi|ja foi|esta) (?:processado|feito|enviado|devolvido|a caminho)"
    r"|(?:रिफंड|रिफ़ंड|पैसे) (?:कर|वापस कर|भेज) (?:दिया|दिए|दिये|चुके)|refund (?:kar|bhej) (?:diya|di|chuke)|paise wapas kar diye"
)
# A number of things left, in a sentence that names none.
FEW_LEFT = phrase(
    r"(?:only|just|last|solo|quedan|quedan solo|so|apenas|restam|restam apenas|सिर्फ|केवल|बस|sirf|bas) (\d{1,3}) ?"
    r"(?:left|remaining|in stock|pieces left|units left|unidades|disponibles|restantes|no estoque|बचे|बचा|bache|bacha)"
)
CODE_NAMED = re.compile(
    r"\b(?:code|coupon|voucher|codigo|cupon|cupom)\s+[\"'“”‘’*_]*([A-Z][A-Z0-9]{3,14})\b|(?:कोड|कूपन)\s+([A-Z][A-Z0-9]{3,14})"
)
SPELT_ADDRESS = phrase(
    r"[a-z0-9-]{2,30} (?:dot|punto|ponto|डॉट) (?:com|net|org|in|es|br|io|shop|store|co|info|biz|me|link)"
)
# What makes one amount the other's worth: "50 USD is about 90 EUR", "50 USD = 90 EUR".
SAME_WORTH = re.compile(
    r"\s*(?:=|≈|~|→)?\s*(?:is|are|equals?|makes|comes to|works out (?:at|to)|son|es|equivale\w* a|sao|é|e|da|dá|hai|hain|है|हैं|होते हैं|in|to)?"
    r"\s*(?:=|≈|~|→)?\s*(?:now|today|about|roughly|around|approximately|some|unos|aproximadamente|cerca de|mais ou menos|करीब|लगभग|lagbhag|kareeb)?\s*"
)
