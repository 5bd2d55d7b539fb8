"""Whole dialogues with the desk, on a real file with the real catalogue and no model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.sales.desk import Seller
from bot.sales.understanding.order_replies import says_half_yes, says_yes
from memory.conversations.channel_messages import Outgoing
from memory.conversations.messages import Message
from memory.people.address import Referral
from memory.people.contacts import Contacts
from memory.shop.catalogue_items import OutOfStock
from memory.storage.timestamps import to_text
from tests.memory.stores import BRAND, as_is
from tests.sales.shop import ANOTHER, BRANDS, CUSTOMER, FILE, TestShop

RAPTOR = "Kestrel Raptor 15"


def test_a_returning_customer_is_greeted_with_name_and_interest(shop: TestShop) -> None:
    shop.says("Hi, I'm John")
    shop.says("I need a gaming laptop")
    shop.says("Around 1500 EUR")
    shop.stores.clock.pass_by(hours=26)
    assert shop.says("Hi, I'm back") == ("Welcome back John! Ready to continue looking at those gaming laptops in EUR?")


def test_what_is_learned_is_known_with_its_message(shop: TestShop) -> None:
    shop.says("my name is john")
    shop.says("Convert 500 USD to EUR")
    shop.says("my name is not Jon, it's Jonathan")
    facts = shop.shop.facts.current(shop.customer().id)
    heard = [m.id for m in shop.history(shop.customer()) if m.role == "user"]
    assert (facts["name"].value, facts["name"].message_id) == ("Jonathan", heard[2])
    assert (facts["currency"].value, facts["currency"].message_id) == ("EUR", heard[1])
    assert shop.customer().name == "Jonathan"
    assert shop.customer().preferred_currency == "EUR"


def test_a_guessed_name_does_not_replace_the_known_one(shop: TestShop) -> None:
    shop.says("my name is Ana")
    assert "Weird" not in shop.says("I'm Weird")
    assert shop.customer().name == "Ana"


@pytest.mark.parametrize(
    ("asks", "picks", "agrees", "asks_again", "language"),
    [
        ("gaming laptops under 1500 euros", "i'll take the second one", "yes please", "where is my order?", "en"),
        ("busco un portátil gamer por menos de 1500 euros", "quiero el segundo", "sí", "¿dónde está mi pedido?", "es"),
        ("quero um notebook gamer até 1500 euros", "quero o segundo", "sim", "cadê? onde está meu pedido?", "pt"),
        ("mujhe gaming laptop chahiye 1500 euro tak", "dusra wala order karo", "haan", "mera order kahan hai", "hi"),
        ("मुझे 1500 यूरो तक गेमिंग लैपटॉप चाहिए", "दूसरा वाला खरीदना है", "हाँ", "मेरा ऑर्डर कहाँ है", "hi"),
    ],
)
def test_somebody_buys_in_their_language(
    shop: TestShop, asks: str, picks: str, agrees: str, asks_again: str, language: str
) -> None:
    listed = shop.says(asks)
    assert RAPTOR in listed
    assert "Kestrel Talon 14" in shop.says(picks)
    assert shop.orders() == []
    placed = shop.says(agrees)
    [order] = shop.orders()
    assert (order.title, order.quantity, order.state) == ("Kestrel Talon 14", 1, "placed")
    assert order.unit.amount == 1449
    assert order.number in placed and f"https://pay.example.com/{order.number}" in placed
    assert shop.goods.stock("voyage", "KR-TALON-14") == 3
    assert order.number in shop.says(asks_again)
    assert shop.customer().language == language


def test_hindi_is_answered_in_the_script_it_is_written_in(shop: TestShop) -> None:
    assert "Ye aapke kaam ke hain" in shop.says("mujhe gaming laptop chahiye")
    assert "ये आपके काम के हैं" in shop.says("मुझे गेमिंग लैपटॉप चाहिए", phone=ANOTHER)


def test_every_question_of_a_burst_is_answered_in_one_reply(shop: TestShop) -> None:
    [reply] = shop.turn("Do you deliver to Pune?", "what is the warranty and do you have discounts?")
    assert "We deliver in 2-4 days" in reply.content
    assert "warranty of 24 months" in reply.content
    assert "HOLA5" in reply.content


def test_it_remembers_what_it_showed(shop: TestShop) -> None:
    shop.says("show me gaming laptops under 1500 euros")
    compared = shop.says("compare the first and the third")
    assert RAPTOR in compared and "Norvik Storm G16* is the cheaper one" in compared
    assert "*Norvik Storm G16*: €999" in shop.says("tell me about the cheaper one")
    assert "*Norvik Storm G16*: $1,099" in shop.says("how much is it in dollars?")
    assert "in stock" in shop.says("is it available?")


@pytest.mark.parametrize(
    "maybe", ["yes but in blue?", "yes?", "ok", "👍", "ok how much is shipping", "ya what?", "not yes"]
)
def test_an_ambiguous_yes_never_orders(shop: TestShop, maybe: str) -> None:
    shop.says(f"I want to buy the {RAPTOR}")
    shop.says(maybe)
    assert shop.orders() == []


def test_a_yes_counts_right_after_the_quote_for_half_an_hour(shop: TestShop) -> None:
    shop.says(f"I want to buy the {RAPTOR}")
    shop.says("show me sunglasses")
    shop.says("yes")
    assert shop.orders() == []
    shop.says(f"I want to buy the {RAPTOR}")
    shop.stores.clock.pass_by(minutes=31)
    shop.says("yes")
    assert shop.orders() == []


def test_a_yes_to_a_colleague_does_not_confirm_the_quote(shop: TestShop) -> None:
    shop.says(f"I want to buy the {RAPTOR}")
    shop.stores.messages.put_out(shop.customer().id, Outgoing("Ana here: was everything fine last time?"))
    shop.says("yes")
    assert shop.orders() == []


def test_a_thumb_up_without_a_quote_orders_nothing(shop: TestShop) -> None:
    shop.says("hello")
    shop.says("👍")
    shop.says("yes")
    assert shop.orders() == []


def test_a_question_about_terms_keeps_the_quote_open(shop: TestShop) -> None:
    shop.says(f"I want to buy the {RAPTOR}")
    assert "Reply YES or NO" in shop.says("what is the warranty?")
    shop.says("yes")
    assert [order.title for order in shop.orders()] == [RAPTOR]


def test_buttons_order_too(shop: TestShop) -> None:
    shop.says("show me gaming laptops")
    [reply] = shop.turn("Order no. 1", kind="button", payload="buy:KR-RAPTOR-15")
    assert reply.metadata["asks_order"] == "KR-RAPTOR-15"
    shop.turn("Yes, order it", kind="button", payload="order:yes")
    assert len(shop.orders()) == 1
    shop.turn("Yes, order it", kind="button", payload="order:yes")
    assert len(shop.orders()) == 1


def test_the_last_one_sold_meanwhile_is_not_sold_twice(shop: TestShop) -> None:
    shop.says("I want to buy 3 Kestrel Raptor 17 Pro")
    shop.goods.take("voyage", "KR-RAPTOR-17", 1)
    answer = shop.says("yes")
    assert "only 2 left" in answer and shop.orders() == []


def test_an_item_sold_out_during_drafting_gets_a_new_answer(shop: TestShop) -> None:
    shop.says("I want to buy 3 Kestrel Raptor 17 Pro")
    shop.hear("yes")
    [lease] = shop.turns.claim("slow", 1)
    waiting = shop.turns.waiting(lease.contact_id)
    draft = shop.draft(waiting)
    shop.goods.take("voyage", "KR-RAPTOR-17", 1)
    with pytest.raises(OutOfStock):
        shop.turns.finish(lease, waiting, draft, split=lambda reply: [reply])
    shop.turns.release(lease)
    assert shop.orders() == [] and shop.goods.stock("voyage", "KR-RAPTOR-17") == 2
    [reply] = shop.answer()
    assert "only 2 left" in reply.content


def test_a_dropped_draft_leaves_no_trace(shop: TestShop) -> None:
    shop.says(f"I want to buy the {RAPTOR}")
    shop.hear("yes")
    [lease] = shop.turns.claim("slow", 1)
    shop.draft(shop.turns.waiting(lease.contact_id))
    shop.turns.release(lease)
    assert shop.orders() == [] and shop.goods.stock("voyage", "KR-RAPTOR-15") == 7


def test_an_order_remembers_the_ads_that_brought_the_customer(shop: TestShop) -> None:
    for ad, kind in (("000", "post"), ("111", "ad"), ("222", "ad"), ("333", "post")):
        clicked = Referral(ad, kind, f"clid{ad}", "Gaming!", "Now", "https://fb.example", {})
        shop.says(f"I want to buy the {RAPTOR}", referral=clicked)
    shop.says("yes")
    [order] = shop.orders()
    assert (order.first_ad_id, order.last_ad_id, order.last_clid) == ("111", "222", "clid222")


def test_an_order_can_be_cancelled_until_it_is_paid(shop: TestShop) -> None:
    for _ in range(2):
        shop.says(f"I want to buy the {RAPTOR}")
        shop.says("yes")
    second, first = shop.orders()
    assert first.number in shop.says(f"please cancel my order {first.number}")
    assert shop.goods.stock("voyage", "KR-RAPTOR-15") == 6
    shop.shop.orders.move("voyage", second.number, "paid", "staff")
    shop.says(f"please cancel my order {second.number}")
    assert shop.orders()[0].state == "paid"
    assert shop.shop.handovers.current(shop.customer().id) is not None


def test_nobody_sees_or_cancels_somebody_elses_order(shop: TestShop) -> None:
    shop.says(f"I want to buy the {RAPTOR}")
    shop.says("yes")
    [order] = shop.orders()
    answers = [shop.says(f"{what} order {order.number}", phone=ANOTHER) for what in ("where is my", "cancel my")]
    assert all("can't find" in answer and RAPTOR not in answer for answer in answers)
    assert shop.orders()[0].state == "placed"


@pytest.mark.parametrize("text", ["open", "paid {number}", "release 1", "reply 1: hello", "replay 1", "orders"])
def test_a_customer_cannot_use_staff_commands(shop: TestShop, text: str) -> None:
    shop.says(f"I want to buy the {RAPTOR}", phone=ANOTHER)
    shop.says("yes", phone=ANOTHER)
    [order] = shop.orders(ANOTHER)
    answer = shop.says(text.format(number=order.number))
    assert answer and RAPTOR not in answer
    assert shop.orders(ANOTHER)[0].state == "placed"


def test_two_failed_answers_in_a_row_bring_a_person(shop: TestShop) -> None:
    shop.says("asdf qwer")
    assert shop.told_staff() == []
    shop.says("zxcv poiu")
    [summary] = shop.told_staff()
    assert "zxcv poiu" in summary and "reply 1:" in summary
    assert shop.says("hello?") == ""
    assert "hello?" in shop.told_staff()[-1]
    shop.stores.clock.pass_by(hours=5)
    assert shop.says("hello") != ""


def test_the_desk_stays_silent_during_a_hand_over(shop: TestShop) -> None:
    shop.says("I want to talk to a human")
    assert shop.says("when are you open?") == ""
    assert shop.says("how much is the Norvik Bolt 15?") == ""


@pytest.mark.parametrize("text", ["tell me a joke", "can you write python code", "I'm looking for a gift for my dad"])
def test_small_talk_is_no_failed_answer(shop: TestShop, text: str) -> None:
    for _time in range(3):
        assert "laptops" in shop.says(text)
    assert shop.told_staff() == []


def test_a_gift_that_is_named_is_searched(shop: TestShop) -> None:
    assert "Voltia Buds" in shop.says("some earbuds as a gift for my dad who likes a good song")


def test_a_useful_answer_resets_the_failed_count(shop: TestShop) -> None:
    for text in ("asdf qwer", "show me sunglasses", "zxcv poiu"):
        shop.says(text)
    assert shop.told_staff() == []


@pytest.mark.parametrize(
    "text",
    ["my headphones arrived broken, this is terrible", "I want to talk to a human", "quiero hablar con una persona"],
)
def test_complaints_and_requests_for_a_person_hand_over(shop: TestShop, text: str) -> None:
    assert shop.says(text) != ""
    assert len(shop.told_staff()) == 1


def test_stop_is_confirmed_once_and_start_returns(shop: TestShop) -> None:
    shop.says("hi")
    assert "no more messages" in shop.says("STOP")
    assert shop.says("show me laptops") == shop.says("stop") == ""
    assert shop.customer().opted_out_at is not None
    assert shop.says("START") != ""
    assert shop.customer().opted_out_at is None
    assert RAPTOR in shop.says("show me gaming laptops")


@pytest.mark.parametrize(
    ("asks", "confirms"),
    [
        ("delete my data", "DELETE"),
        ("borra mis datos", "BORRAR"),
        ("apague meus dados", "APAGAR"),
        ("मेरा डेटा मिटाओ", "DELETE"),
        ("mera data delete karo", "delete"),
    ],
)
def test_a_person_is_erased_after_a_second_message(shop: TestShop, asks: str, confirms: str) -> None:
    shop.says(f"I'm John. I want to buy the {RAPTOR}")
    shop.says("yes")
    shop.says(asks)
    assert shop.find(CUSTOMER) is not None
    shop.says(confirms)
    assert len(shop.said_last) == 1
    assert shop.find(CUSTOMER) is None
    assert shop.stores.db.value("SELECT count(*) FROM messages") == 0
    assert shop.stores.db.value("SELECT count(*) FROM facts") == 0
    assert shop.stores.db.value("SELECT contact_id FROM orders") is None


@pytest.mark.parametrize("second", ["no", "show me laptops", "stop"])
def test_nothing_is_erased_without_a_confirmation(shop: TestShop, second: str) -> None:
    shop.says("delete my data")
    shop.says(second)
    shop.says("DELETE")
    assert shop.find(CUSTOMER) is not None


def test_a_person_gets_a_copy_of_what_is_known(shop: TestShop) -> None:
    shop.says("I'm John and I live in Pune")
    shop.says("send me my data")
    copy = shop.says("SEND")
    assert "Name: John" in copy and "city: Pune" in copy and "you: I'm John and I live in Pune" in copy


def test_the_copy_is_in_the_person_s_language(shop: TestShop) -> None:
    shop.says("hola, soy Ana y vivo en Madrid")
    shop.says("envíame mis datos")
    copy = shop.says("ENVIAR")
    assert "Nombre: Ana" in copy and "ciudad: Madrid (desde 20" in copy and "tú: hola, soy Ana" in copy


def test_staff_are_told_in_the_brand_s_first_language(shop: TestShop) -> None:
    spanish = replace(BRANDS[BRAND], languages=("es", "en"))
    shop.seller = Seller(replace(shop.shop, brands={BRAND: spanish}), shop.stores.contacts)
    shop.says("can I talk to a human?")
    shop.says("hello?")
    summary, forwarded = shop.told_staff()
    assert "Cliente:\n> can I talk to a human?" in summary and "Responder: reply " in forwarded


@pytest.mark.parametrize(("kind", "says"), [("audio", "voice notes"), ("image", "pictures"), ("document", "files")])
def test_media_without_a_model_get_an_honest_answer(shop: TestShop, kind: str, says: str) -> None:
    [reply] = shop.turn("", kind=kind)
    assert says in reply.content


@pytest.mark.parametrize(
    "text", ["yes", "Yes!", "yes please", "sí", "Si, por favor", "sim", "haan ji", "हाँ", "confirm", "ok yes"]
)
def test_a_plain_yes_is_a_yes(shop: TestShop, text: str) -> None:
    shop.hear(text)
    assert says_yes(_waiting(shop))


@pytest.mark.parametrize("text", ["yes?", "yes but", "yes or no", "yesterday", "no", "", "👍", "ok", "si no llega"])
def test_anything_else_is_none(shop: TestShop, text: str) -> None:
    shop.hear(text)
    assert not says_yes(_waiting(shop))


def test_a_yes_of_more_than_ten_words_is_none(shop: TestShop) -> None:
    shop.hear("haan ji " * 5)
    assert says_yes(_waiting(shop))
    shop.hear("haan ji " * 5 + "haan")
    assert not says_yes(_waiting(shop))


def test_a_yes_followed_by_other_words_is_no_yes(shop: TestShop) -> None:
    shop.hear("yes", "wait, what about blue?")
    assert not says_yes(_waiting(shop)) and not says_half_yes(_waiting(shop))


def test_each_reply_says_what_it_stands_on(shop: TestShop) -> None:
    shop.says("show me gaming laptops")
    assert shop.outcome.used["skus"][0] == FILE.items[0].sku
    shop.says("50 pounds in euros")
    assert shop.outcome.used["rates"][0].startswith("GBP/EUR 20")


def _waiting(shop: TestShop) -> list[Message]:
    contacts: Contacts = shop.stores.contacts
    return shop.turns.waiting(contacts.find("voyage", CUSTOMER).id)


WANTED = "I want to buy the Raptor 15 gaming laptop"


@pytest.mark.parametrize("state", ["ready", "unknown", "failed", "dead", "suppressed"])
def test_a_yes_to_a_quote_that_never_left_orders_nothing(tmp_path: Path, state: str) -> None:
    shop = TestShop(tmp_path)
    shop.says(WANTED)
    shop.stores.db.run("UPDATE messages SET state = :state WHERE role = 'assistant'", state=state)
    shop.says("yes")
    assert shop.orders() == []


def test_a_yes_written_before_the_quote_was_there_orders_nothing(tmp_path: Path) -> None:
    shop = TestShop(tmp_path)
    shop.hear(WANTED)
    [lease] = shop.turns.claim("test", 1)
    waiting = shop.turns.waiting(lease.contact_id)
    drafted = shop.draft(waiting)
    shop.hear("yes")
    shop.turns.finish(lease, waiting, drafted, split=as_is, last_try=True)
    shop.turns.release(lease)
    shop._say_everything()
    shop.answer()
    assert shop.orders() == []


def test_a_yes_before_the_quote_was_resent_orders_nothing(tmp_path: Path) -> None:
    shop = TestShop(tmp_path)
    shop.says(WANTED)
    shop.hear("yes")
    shop.stores.clock.pass_by(seconds=5)
    tried = to_text(shop.stores.clock())
    shop.stores.db.run("UPDATE messages SET first_tried_at = :tried WHERE role = 'assistant'", tried=tried)
    shop.answer()
    assert shop.orders() == []
    shop.says(WANTED)
    shop.says("yes")
    assert len(shop.orders()) == 1


def test_a_confirmation_of_a_question_that_never_left_erases_nobody(tmp_path: Path) -> None:
    shop = TestShop(tmp_path)
    shop.says("delete my data")
    shop.stores.db.run("UPDATE messages SET state = 'dead' WHERE role = 'assistant'")
    shop.says("delete")
    assert shop.find(CUSTOMER) is not None


def test_a_customers_text_cannot_imitate_a_notice(shop: TestShop) -> None:
    notice = "⚠️ *7* raises the budget.\u2028Write *approve 7*"
    shop.says(f"can I talk to a human?\n\n{notice}")
    shop.says(f"hello?\n{notice}")
    for told in shop.told_staff():
        suspicious = [line for line in told.splitlines() if "⚠️" in line or "approve" in line]
        assert suspicious
        assert all(line.startswith("> ") and "*" not in line for line in suspicious)
