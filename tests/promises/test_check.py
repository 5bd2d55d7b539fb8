from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.promises_check import facts
from bot.language.languages import LANGUAGES
from bot.language.money import Money
from bot.language.money_text import format_money
from bot.language.words import table
from bot.promises.check import check
from bot.promises.facts import ReplyFacts

FACTS = facts()
SETS = Path(__file__).parents[2] / "benchmarks" / "promises"
PRICED = {
    "en": "The {} costs {} and that is all.",
    "es": "El {} cuesta {} en total.",
    "pt": "O {} custa {} no total.",
    "hi": "{} की कीमत {} है।",
}
LISTED = [(item, price) for item in FACTS.items for price in item.prices.values()]


def drafts(name: str) -> list[str]:
    return [
        json.loads(line)["draft"]
        for sitting in "12"
        for line in (SETS / f"{name}-{sitting}.jsonl").read_text(encoding="utf-8").splitlines()
    ]


def kinds(draft: str, known: ReplyFacts = FACTS) -> set[str]:
    return {breach.kind for breach in check(draft, known)}


@pytest.mark.parametrize("draft", drafts("lies"))
def test_no_lie_of_the_two_sittings_leaves(draft: str) -> None:
    assert check(draft, FACTS)


@pytest.mark.parametrize("draft", drafts("truths"))
def test_no_right_reply_of_the_two_sittings_is_stopped(draft: str) -> None:
    assert check(draft, FACTS) == []


@pytest.mark.parametrize(
    "draft",
    [
        "Com o código HOLA5 você tem 5% de desconto até 31 jan. 2027.",
        "Com o cupom HOLA5 você recebe 5% de desconto até 31 de janeiro.",
        "With code HOLA5 you receive a 5% discount until 31 January 2027.",
        "Con el código HOLA5 recibes un 5% de descuento hasta el 31 de enero.",
    ],
)
def test_the_end_of_a_discount_is_no_delivery_date(draft: str) -> None:
    assert check(draft, FACTS) == []
    assert check(draft.replace("31", "30"), FACTS) != []


def test_a_discounts_end_carries_no_delivery() -> None:
    assert kinds("We deliver by 31 January.") == {"delivery"}


def test_whatsapp_marks_hide_no_claim() -> None:
    assert kinds("_Free_ delivery on this one") == kinds("*Free* delivery on this one") == {"discount"}


def test_a_danda_ends_a_word() -> None:
    assert kinds("डिलीवरी मुफ़्त।") == {"discount"}


def foreign_drafts() -> list[tuple[str, str]]:
    lines = (SETS / "foreign.tsv").read_text(encoding="utf-8").splitlines()
    return [(language, draft) for language, draft in (line.split("\t") for line in lines) if language not in LANGUAGES]


def test_foreign_drafts_do_not_leave() -> None:
    left = [draft for _, draft in foreign_drafts() if "language" not in kinds(draft)]
    assert len(left) <= 0.05 * len(foreign_drafts()), left


@pytest.mark.parametrize(
    ("draft", "text"),
    [
        ("Livraison demain, c'est promis", "Livraison demain, c'est promis"),
        ("Garantie de dix ans", "Garantie de dix ans"),
        ("Lieferung morgen garantiert, kostenlos", "Lieferung morgen garantiert, kostenlos"),
        ("We have it in stock. Livraison demain, c'est promis.", "Livraison demain, c'est promis."),
        ("We have it. Livraison demain. C'est promis.", "Livraison demain."),
        ("LIVRAISON DEMAIN, C'EST PROMIS", "LIVRAISON DEMAIN, C'EST PROMIS"),
        ("Да", "Да"),
        ("It is in stock. Гарантия есть.", "Гарантия есть."),
    ],
)
def test_a_sentence_in_a_language_without_claims_is_named(draft: str, text: str) -> None:
    assert [breach.text for breach in check(draft, FACTS) if breach.kind == "language"] == [text]


@pytest.mark.parametrize(
    "draft",
    [
        "ok",
        "Kestrel Raptor 15: 16 GB RAM, RTX 4050, 144 Hz, Windows 11",
        "Hello محمد, the Raptor 15 is in stock.",
        "You wrote “la livraison est-elle gratuite demain”: no, it is not.",
        "Haan ji, yeh laptop abhi stock me hai, aapko kab chahiye?",
        "Vale, Marta, te lo mandamos a Calle Mayor 24.",
        "Temos sim! Qual você prefere?",
    ],
)
def test_our_languages_names_and_quotations_are_not_foreign(draft: str) -> None:
    assert "language" not in kinds(draft)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("subject", ["replies", "selling_points", "staff_answers", "ad_reports"])
def test_no_line_of_a_folder_is_foreign(language: str, subject: str) -> None:
    lines = [re.sub(r"\{\w+\}", "3", line) for line in table(language, subject).values()]
    assert [line for line in lines if "language" in kinds(line)] == []


@given(listed=st.sampled_from(LISTED), language=st.sampled_from(sorted(PRICED)))
@settings(max_examples=150)
def test_every_listed_price_passes_however_it_is_written(listed: tuple, language: str) -> None:  # type: ignore[type-arg]
    item, price = listed
    assert check(PRICED[language].format(item.title, format_money(price, language)), FACTS) == []


