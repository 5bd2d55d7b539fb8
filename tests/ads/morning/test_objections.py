from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ads.morning.objections import Objections, objections, topics
from memory.ads.chat_texts import AdChat


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Can I pay cash on delivery?", "cash on delivery"),
        ("cod available?", "cash on delivery"),
        ("can i pay when it arrives", "cash on delivery"),
        ("¿Tienen pago contra entrega?", "cash on delivery"),
        ("puedo pagar al recibirlo?", "cash on delivery"),
        ("Dá pra pagar na entrega?", "cash on delivery"),
        ("delivery par payment kar sakte hai?", "cash on delivery"),
        ("क्या कैश ऑन डिलीवरी है?", "cash on delivery"),
        ("how long does delivery take", "delivery time"),
        ("When will it arrive?", "delivery time"),
        ("¿Cuánto tarda el envío?", "delivery time"),
        ("¿cuándo llega?", "delivery time"),
        ("Qual o prazo de entrega?", "delivery time"),
        ("kitne din lagenge", "delivery time"),
        ("कितने दिन में आएगा?", "delivery time"),
        ("What is your return policy", "returns"),
        ("¿Puedo devolverlas si no me gustan?", "returns"),
        ("posso devolver?", "returns"),
        ("pasand na aaye to wapas ho jayega?", "returns"),
        ("क्या वापस कर सकते हैं", "returns"),
        ("is there a warranty?", "warranty"),
        ("tiene garantía", "warranty"),
        ("वारंटी कितनी है", "warranty"),
        ("रिफ़ंड मिलेगा?", "returns"),
        ("रिफंड मिलेगा?", "returns"),
        ("that's too expensive", "price too high"),
        ("está muy caro", "price too high"),
        ("tá caro", "price too high"),
        ("bahut mehnga hai", "price too high"),
        ("यह बहुत महंगा है", "price too high"),
        ("any discount?", "discount"),
        ("¿hay algún descuento?", "discount"),
        ("tem cupom?", "discount"),
        ("kuch chhoot milegi?", "discount"),
        ("is it original or copy", "is it genuine"),
        ("¿Son auténticas?", "is it genuine"),
        ("asli hai ya nakli", "is it genuine"),
        ("यह असली है?", "is it genuine"),
        ("which size should I take", "size and fit"),
        ("¿qué talla soy?", "size and fit"),
        ("qual o tamanho?", "size and fit"),
        ("साइज क्या है", "size and fit"),
        ("can i pay in installments", "installments"),
        ("emi option?", "installments"),
        ("¿se puede pagar en cuotas?", "installments"),
        ("parcela em 6x?", "installments"),
        ("किस्त में मिलेगा?", "installments"),
    ],
)
def test_a_question_is_understood_in_each_language(text: str, topic: str) -> None:
    assert topic in topics(text)


@pytest.mark.parametrize(
    "text",
    [
        "Hello! I saw your ad",
        "I want the aviator sunglasses",
        "Hola, quiero unas gafas de sol",
        "Oi, quero ver os óculos",
        "नमस्ते, मुझे चश्मा चाहिए",
        "mujhe kaala chashma chahiye",
        "My code is 4711, thanks",
        "Does it have a codec for video? I need my card",
        "I live in Madrid, on Calle Mayor",
        "The remittance emirates thing",
    ],
)
def test_ordinary_words_are_no_objection(text: str) -> None:
    assert topics(text) == set()


def ad_chat(number: int, *texts: str) -> AdChat:
    return AdChat(number, "ad", None, texts)


def test_a_chat_counts_once_per_topic_and_silent_chats_never() -> None:
    told = objections(
        [
            ad_chat(1, "hi", "cod?", "really cash on delivery?"),
            ad_chat(2, "is there a warranty?"),
            ad_chat(3, "hello"),
            ad_chat(4, " "),
            ad_chat(5),
        ]
    )
    assert told.chats == 3
    assert told.by_topic == {"cash on delivery": 1, "warranty": 1}
    assert told.sentence("cash on delivery") == "1 of 3 chats asked about cash on delivery"


def test_few_chats_or_few_questions_are_no_pattern() -> None:
    assert Objections(19, {"warranty": 19}).frequent() == []
    assert Objections(100, {"cash on delivery": 30, "warranty": 5, "returns": 4}).frequent() == [
        "cash on delivery",
        "warranty",
    ]


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(topics(text), set)
