"""A signature that was seen once, with the values of its form cut anew: staff commands that nobody sent."""

from __future__ import annotations

import requests

from bot.channels.channel import INBOUND_PATH
from bot.channels.twilio import sign
from tests.waiting import HANG_SECONDS, wait_until
from tests.world import ADMIN, STAFF, Chat, World

SID = "SM" + "ab" * 16


def smuggled(shop: World, command: str, *, sid: str = SID, rest: str = "WaId") -> str:
    """A text that, once signed as a customer's, can be cut into the command of an admin."""
    ours = shop.twilio.account.sender
    return f"{command}Fromwhatsapp:{ADMIN}MessageSid{sid}Towhatsapp:{ours}{rest}"


def cut_anew(shop: World, thief: Chat, text: str, command: str, *, sid: str = SID, rest: str = "WaId") -> int:
    """Posts the admin's command with the signature of the thief's own message; the HTTP status."""
    seen = thief.phone.says(text)
    form = shop.twilio.chats.letters[seen.sid].form
    signed = "".join(name + form[name] for name in sorted(form))
    head = [(name, form[name]) for name in ("AccountSid", "ApiVersion")]
    forged = [
        *head, ("Body", command), ("From", f"whatsapp:{ADMIN}"), ("MessageSid", sid),
        ("To", f"whatsapp:{shop.twilio.account.sender}"),
    ]  # fmt: skip
    begun = "".join(name + value for name, value in forged)
    assert signed.startswith(begun + rest), "the text does not join the names"
    forged.append((rest, signed.removeprefix(begun + rest)))
    url = shop.url + INBOUND_PATH
    token, algorithm = shop.twilio.account.tokens[0], shop.twilio.algorithm
    signature = sign(token, url, form, algorithm)
    assert sign(token, url, forged, algorithm) == signature, "the forged form has another signature"
    return requests.post(url, data=forged, headers=signature, timeout=HANG_SECONDS).status_code


def ordered(shop: World, thief: Chat) -> str:
    thief.says("I'll take the norvik bolt 15")
    thief.says("yes")
    return shop.orders()[0].number


def heard_of(shop: World, phone: str, word: str) -> list[str]:
    history = shop.memory.messages.history(shop.contact(phone).id)
    return [each.content for each in history if each.role == "assistant" and word in each.content]


def test_a_form_cut_anew_moves_no_order_and_admins_are_told(shop: World) -> None:
    thief, admin = shop.person(), shop.person(ADMIN)
    admin.says("open")
    command = f"paid {ordered(shop, thief)}"
    assert cut_anew(shop, thief, smuggled(shop, command), command) == 200
    wait_until(lambda: bool(heard_of(shop, ADMIN, "in the name of")), lambda: "nobody was warned")
    assert shop.orders()[0].state == "placed"


def test_an_id_of_the_thiefs_own_message_helps_nothing(shop: World) -> None:
    thief, admin = shop.person(), shop.person(ADMIN)
    admin.says("open")
    command = f"paid {ordered(shop, thief)}"
    own = thief.phone.says("hello").sid
    shop.settled()
    cut_anew(shop, thief, smuggled(shop, command, sid=own), command, sid=own)
    shop.settled()
    assert shop.orders()[0].state == "placed"


def test_a_genuine_command_is_done(shop: World) -> None:
    thief, admin = shop.person(), shop.person(ADMIN)
    number = ordered(shop, thief)
    assert "is paid now" in admin.says(f"paid {number}")


def test_a_provider_that_is_down_lets_nothing_pass(shop: World) -> None:
    thief, staff = shop.person(), shop.person(STAFF)
    number = ordered(shop, thief)
    staff.says("open")
    shop.twilio.fail("fetch_500", who=STAFF)
    assert "nothing was done" in staff.says(f"paid {number}")
    assert shop.orders()[0].state == "placed"


def test_a_forwarded_command_is_none(shop: World) -> None:
    thief, admin = shop.person(), shop.person(ADMIN)
    number = ordered(shop, thief)
    assert "forwarded" in admin.says(f"paid {number}", Forwarded="true")
    assert "forwarded" in admin.says(f"paid {number}", FrequentlyForwarded="true")
    assert shop.orders()[0].state == "placed"
