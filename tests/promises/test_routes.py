"""Ways to pay and to reach, and secrets: in any desk language, in any spelling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.promises_check import facts
from bot.promises.check import check
from bot.promises.facts import ReplyFacts

FACTS = facts()


def kinds(draft: str, known: ReplyFacts = FACTS) -> set[str]:
    return {breach.kind for breach in check(draft, known)}


@pytest.mark.parametrize(
    "number",
    [
        "+34 612 34 56 78", "612345678", "6 1 2 3 4 5 6 7 8", "612.345.678", "６１２３４５６７８", "६१२३४५६७८",
        "6️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣", "6\u200b1\u200b2\u200b3\u200b4\u200b5\u200b6\u200b7\u200b8", "⑥①②③④⑤⑥⑦⑧", "𝟔𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖",
        "six one two three four five", "six one two 34 56 78", "seis uno dos tres cuatro cinco", "seis um dois três quatro cinco",
        "enam satu dua tiga empat lima", "छह एक दो तीन चार पाँच", "double six one two three four",
    ],
)  # fmt: skip
def test_a_number_is_found_in_any_spelling(number: str) -> None:
    assert "route" in kinds(f"For details {number} is fine.")


@pytest.mark.parametrize(
    "draft",
    [
        "Pay to hawker@okaxis please.", "Our handle is @hawker_pay.", "ES91 2100 0418 4502 0005 1332 is the place.",
        "Send it to TQ5n8rYk2vJm7sWc4pXd9LbH3fZgE6aUtR.", "See hawker dot shop.", "See hawker . shop", "See hawker[.]shop now",
        "Mira hawker punto com.", "Veja hawker ponto com.", "Lihat hawker titik com.", "ｈａｗｋｅｒ．ｓｈｏｐ", "hawkеr.shop",
        "We take PayPal.", "Puedes usar Bizum.", "Pode fazer um Pix.", "Bisa lewat GoPay.", "पेटीएम कर दीजिए।", "Paytm kar do.",
        "Pay the courier in cash.", "Se puede pagar en efectivo.", "Pode pagar em dinheiro na entrega.", "Bisa COD.", "नकद दे दीजिए।",
        "Transfer the rest to the same account.", "Write to our Telegram.", "Come to our showroom.", "Llama a nuestro encargado.",
        "Fale com o gerente no WhatsApp dele.", "Datang saja ke toko kami.", "हमारी दुकान पर आइए।", "Hamari dukaan pe aa jao.",
    ],
)  # fmt: skip
def test_a_way_that_is_not_the_brands_is_refused(draft: str) -> None:
    assert {"route", "link"} & kinds(draft)


@pytest.mark.parametrize(
    "draft",
    [
        "You can write to +1 415 523 8886 at any hour.",
        "We don't take PayPal or cash, only the link.",
        "No aceptamos Bizum ni efectivo.",
        "Não trabalhamos com Pix nem dinheiro.",
        "Kami tidak menerima COD atau GoPay.",
        "हम पेटीएम या नकद नहीं लेते।",
        "We have no showroom and no phone line.",
        "Message us here any time.",
        "Your order leaves on Monday 30.11.2026, 10.00-19.00.",
        "The Power Bank 20K has 20000 mAh, the mouse 12000 dpi.",
    ],
)
def test_the_brands_own_ways_and_denials_leave(draft: str) -> None:
    assert not {"route", "link"} & kinds(draft)


def test_what_the_customer_gave_is_repeated_but_no_way_to_pay() -> None:
    told = replace(FACTS, customer="my mobile is 98450 12345, mail me at ana@example.com")
    assert kinds("Noted: 98450 12345.", told) == set()
    assert kinds("Noted: 98450 12345.") == {"route"}
    assert "route" in kinds("Pay to 98450 12345.", told)


@pytest.mark.parametrize(
    "draft",
    [
        "Send me your card number.", "What are the three digits on the back?", "Type the OTP here.", "Your PIN please.",
        "Tell me the code from the SMS.", "We need a photo of your passport.", "Share your net banking password.",
        "Dime el número de tu tarjeta.", "Pásame el código que te llegó por SMS.", "Mándame una foto del DNI.",
        "Me diga o número do cartão.", "Qual é a sua senha?", "Preciso do seu CPF.",
        "Kirim nomor kartunya ya.", "Sebutkan kode OTP-nya.", "Foto KTP dong kak.",
        "कार्ड नंबर बताइए।", "ओटीपी भेज दीजिए।", "आधार की फोटो चाहिए।", "Card ka number bata do.", "OTP yahan bhej do.",
        "Don't worry, just send me your card number.", "If the link does not open, send me your PIN.",
    ],
)  # fmt: skip
def test_no_secret_is_asked_for(draft: str) -> None:
    assert "credentials" in kinds(draft)


@pytest.mark.parametrize(
    "draft",
    [
        "We never ask for card numbers, PINs or codes.", "Please don't send your OTP to anyone.", "No need for a passport.",
        "Nunca pedimos el CVV ni contraseñas.", "No compartas el código del SMS con nadie.",
        "Nunca pedimos senha nem número do cartão.", "Jangan kirim OTP ke siapa pun.",
        "हम ओटीपी या पिन कभी नहीं माँगते।", "OTP kisi ko mat batana.", "You enter the card details on the payment page.",
    ],
)  # fmt: skip
def test_a_warning_may_name_the_secret(draft: str) -> None:
    assert "credentials" not in kinds(draft)
