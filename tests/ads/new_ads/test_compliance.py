from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ads.ad_idea import Concept
from bot.ads.new_ads.compliance import review
from tests.ads.shop import AnythingGoes

GOOD = Concept(
    name="Summer · security · image",
    angle="security",
    headline="Bought safely, returned easily",
    body="Polarised sunglasses with a warranty. Ask in the chat which frame fits you.",
    greeting="Hello! Which sunglasses are you looking for?",
    language="en",
)


class HalfPrice:
    """One text makes an unsupported claim."""

    def unsupported(self, text: str) -> list[tuple[str, str]]:
        return [("50 % off", "there is no such discount")] if "Polarised" in text else []


def rules(**changes: object) -> set[str]:
    return {objection.rule for objection in review(replace(GOOD, **changes), AnythingGoes())}  # type: ignore[arg-type]


def test_an_honest_ad_passes() -> None:
    assert review(GOOD, AnythingGoes()) == []


@pytest.mark.parametrize(
    "text",
    [
        "Are you diabetic? These glasses are for you.",
        "Are you overweight?",
        "Other Christians love this frame",
        "You're broke, we know",
        "Meet singles who wear them",
        "¿Eres gordo?",
        "Você é muito pobre para óculos?",
        "क्या आप गरीब हैं? यह चश्मा लें",
        "Kya aap mote hain",
        "A\u200bre you bald?",
    ],
)
def test_it_does_not_tell_people_what_they_are(text: str) -> None:
    assert "personal attributes" in rules(body=text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("See the before and after!", "before and after"),
        ("Antes y después de usarlas", "before and after"),
        ("Lose 10 kg with these glasses", "before and after"),
        ("Lose 10kg with these glasses", "before and after"),
        ("First copy Ray-Ban at half price", "prohibited goods"),
        ("Earn $500 a day from your phone", "prohibited goods"),
        ("Glasses for vaping in style", "prohibited goods"),
        ("Free wine with every order", "restricted goods"),
        ("A miracle for your eyes", "misleading claims"),
        ("Risk-free", "misleading claims"),
        ("Approved by Meta", "brand use"),
        ("Tag a friend who needs these", "engagement bait"),
        ("Get a low interest loan for your frame", "special ad category"),
        ("We are hiring opticians", "special ad category"),
        ("BUY THESE GLASSES TODAY", "grammar and symbols"),
        ("Buy now!!!", "grammar and symbols"),
    ],
)
def test_each_policy_has_its_name(text: str, rule: str) -> None:
    assert rule in rules(body=text)


@pytest.mark.parametrize(
    "text",
    [
        "Your new frame arrives in a hard case.",
        "The case is a good replacement for your old one.",
        "For women and men, in five colours.",
        "Blue light filter for long evenings at the screen.",
        "Begin the season with a lighter frame.",
        "Gafas negras con lentes polarizadas",
        "USB-C, NFC and HDMI included",
        "Óculos de sol para o verão. Pague na entrega.",
        "धूप का चश्मा, 12 महीने की वारंटी",
    ],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert rules(body=text) == set()


def test_a_declared_category_is_accepted() -> None:
    loan = "Apply for a loan in the chat"
    assert "special ad category" in rules(body=loan)
    assert rules(body=loan, special_ad_categories=("CREDIT",)) == set()
    assert "special ad category" in rules(special_ad_categories=("LOANS",))


def test_what_is_too_long_or_empty_is_named() -> None:
    told = review(replace(GOOD, headline="fine " * 8 + "x", greeting=" "), AnythingGoes())
    assert [(each.rule, each.sentence) for each in told] == [
        ("length", "the headline has 41 characters, at most 40"),
        ("length", "the greeting is empty: write one"),
    ]


def test_a_claim_that_the_shop_does_not_carry_stops_it() -> None:
    told = review(GOOD, HalfPrice())
    assert [each.rule for each in told] == ["unsupported claim"]
    assert "no such discount" in told[0].sentence


@given(st.text(max_size=700))
def test_any_text_can_be_reviewed(text: str) -> None:
    assert all(each.sentence for each in review(replace(GOOD, body=text), AnythingGoes()))