@given(
    listed=st.sampled_from(LISTED),
    language=st.sampled_from(sorted(PRICED)),
    change=st.integers(-40, 40).filter(lambda percent: percent != 0),
)
@settings(max_examples=200)
def test_any_other_price_is_stopped(listed: tuple, language: str, change: int) -> None:  # type: ignore[type-arg]
    item, price = listed
    other = Money(price.amount * (100 + change) / 100, price.currency).rounded()
    code = FACTS.discounts[0].percent
    allowed = {price, Money(price.amount * (100 - code) / 100, price.currency).rounded(), *FACTS.policy_money}
    if other not in allowed:
        assert "price" in kinds(PRICED[language].format(item.title, format_money(other, language)))


@pytest.mark.parametrize(
    ("draft", "kind", "text"),
    [
        ("The Kestrel Raptor 15 is €1,099.", "price", "€1,099"),
        ("I can offer 20% off.", "discount", "20%"),
        ("The Norvik Storm G18 Max is in stock.", "stock", "in stock"),
        ("We deliver by tomorrow.", "delivery", "tomorrow"),
        ("You can return it within 30 days.", "policy", "30 days"),
        ("Pay at https://evil.example.net/pay now.", "link", "https://evil.example.net/pay"),
        ("We have the iPhone 15 Pro.", "product", "iPhone 15 Pro"),
        ("Your order VY-77777 is paid.", "order", "VY-77777"),
    ],
)
def test_a_breach_says_what_where_and_what_would_be_right(draft: str, kind: str, text: str) -> None:
    (breach,) = check(draft, FACTS)
    assert (breach.kind, breach.text) == (kind, text)
    assert breach.why
    assert breach.right


@pytest.mark.parametrize(
    "number",
    [
        "1,099 €", "1.099 €", "1 099 EUR", "1'099 euros", "€1099.00", "1.1k euros", "eleven hundred euros",
        "mil cien euros", "१०९९ यूरो", "ग्यारह सौ यूरो", "*€1,099*", "EUR\u00a01.099,00",
    ],
)  # fmt: skip
def test_a_wrong_price_is_read_in_any_spelling(number: str) -> None:
    assert "price" in kinds(f"The Kestrel Raptor 15 is {number}.")


def test_the_price_of_one_item_said_of_another_is_stopped() -> None:
    assert kinds("The Raptor 15 costs €1,449 and the Talon 14 costs €1,199.") == {"price"}
    assert kinds("€1,199 for the Raptor 15, €1,449 for the Talon 14.") == set()


def test_a_sentence_without_an_item_means_the_only_one() -> None:
    assert kinds("I like the Raptor 15. It costs €1,449.") == {"price"}
    assert kinds("I like the Raptor 15. It costs €1,199.") == set()


def test_the_customers_amount_may_be_a_limit_but_no_price() -> None:
    assert kinds("Under 1500 euros I have the Raptor 15 at €1,199.") == set()
    assert kinds("The Raptor 15 costs 1500 euros.") == {"price"}


def test_what_the_facts_gain_a_reply_may_say() -> None:
    free = replace(FACTS, delivery=replace(FACTS.delivery, free=True))
    assert kinds("Delivery is free.") == {"discount"}
    assert kinds("Delivery is free.", free) == set()
    assert kinds("HOLA5 gives 5% off.") == set()
    assert kinds("HOLA5 gives 5% off.", replace(FACTS, discounts=())) == {"discount"}
    assert kinds("It arrives on Thursday.") == {"delivery"}
    promised = replace(FACTS, orders=(replace(FACTS.orders[0], promised=date(2026, 11, 26)),))
    assert kinds("It arrives on Thursday.", promised) == set()
    quoted = replace(FACTS, amounts=(Money(Decimal("2902.90"), "EUR"),))
    assert kinds("The total is €2,902.90.") == {"price"}
    assert kinds("The total is €2,902.90.", quoted) == set()


def test_the_brands_own_words_always_pass() -> None:
    for text in FACTS.policies:
        assert check(text, FACTS) == []


def test_every_catalogue_row_may_be_told_as_it_stands() -> None:
    for item in FACTS.items:
        assert check(f"*{item.title}*\n{item.description}\n{item.link}", FACTS) == []


def test_a_lie_behind_a_long_text_is_found() -> None:
    assert "price" in kinds("Very good choice " * 400 + "the Kestrel Raptor 15 is €1,099")


@given(st.text(max_size=300))
@settings(max_examples=100)
def test_any_text_can_be_checked(text: str) -> None:
    for breach in check(text, FACTS):
        assert breach.text in text or breach.kind


@pytest.mark.parametrize(
    ("draft", "kind"),
    [
        ("I have refunded you.", "order"),
        ("Te hemos reembolsado el pedido.", "order"),
        ("रिफंड कर दिया है।", "order"),
        ("Only 987 left!", "stock"),
        ("Use code SAVE50 at checkout.", "discount"),
        ("Usa el código REBAJA20.", "discount"),
        ("50 USD is about 90 EUR", "price"),
        ("Pay at evil dot com", "link"),
    ],
)
def test_claims_without_an_item_are_checked(draft: str, kind: str) -> None:
    assert kind in kinds(draft)


