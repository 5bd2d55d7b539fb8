"""Which language a message is in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.detection import detect
from bot.language.languages import LANGUAGES


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hola", "es"), ("¿precio?", "es"), ("quiero un portátil barato", "es"), ("dónde está mi pedido", "es"),
        ("oi, tudo bem?", "pt"), ("quero comprar um notebook", "pt"), ("obrigada", "pt"), ("onde está minha encomenda", "pt"),
        ("namaste", "hi"), ("mera order kab aayega bhai", "hi"), ("मुझे फोन चाहिए", "hi"), ("price kya hai", "hi"),
        ("MacBook का दाम क्या है", "hi"), ("where is my order", "en"), ("hello", "en"), ("looking for running shoes", "en"),
    ],
)  # fmt: skip
def test_it_tells_the_language(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["ok", "2", "👍", "", "iPhone 15", "precio"])
def test_what_tells_too_little_keeps_the_language(text: str) -> None:
    assert detect(text, "es") == "es"


def test_a_clear_change_of_language_is_followed() -> None:
    assert detect("sorry, can you tell me the price in english", "hi") == "en"


NEW = None
EN: str = "en"
ES: str = "es"
PT: str = "pt"
HI: str = "hi"
LINES: list[tuple[str, str | None, str]] = [
    # the first line of a conversation
    ("hey do u have the s23", NEW, EN), ("how much for two", NEW, EN), ("whats ur best price", NEW, EN),
    ("cheap laptop", NEW, EN), ("can u do 130?", NEW, EN), ("got any headphones", NEW, EN), ("price pls", NEW, EN),
    ("i want it", NEW, EN), ("no", NEW, EN), ("is it waterproof", NEW, EN), ("yes please", NEW, EN),
    ("any discount?", NEW, EN), ("do you ship to goa", NEW, EN), ("sent", NEW, EN), ("show me", NEW, EN),
    ("hola buenas, teneis iphone?", NEW, ES), ("cuanto cuesta?", NEW, ES), ("hay moviles baratos", NEW, ES),
    ("me haces descuento", NEW, ES), ("cual es el mas barato", NEW, ES), ("lo quiero", NEW, ES),
    ("busco un portatil", NEW, ES), ("xfa el precio", NEW, ES), ("puedo pagar contra reembolso?", NEW, ES),
    ("a cuanto lo dejas", NEW, ES), ("si", NEW, ES), ("es original?", NEW, ES), ("no gracias", NEW, ES),
    ("muy caro", NEW, ES), ("no quiero mas el pedido", NEW, ES), ("quiero ese celular", NEW, ES),
    ("oi bom dia, vcs tem iphone?", NEW, PT), ("celular barato", NEW, PT), ("faz por 130?", NEW, PT),
    ("qto custa", NEW, PT), ("vc tem notebook", NEW, PT), ("tem desconto?", NEW, PT), ("nao", NEW, PT),
    ("quero esse", NEW, PT), ("aceita pix?", NEW, PT), ("muito caro", NEW, PT), ("obg", NEW, PT),
    ("qual o mais barato", NEW, PT), ("blz, vou levar", NEW, PT), ("chega hoje?", NEW, PT),
    ("não quero mais, cancela", NEW, PT), ("sim pode ser", NEW, PT), ("e o frete?", NEW, PT),
    ("bhai koi sasta phone hai kya 15000 tak", NEW, HI), ("thoda discount do na yaar", NEW, HI), ("kitna", NEW, HI),
    ("mujhe laptop chahiye", NEW, HI), ("ye kitne ka hai", NEW, HI), ("last price batao", NEW, HI),
    ("haan bhej do", NEW, HI), ("nhi chahiye", NEW, HI), ("aur dikhao", NEW, HI), ("delivery kab tak hogi", NEW, HI),
    ("order cancel kar do", NEW, HI), ("cod milega?", NEW, HI), ("bhaiya best price kya loge", NEW, HI),
    ("accha thik hai", NEW, HI), ("kuch kam karo", NEW, HI), ("फोन चाहिए", NEW, HI), ("कितने का है?", NEW, HI),
    ("सस्ता वाला दिखाओ", NEW, HI), ("iPhone है?", NEW, HI),
    # what keeps the language that was spoken
    ("no", EN, EN), ("no", ES, ES), ("no", PT, PT), ("no", HI, HI), ("ok thanks", HI, HI), ("thanks", ES, ES),
    ("hello", PT, PT), ("yes", HI, HI), ("por favor", PT, PT), ("por favor", ES, ES), ("pedido", PT, PT),
    ("celular barato", ES, ES), ("celular barato", PT, PT), ("como?", ES, ES), ("iphone 15 pro max 256 gb", ES, ES),
    ("barato", PT, PT), ("do it", EN, EN), ("me", EN, EN), ("discount", HI, HI), ("order", HI, HI), ("2", HI, HI),
    ("samsung galaxy", PT, PT), ("a 15", ES, ES), ("cancela", PT, PT), ("cancela", ES, ES), ("os 2", PT, PT),
    ("sim", NEW, PT), ("currency converter", EN, EN), ("dual sim?", EN, EN), ("1.5k usd to inr", EN, EN), ("no no no", EN, EN), ("is", HI, HI), ("na", PT, PT), ("do", EN, EN), ("par", HI, HI), ("ok", PT, PT),
    # what changes it
    ("can you speak english", ES, EN), ("what is this", HI, EN), ("how much is it?", PT, EN),
    ("hola, cuanto cuesta", EN, ES), ("gracias", EN, ES), ("teneis otro?", PT, ES), ("quanto custa?", ES, PT),
    ("vc tem outro?", ES, PT), ("obrigada", EN, PT), ("kitna hai bhai", EN, HI), ("chahiye", EN, HI),
    ("thoda kam karo na", PT, HI), ("मुझे चाहिए", EN, HI), ("do you have it in black", HI, EN),
]  # fmt: skip


@pytest.mark.parametrize(("text", "previous", "language"), LINES)
def test_short_chat_lines_are_told_apart(text: str, previous: str | None, language: str) -> None:
    assert detect(text, previous) == language


@given(st.text(), st.sampled_from(LANGUAGES))
def test_any_text_has_one_of_the_four(text: str, previous: str) -> None:
    assert detect(text, previous) in LANGUAGES
