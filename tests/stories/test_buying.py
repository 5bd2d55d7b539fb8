"""From a greeting to a paid parcel, in every language the desk speaks, by text and by button."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.world import JOHN, STAFF, Chat, World

LINK = re.compile(r"https://pay\.example\.com/([A-Z]{4}-[A-Z]{4})")
CLICK = {
    "ReferralSourceType": "ad",
    "ReferralSourceId": "120211",
    "ReferralCtwaClid": "clid-first",
    "ReferralHeadline": "Play faster",
    "ReferralBody": "Gaming laptops from Voyage",
}


@dataclass(frozen=True)
class Tongue:
    """How a customer of one language buys, and what shows that they are answered in it."""

    hello: str
    name: str
    welcome: str
    search: str
    second: str
    asks: str
    yes: str
    thanks: str
    paid: str
    shipped: str
    delivered: str
    price: str = "1,449"


TONGUES = {
    "English": Tongue(
        "hi, I'm John", "John", "Welcome", "gaming laptop under 1500 euros", "I'll take the second one",
        "YES or NO", "yes", "Thank you", "received your payment", "on its way", "has been delivered",
    ),
    "Spanish": Tongue(
        "hola, me llamo María", "María", "bienvenida", "busco un portátil gamer por menos de 1500 euros",
        "quiero el segundo", "SÍ o NO", "sí", "Gracias", "recibido tu pago", "en camino", "ha sido entregado", "1.449",
    ),
    "Portuguese": Tongue(
        "olá, meu nome é Ana", "Ana", "Boas-vindas", "quero um notebook gamer até 1500 euros", "vou levar o segundo",
        "SIM ou NÃO", "sim", "Obrigado", "Recebemos o pagamento", "a caminho", "foi entregue", "1.449",
    ),
    "Hindi": Tongue(
        "नमस्ते, मेरा नाम राहुल है", "राहुल", "स्वागत", "1500 यूरो से कम का गेमिंग लैपटॉप दिखाओ", "दूसरा वाला ऑर्डर करना है",
        "हाँ या नहीं", "हाँ", "धन्यवाद", "भुगतान", "रवाना", "पहुँच गया",
    ),
    "Hindi in Latin letters": Tongue(
        "namaste, mera naam Rahul hai", "Rahul", "swagat", "1500 euro se kam ka gaming laptop dikhao",
        "doosra wala order karo", "HAAN ya NAHI", "haan", "Dhanyavaad", "payment", "raste mein", "pahunch",
    ),
}  # fmt: skip


@pytest.mark.parametrize("tongue", TONGUES.values(), ids=TONGUES.keys())
def test_from_hello_to_the_parcel(shop: World, tongue: Tongue) -> None:
    customer, staff = shop.person(), shop.person(STAFF, "Sam")
    hello = customer.says(tongue.hello)
    assert tongue.name in hello and tongue.welcome in hello
    offer = customer.says(tongue.search)
    assert "2. *Kestrel Talon 14*" in offer and tongue.price in offer
    quote = customer.says(tongue.second)
    assert "1 × Kestrel Talon 14" in quote and tongue.price in quote and tongue.asks in quote
    assert shop.orders() == []
    bought = customer.says(tongue.yes)
    [order] = shop.orders()
    assert tongue.thanks in bought and tongue.name in bought
    assert LINK.findall(bought) == [order.number]
    assert (order.sku, order.quantity, str(order.total.amount), order.total.currency, order.state) == (
        "KR-TALON-14",
        1,
        "1449.00",
        "EUR",
        "placed",
    )
    for state in ("paid", "shipped", "delivered"):
        heard = len(customer.phone.heard())
        assert order.number in staff.says(f"{state} {order.number}")
        told = customer.hears(heard + 1)[-1]
        assert getattr(tongue, state) in told and order.number in told
        assert shop.orders()[0].state == state


@pytest.mark.parametrize("tongue", TONGUES.values(), ids=TONGUES.keys())
def test_buying_by_buttons_alone(shop: World, tongue: Tongue) -> None:
    customer = shop.person()
    customer.says(tongue.search)
    assert "1 × Kestrel Talon 14" in press(customer, 1)
    bought = press(customer, 0)
    [order] = shop.orders()
    assert LINK.findall(bought) == [order.number]
    assert order.sku == "KR-TALON-14"


@pytest.mark.parametrize("tongue", TONGUES.values(), ids=TONGUES.keys())
def test_the_other_button_orders_nothing(shop: World, tongue: Tongue) -> None:
    customer = shop.person()
    customer.says(tongue.search)
    press(customer, 0)
    press(customer, 1)
    assert not LINK.search(customer.says(tongue.yes))
    assert shop.orders() == []


def test_a_button_pressed_twice_orders_once(shop: World) -> None:
    customer = shop.person()
    customer.says("norvik bolt 15")
    press(customer, 0)
    sent = [customer.phone.presses("Yes, order it"), customer.phone.presses("Yes, order it")]
    customer.phone.wait_for_reply(sent[0])
    shop.settled()
    assert len(shop.orders()) == 1


def test_the_order_remembers_the_first_and_the_last_advertisement(shop: World) -> None:
    customer = shop.person()
    customer.phone.arrives_through(CLICK)
    customer.says("hi, is the norvik bolt 15 available?")
    customer.phone.arrives_through({**CLICK, "ReferralSourceId": "120233", "ReferralCtwaClid": "clid-last"})
    customer.says("hello again")
    customer.phone.arrives_through({"ReferralSourceType": "post", "ReferralSourceId": "777"})
    customer.says("show me the norvik bolt 15")
    customer.presses("Order it")
    customer.says("yes")
    [order] = shop.orders()
    assert (order.first_ad_id, order.last_ad_id, order.last_clid) == ("120211", "120233", "clid-last")
    touches = shop.memory.contacts.touches(shop.contact().id)
    assert [touch["source_id"] for touch in touches] == ["120211", "120233", "777"]
    assert (touches[0]["headline"], touches[0]["body"]) == ("Play faster", "Gaming laptops from Voyage")
    staff = shop.person(STAFF)
    assert "120233" in staff.says(f"order {order.number}")


def test_who_came_by_a_post_came_by_no_advertisement(shop: World) -> None:
    customer = shop.person()
    customer.phone.arrives_through({"ReferralSourceType": "post", "ReferralSourceId": "777"})
    customer.says("show me the norvik bolt 15")
    customer.presses("Order it")
    customer.says("yes")
    [order] = shop.orders(JOHN)
    assert (order.first_ad_id, order.last_ad_id) == (None, None)


def press(customer: Chat, number: int) -> str:
    """Presses that button of the newest message that has any."""
    newest = next(letter for letter in reversed(customer.phone.transcript()) if letter.buttons)
    return customer.presses(newest.buttons[number]["title"])
