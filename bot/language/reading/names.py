"""Reads how somebody calls themselves and where they live out of chat text; rather nothing than wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from babel import Locale

LETTER = r"[^\W\d_]"
WORD = rf"[\u0900-\u097F]+|{LETTER}[^\W\d_\u0900-\u097F'’.-]*(?:['’-]{LETTER}[^\W\d_]*)*"
TOKENS = re.compile(rf"(?:{WORD})")

# Ways of saying it that hardly mean anything else: the next word is a name unless it is a word of NOT_NAMES.
NAMED = re.compile(
    r"(?:\bmy (?:good |full |first |own )?name(?:['’]s| is| iz| =|:)"
    r"(?: not \w+[,;]? (?:it['’]?s|but|it is|its))?"
    r"|(?:^|[.!,;\n]\s*)(?:the )?name(?:['’]s| is|:)"
    r"|(?<!don't )(?<!dont )(?<!don’t )(?<!not )\b(?:you can |u can |just |please |pls |everyone |people )*"
    r"(?<!will )(?<!to )(?<!ll )(?<!you )(?<!you call me )call me"
    r"|\byou can call me|\bu can call me"
    r"|\bme llamo|\bmi nombre (?:completo )?es|\bll[aá]mame|\bpuedes (?:llamarme|decirme)|\bmi nombre:"
    r"|\b(?:o )?meu nome (?:completo )?[eé](?! que)|\bme chamo|\bchamo-me|\bpode me chamar de|\bme chama de"
    r"|\bmera (?:poora |pura )?(?:naam|nam|name)(?: hai)?|\bmujhe"
    r"|मेरा (?:पूरा )?नाम|मुझे)\s*[:=\-]?\s+",
    re.IGNORECASE,
)
# Ways of saying it that mostly mean something else; the name must look like one and stand by itself.
MAYBE = re.compile(
    r"(?:\bi['’`]?m|\bi am|\bit['’]?s me,?|\bsoy|\bsou(?: [oa])?|\beu sou(?: [oa])?|\baqui (?:[eé]|quem fala [eé])"
    r"(?: [oa])?|\bthis is|\bit is|\bmain|\bmai|मैं)\s+",
    re.IGNORECASE,
)
ENDS = re.compile(
    r"\s*(?:$|[.,!?;:\n()😀-🙏🤀-🧿]|-\s|(?:and|n|&|from|here|by the way|btw|i|y|e|de|do|da|desde|aur"
    r"|se|quiero|busco|necesito"
    r"|quero|preciso|want|looking|speaking|this side|thanks"
    r"|hai|hain|hu|hun|hoon|ho|bol rah[ai] (?:hu|hun|hoon)|है|हूँ|हूं|हुँ|बोल रहा|बोल रही|और)(?:\W|$))",
    re.IGNORECASE,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TITLES = re.compile(r"(?:mr|mrs|ms|miss|dr|sr|sra|srta|shri|smt|don|do[nñ]a)\b\.?\s*", re.IGNORECASE)

NOT_NAMES = _words(
    # English: what follows "I'm", "call me", "my name is" and is no name
    """a an the not no now on in at to for from of off up so very really just only also still already always never
    here there back done fine good great ok okay well bad sad happy sorry sure unsure ready busy free late early
    new old young lost stuck bored tired hungry sick ill angry mad upset furious confused curious serious glad
    afraid scared worried pleased excited interested looking searching trying waiting asking wondering thinking
    going coming getting having being doing buying selling shopping living staying working calling writing
    planning hoping wanting needing using checking talking chatting texting leaving paying ordering facing
    student teacher gamer developer engineer customer client owner seller reseller doctor lawyer nurse designer
    programmer photographer freelancer manager boss dad mom father mother husband wife single married able unable
    about afraid all alone another anyone broke broken cheap clear close cold cool crazy dead deaf different
    disappointed dumb easy else english enough every everyone everything exactly fan fed feeling first full fun
    gonna wanna gotta guy girl boy man woman human person people bot robot half hard hello hey hi hot how hurt
    if kidding kind last later least like little long low man many maybe me mean mine more most much my myself
    nearby near next nice nobody noob none nothing okey one open other our out over overwhelmed part patient
    please poor pretty proud quick quite ready rich right rude running safe same satisfied second short shy
    slow small some someone something somewhere soon stupid such super surprised sweet team thank thankful thanks
    that then these thinking this those tight today tomorrow tonight too total traveling travelling two under
    unhappy unsatisfied until upgrading urgent used useless visiting wait want wants was weak what when where
    which who why wrong yes yesterday yet you your yours yo man bro sir madam maam dear friend sis buddy mate
    back asap anytime again before after when once whenever if by tmrw tomo pls plz kindly whatever quickly
    spelled spelt written missing incorrect misspelled visible showing listed it its it's and or but because with
    without than as is are am do does did can could will would should has have had let lets tell show give see get
    also ill i im ur u r n
    indian american british english spanish mexican brazilian portuguese german french italian chinese japanese
    canadian australian argentine colombian chilean peruvian pakistani bangladeshi nepali african european asian
    russian turkish arab dutch swiss swedish korean muslim hindu christian jewish catholic sikh
    samsung sony apple dell hp lenovo asus acer nokia xiaomi oneplus google microsoft amazon facebook instagram
    whatsapp laptop laptops phone phones iphone android windows mac headphones monitor mouse keyboard glasses
    monday tuesday wednesday thursday friday saturday sunday
    el la los las un una uno de del en no muy más mas ya aquí aqui alli interesado interesada nuevo nueva cliente
    estudiante de buscando feliz bien mal yo tu usted su mi mis que quien qué como cuando donde por para con sin
    mexicano mexicana español española argentino argentina colombiano colombiana brasileiro brasileira profesor
    profesora ingeniero ingeniera médico estoy otra otro también tambien solo sólo gamer listo lista
    o os as um uma do da dos das em não nao muito já ja aqui estudante novo nova procurando interessado interessada
    eu voce você seu sua meu minha quem quando onde sem professor professora médica engenheiro engenheira bom boa
    só so também tambem assim mesmo
    mera meri mere mujhe hai hain ho hu hun hoon kya kaun aap tum main mai hum ye yeh wo woh ka ki ke ko se me mein
    aur nahi nahin bhi to toh bas ek koi kuch abhi theek thik accha acha student theek pata chahiye chaiye batao
    bataiye bolo kaho bhejo dikhao de do dijiye lena lene laptop idhar yahan yaha wahan udhar soch dekh dhundh
    pareshan khush naya naye confuse
    है हैं हूँ हूं क्या कौन आप तुम मैं हम ये यह वो वह का की के को से में और नहीं भी तो एक कोई कुछ अभी ठीक अच्छा चाहिए
    बताओ बताइए बोलो भेजो दिखाओ दो दीजिए लेना यहाँ यहां सोच देख ढूंढ परेशान खुश नया पता एक छात्र"""
)
# "mujhe Raj bulao": only with what means "call" behind the name.
CALLED_SO = re.compile(r"\s+(?:bula\w*|kah\w*|bol\w*|keh\w*|बुला\S*|कह\S*|बोल\S*)", re.IGNORECASE)

# Given names that are believed in lower case and behind "this is"; others need a capital letter.
KNOWN = _words(
    """aarav abdul abhishek adam adriana aditi aditya ahmed ajay akash alan alejandra alejandro alex alexander alice
    alicia alina amanda amit amy ana anand andre andrea andrew angela anil anita anjali ankit ann anna anne antonio
    anu arjun arthur arun asha ashley ashok ayesha barbara beatriz ben benjamin bhavna bob brenda brian bruna bruno
    camila carla carlos carmen carol carolina caroline catherine cecilia charles charlie charlotte chris
    christina christopher clara claudia connor cristina daniel daniela dave david deborah deepa deepak diana diego
    dinesh divya dominic donald dylan edgar eduardo edward elena elizabeth ella emily emma enrique eric erica
    ethan eva fatima felipe fernanda fernando francisco frank gabriel gabriela gary gaurav george geeta gloria
    grace greg guilherme gustavo hannah harish harry hassan heather hector helen helena henry hugo ian ibrahim ignacio
    imran ines irene isabel isabella ivan jack jacob jaime james jamie jane janet jason javier jay jennifer jenny
    jeremy jessica jesus jim jimmy jo joan joana joao joão joaquim joe joel john johnny jon jonathan jordan jorge jose
    josé    joseph josh joshua juan juana judith julia juliana julie julio karan karen karina karthik kate
    katherine kavita
    keith kelly ken kenneth kevin khalid kim kiran kumar lakshmi larissa larry laura lauren leo leonardo leticia liam
    lily linda lisa lorena louis luana lucas lucia lucy luis luisa luiz lukas madhu mahesh manish manoj manuel marcela
    marcelo marco marcos margaret maria maría mariana marina mario mark marta martha martin martina mary mateo matheus
    matt matthew max maya meena megan mehmet melissa michael michelle miguel mike mohammed mohan mohit monica muhammad
    nancy naomi natalia natalie neeraj neha nicholas nick nicolas nicole nikhil nina nisha nitin noah nora olga oliver
    olivia omar oscar pablo pamela paola patricia patrick paul paula paulo pedro peter philip pooja pradeep prakash
    pranav pratik praveen preeti priya priyanka rachel rafael rahul raj rajat rajesh raju rakesh ram ramesh ramon raquel
    ravi raul rebecca renata ricardo richard riya robert roberto rodrigo rohan rohit rosa rosie ruth ryan sachin sam
    samantha    samir samuel sandeep sandra sanjay santiago sara sarah saurabh sean sebastian sergio shreya
    silvia simon simran
    sneha sofia sonia sophia sophie stefan stephanie stephen steve steven sunil sunita suresh susan swati tania tara
    teresa thiago thomas tiago tim tina tom tomas tony tyler uday usha valentina valeria vanessa varun veronica victor
    victoria vijay vikas vikram vinay vinod vishal vivek wendy william xavier yash yolanda yusuf zoe
    राहुल राज रवि प्रिया अमित नेहा अंजलि विकास सुनीता संजय पूजा रोहित अनिता मोहन सीता राम दीपक मीना आशा करण"""
)

_PLACED = "(?:from|based in|living in|located in|staying in|in)"
FROM = re.compile(
    rf"(?:\bi['’`]?m {_PLACED}|\bi am {_PLACED}"
    r"|\bi (?:live|stay|reside) in|\bbased in|\bmy city(?: is|['’]s|:)|\bcity:"
    r"|\b(?:yo )?vivo en|\bsoy de|\bestoy en|\bmi ciudad es|\bmoro em|\b(?:eu )?sou de"
    r"|\bminha cidade [eé])\s+(?:the )?",
    re.IGNORECASE,
)
FROM_HINDI = re.compile(
    rf"(?:\b(?:main|mai|hum|ham)|मैं|हम)\s+({WORD})\s+(?:se (?:hu|hun|hoon|hain)"
    r"|me(?:in)? reh?t[aie]|में रहत|से (?:हूँ|हूं|हैं))",
    re.IGNORECASE,
)
SURE_OF = ("live", "reside", "city", "based", "vivo", "moro", "ciudad", "cidade")
PARTICLES = ("de", "del", "do", "da", "dos", "la")
NOT_PLACES = _words(
    """your the a an my our this that here there need hurry love touch trouble office work home market stock instagram
    fear hope peace pain luxury style poverty exile past present future moment mess chaos room flat apartment house
    hostel hotel village countryside paz miedo medo facebook google ad ads advert advertisement friend twitter tiktok youtube whatsapp doubt two search case general
    bed school college town shock charge class meeting stage school hospital interest tears pain line luck
    acuerdo nuevo la el los las un una mi casa tu su aqui aquí duda apuros camino eso esto línea
    casa um uma o os as meu minha novo acordo dúvida duvida idea usted ustedes vosotros ti mí"""
)


# Every match has one of these in it. Most messages have none, which is known in a tenth of the time of a search.
NAMED_BY = ("nam", "naam", "nome", "nombre", "call me", "llam", "llám", "decirme", "cham", "mujhe", "नाम", "मुझे")
MAYBE_BY = (
    "im", "i'm", "i’m", "i`m", "i am", "s me", "soy", "sou", "aqui", "this is", "it is", "mai", "मैं",
)  # fmt: skip


def hints(text: str, words: Iterable[str]) -> bool:
    """Whether one of `words` stands anywhere in the text, which is in small letters."""
    return any(word in text for word in words)


def find_name(text: str) -> str | None:
    """What the writer wants to be called, as it would be written on a letter; None where they do not say."""
    quiet, small = text.upper() == text, text.casefold()
    for pattern, words, sure in ((NAMED, NAMED_BY, True), (MAYBE, MAYBE_BY, False)):
        for said in pattern.finditer(text) if hints(small, words) else ():
            name = _name_at(text, said, sure=sure, quiet=quiet)
            if name is not None:
                return name
    return None


def _name_at(text: str, said: re.Match[str], *, sure: bool, quiet: bool) -> str | None:
    behind = text[said.end() :]
    title = TITLES.match(behind)
    behind = behind[title.end() :] if title else behind
    words = _leading_words(behind)
    if not words:
        return None
    intro = said.group().strip().casefold()
    if intro in ("mujhe", "मुझे") and not CALLED_SO.match(behind[len(words[0]) :]):
        return None
    if sure:
        return _sure_name(behind, words, quiet=quiet)
    return _likely_name(behind, words, intro, quiet=quiet)


def _leading_words(behind: str) -> list[str]:
    """Up to three words with nothing but spaces between them, before the first that can be in no name."""
    words: list[str] = []
    at = 0
    while len(words) < 3:
        found = TOKENS.match(behind, at)
        if found is None or found.group().casefold() in NOT_NAMES:
            break
        words.append(found.group())
        at = found.end()
        if behind[at : at + 1] != " ":
            break
        at += 1
    return words


def _sure_name(behind: str, words: list[str], *, quiet: bool) -> str | None:
    if words[0].endswith(("'s", "’s")):
        return None
    if _is_capital(words[0]) and not quiet:
        kept = _while_capital(words)
    else:
        whole = len(words) > 1 and ENDS.match(behind[len(" ".join(words)) :])
        kept = words if whole and len(words) == 2 else words[:1]
    return _written(kept)


def _likely_name(behind: str, words: list[str], intro: str, *, quiet: bool) -> str | None:
    first = words[0]
    known = first.casefold() in KNOWN
    if first.endswith(("'s", "’s")) or (first.casefold().endswith("ing") and not known):
        return None
    capital = _is_capital(first) and not quiet and (len(first) == 1 or not first.isupper())
    if not known and (not capital or intro in ("this is", "it is", "main", "mai", "मैं")):
        return None
    kept = _while_capital(words) if capital else words[:1]
    return _written(kept) if ENDS.match(behind[len(" ".join(kept)) :]) else None


def _while_capital(words: list[str]) -> list[str]:
    until = next((at for at, word in enumerate(words) if not _is_capital(word)), len(words))
    if until < len(words) - 1 and words[until] in PARTICLES and _is_capital(words[until + 1]):
        until += 2
    return words[: max(until, 1)]


def _is_capital(word: str) -> bool:
    return word[0].isupper()


def _written(words: list[str]) -> str:
    return " ".join(
        word if word in PARTICLES or not (word.islower() or word.isupper()) else word.capitalize() for word in words
    )


def find_city(text: str, language: str) -> str | None:
    """The town the writer says they live in or come from; None where they name none, or name a country."""
    for said in FROM.finditer(text):
        sure = any(word in said.group().casefold() for word in SURE_OF)
        place = _place_at(text[said.end() :], sure=sure)
        if place is not None and place.casefold() not in _countries(language):
            return place
    hindi = FROM_HINDI.search(text)
    if hindi is not None and hindi.group(1).casefold() not in NOT_NAMES | NOT_PLACES | _countries(language):
        return _written([hindi.group(1)])
    return None


def _place_at(behind: str, *, sure: bool) -> str | None:
    words = TOKENS.findall(behind.split("\n")[0][:60])
    if not words or words[0].casefold() in (NOT_PLACES | NOT_NAMES) - {"new"}:
        return None
    if not behind.startswith(words[0]) or not (sure or _is_capital(words[0])):
        return None
    kept = _while_capital(words[:3]) if _is_capital(words[0]) else words[: 2 if words[0] == "new" else 1]
    phrase = behind[: behind.index(kept[-1]) + len(kept[-1])]
    return _written(kept) if phrase == " ".join(kept) else _written(kept[:1])


@lru_cache(maxsize=8)
def _countries(language: str) -> frozenset[str]:
    names = {*Locale("en").territories.values(), *Locale(language).territories.values(), "usa", "uk", "us", "uae"}
    return frozenset(name.casefold() for name in names)
