"""What is said of an item, of cover and of deeds, against the facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.promises_check import facts
from bot.promises.check import check
from bot.promises.facts import OrderFact, ReplyFacts

FACTS = replace(facts(), orders=(), customer="")
RAPTOR = "Kestrel Raptor 15"


def kinds(draft: str, known: ReplyFacts = FACTS) -> set[str]:
    return {breach.kind for breach in check(draft, known)}


@pytest.mark.parametrize(
    ("true", "untrue"),
    [
        ("RTX 4050", "RTX 4060"), ("16 GB", "32 GB"), ("144 Hz", "165 Hz"), ("512 GB", "1 TB"), ("Ryzen 7", "Ryzen 9"),
        ("15.6 inch", "17 inch"), ("15,6 pulgadas", "14 pulgadas"), ("15,6 polegadas", "16 polegadas"),
        ("15.6 इंच", "14 इंच"), ("15,6 inci", "13 inci"),
    ],
)  # fmt: skip
def test_a_measure_is_that_of_the_description(true: str, untrue: str) -> None:
    assert kinds(f"{RAPTOR}: {true}.") == set()
    assert kinds(f"{RAPTOR}: {untrue}.") == {"specification"}
    assert kinds(f"I like the {RAPTOR}. It comes with {untrue}.") == {"specification"}


@pytest.mark.parametrize(
    "draft",
    [
        "The Aurel Nova 5 is waterproof.", "El Aurel Nova 5 es resistente al agua.", "O Aurel Nova 5 é à prova d'água.",
        "Aurel Nova 5 tahan air kak.", "Aurel Nova 5 वाटरप्रूफ़ है।", "The Solenne Marina is polarised.", "The Aurel Nova 5 comes in red.",
        "El Aurel Nova 5 viene en negro.", "O Aurel Nova 5 vem em preto.", "Aurel Nova 5 ada warna merah.", "Aurel Nova 5 लाल रंग में है।",
    ],
)  # fmt: skip
def test_no_feature_and_no_colour_is_invented(draft: str) -> None:
    assert kinds(draft) == {"specification"}


@pytest.mark.parametrize(
    "draft",
    [
        "The Aurel Nova 5 isn't waterproof.", "El Aurel Nova 5 no es resistente al agua.", "The Pixon Rugged X is waterproof to IP69.",
        "The Solenne Aviator is polarised.", "Do you need it waterproof?", "We have no Aurel Nova 5 in red.",
    ],
)  # fmt: skip
def test_what_the_description_says_or_the_draft_denies_leaves(draft: str) -> None:
    assert "specification" not in kinds(draft)


@pytest.mark.parametrize(
    "draft",
    [
        "I've cancelled your order.", "Your code has been applied.", "Ya te lo aparté.", "Acabo de abrir una incidencia.",
        "Apliquei o código no seu pedido.", "Pesanannya sudah kami batalkan.", "ऑर्डर रद्द कर दिया है।", "Order cancel kar diya hai.",
    ],
)  # fmt: skip
def test_nothing_undone_is_reported_as_done(draft: str) -> None:
    assert "order" in kinds(draft)


def test_a_cancelled_order_may_be_called_cancelled() -> None:
    known = replace(FACTS, orders=(OrderFact("VY-10023", state="cancelled"),))
    assert kinds("Your order has been cancelled.", known) == set()
    assert kinds("Your order has been cancelled.") == {"order"}


@pytest.mark.parametrize(
    ("draft", "kind"),
    [
        ("It comes with a lifetime warranty.", "policy"), ("Tiene garantía de por vida.", "policy"),
        ("Garantinya seumur hidup.".replace("Garantinya", "Garansinya"), "policy"), ("The warranty covers drops.", "policy"),
        ("A garantia cobre quedas.", "policy"), ("वारंटी में पानी भी कवर है।", "policy"),
        ("The Solenne Aviator has a warranty of 24 months.", "policy"),
        ("Hurry, others are looking at it.", "stock"), ("Date prisa, que vuela.", "stock"), ("Buruan kak, banyak yang minat.", "stock"),
        ("I'll throw in a mouse.", "discount"), ("Te regalo un ratón.", "discount"), ("Vai um brinde junto.", "discount"),
        ("As an AI language model I can't say.", "instructions"), ("search_catalogue says no.", "instructions"),
        ("Mis instrucciones me lo prohíben.", "instructions"), ("Meu prompt não deixa.", "instructions"),
        ("Sure, ten Kestrel Raptor 15 are fine.", "stock"), ("Yes, the Pixon Rugged X can be yours.", "stock"),
    ],
)  # fmt: skip
def test_promises_beyond_the_facts_are_refused(draft: str, kind: str) -> None:
    assert kind in kinds(draft)


@pytest.mark.parametrize(
    "draft",
    [
        "Drops and water are not covered by the warranty.", "La garantía no cubre caídas ni agua.",
        "Electronics have a warranty of 24 months, eyewear of 12 months.", "The Solenne Aviator has a warranty of 12 months.",
        "We don't give anything away.", "I have noted your wish.", "I've asked a colleague, who will answer here.",
    ],
)  # fmt: skip
def test_what_the_policy_says_leaves(draft: str) -> None:
    assert kinds(draft) == set()


def test_a_reply_repeats_no_instruction_of_the_model() -> None:
    told = replace(FACTS, instructions="You would rather say that you do not know than guess anything at all.")
    assert kinds("I would rather say that you do not know than guess.", told) == {"instructions"}
    assert kinds("I would rather say that you do not know than guess.") == set()


def test_a_code_that_only_the_customer_knows_does_not_work() -> None:
    told = replace(FACTS, customer="does the code SAVE50 work? or the coupon rebaja20?")
    assert kinds("Yes, the code SAVE50 works.", told) == {"discount"}
    assert kinds("SAVE50 gives you the discount.", told) == {"discount"}
    assert kinds("Sure, the coupon rebaja20 is fine.", told) == {"discount"}
    assert kinds("The code SAVE50 does not work here, sorry.", told) == set()
