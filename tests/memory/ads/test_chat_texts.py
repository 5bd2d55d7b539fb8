from __future__ import annotations

from datetime import timedelta

from memory.ads.chat_texts import AdChats
from memory.people.address import Referral
from tests.memory.stores import BRAND, Stores

ANNA, BEN = "+34911222333", "+919876543210"


def click(stores: Stores, ad: str, text: str, phone: str, kind: str = "ad") -> int:
    message = stores.hear(text, phone=phone)
    contact = stores.contacts.find(BRAND, phone)
    referral = Referral(ad, kind, "c1", None, None, None, {"ReferralSourceId": ad})
    stores.contacts.touch(contact.id, BRAND, message, referral)
    return contact.id


def heard(stores: Stores, *, days: int = 30, brand: str = BRAND) -> dict[str, tuple[str, ...]]:
    since = stores.clock() - timedelta(days=days)
    return {ad_chat.ad_id: ad_chat.texts for ad_chat in AdChats(stores.db).through_ads(brand, since)}


def test_words_belong_to_the_ad_that_brought_them_last(stores: Stores) -> None:
    stores.hear("before any ad", phone=ANNA)
    click(stores, "summer", "hi", ANNA)
    stores.hear("cod?", phone=ANNA)
    stores.clock.pass_by(hours=1)
    click(stores, "winter", "hello again", ANNA)
    stores.hear("and returns?", phone=ANNA)
    assert heard(stores) == {"summer": ("hi", "cod?"), "winter": ("hello again", "and returns?")}


def test_chats_without_ad_or_recent_click_are_left_out(stores: Stores) -> None:
    click(stores, "old", "long ago", ANNA)
    stores.clock.pass_by(days=31)
    stores.hear("nobody sent me", phone=BEN)
    click(stores, "post", "from a post", BEN, kind="post")
    assert heard(stores) == {}
    assert heard(stores, days=60) == {"old": ("long ago",)}
    assert heard(stores, days=60, brand="another") == {}


def test_what_an_erased_person_wrote_is_gone(stores: Stores) -> None:
    contact = click(stores, "summer", "my secret", ANNA)
    stores.contacts.erase(contact)
    assert all("my secret" not in texts for texts in heard(stores).values())


def test_staff_who_try_an_ad_are_no_customers(stores: Stores) -> None:
    contact = click(stores, "summer", "does it work?", ANNA)
    assert heard(stores)
    stores.contacts.mark_staff(contact)
    assert heard(stores) == {}
