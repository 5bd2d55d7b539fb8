"""Which language a message is in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sales.language import LANGUAGES, Language, detect


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


@given(st.text(), st.sampled_from(LANGUAGES))
@settings(deadline=None)
def test_any_text_has_one_of_the_four(text: str, previous: Language) -> None:
    assert detect(text, previous) in LANGUAGES