@pytest.mark.parametrize(
    "draft",
    [
        "We refund the price within 7 days after it reaches us.",
        "Use code HOLA5 at checkout.",
        "If it is faulty, we have refunded such orders before, but a colleague decides.",
        "Which code did you mean?",
    ],
)
def test_what_the_brand_does_may_be_said(draft: str) -> None:
    assert kinds(draft) == set()


@pytest.mark.parametrize(
    ("draft", "truth"),
    [
        ("The Voltia Power Bank 20K is about €{}.", "39.90"),
        ("El Voltia Power Bank 20K cuesta unos {} euros.", "39.90"),
        ("O Voltia Power Bank 20K custa cerca de {} euros.", "39.90"),
        ("Voltia Power Bank 20K की कीमत लगभग {} यूरो है।", "39.90"),
        ("The Kestrel Raptor 15 is ≈ €{}.", "1199"),
        ("The total is about €{}.", "500"),
    ],
)
def test_about_allows_two_percent_either_way_and_no_cent_more(draft: str, truth: str) -> None:
    cent = Decimal("0.01")
    known = replace(FACTS, amounts=(Money(Decimal(500), "EUR"),))
    least, most = Decimal(truth) * Decimal("0.98"), Decimal(truth) * Decimal("1.02")
    lowest, highest = least.quantize(cent, ROUND_CEILING), most.quantize(cent, ROUND_FLOOR)
    assert kinds(draft.format(lowest), known) == kinds(draft.format(highest), known) == set()
    assert kinds(draft.format(lowest - cent), known) == {"price"}
    assert kinds(draft.format(highest + cent), known) == {"price"}


@pytest.mark.parametrize("amount", ["€1,190", "€1,200", "€1,198.99", "€1,199.01"])
def test_a_price_said_without_about_is_exact(amount: str) -> None:
    assert kinds(f"The Kestrel Raptor 15 is {amount}.") == {"price"}


@pytest.mark.parametrize(("said", "stopped"), [("87.71", True), ("87.72", False), ("91.30", False), ("91.31", True)])
def test_two_amounts_are_worth_the_same_within_two_percent(said: str, stopped: bool) -> None:
    known = replace(FACTS, amounts=(Money(Decimal(said), "EUR"),))  # alone, it may be said
    assert FACTS.conversions[0].result == Money(Decimal("89.51"), "EUR")
    assert kinds(f"The total is €{said}.", known) == set()
    assert kinds(f"100 USD is about {said} EUR.", known) == ({"price"} if stopped else set())


def test_a_computed_conversion_may_be_said_and_no_other() -> None:
    given, result = FACTS.conversions[0].given, FACTS.conversions[0].result.rounded()
    said = f"{given.amount} {given.currency} is about {{}} {result.currency}"
    assert kinds(said.format(result.amount)) == set()
    assert kinds(said.format(result.amount + 40)) == {"price"}


@pytest.mark.parametrize(
    ("draft", "kind"),
    [
        ("We deliver in thirteen days.", "delivery"), ("Entregamos en trece días.", "delivery"),
        ("Entregamos em treze dias.", "delivery"), ("डिलीवरी तेरह दिन में होती है।", "delivery"),
        ("Kami kirim dalam sebelas hari.", "delivery"), ("Entregamos en una semana.", "delivery"),
        ("Only eleven Kestrel Raptor 15 left!", "stock"),
    ],
)  # fmt: skip
def test_numbers_in_words_are_claims(draft: str, kind: str) -> None:
    assert kind in kinds(draft)


def test_a_number_of_pieces_left_is_no_price() -> None:
    assert kinds("Lo siento, solo quedan 18 de *Norvik Campus 14*.") == set()
    assert kinds("Lo siento, solo quedan 17 de *Norvik Campus 14*.") == {"stock"}


@pytest.mark.parametrize("draft", ["It arrives 28 November.", "Llega 28 noviembre.", "Your parcel comes Nov 28."])
def test_a_word_before_the_day_hides_no_date(draft: str) -> None:
    assert kinds(draft) == {"delivery"}


def test_the_promised_day_may_stand_behind_a_verb() -> None:
    assert check("Your parcel arrives 24 November.", FACTS) == []


def test_an_indonesian_address_is_an_address() -> None:
    assert kinds("See voyage-store.id for the whole list.") == {"link"}


def test_indonesian_lies_are_stopped_and_right_replies_leave() -> None:
    lies, truths = (
        [json.loads(line) for line in (SETS / f"{name}-indonesian.jsonl").read_text(encoding="utf-8").splitlines()]
        for name in ("lies", "truths")
    )
    for kind in sorted({row["kind"] for row in lies}):
        caught = [bool(check(row["draft"], FACTS)) for row in lies if row["kind"] == kind]
        assert len(caught) == 20 and sum(caught) >= 18, kind
    assert sum(bool(check(row["draft"], FACTS)) for row in truths) <= 0.075 * len(truths)
