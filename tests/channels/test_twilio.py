"""Forms as they truly come, and signatures by the provider's own vectors."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import DeliveryStatus, Form, SetAside, WebhookRefused, WebhookRequest
from bot.channels.twilio import TwilioAccount, TwilioChannel, sign
from bot.channels.twilio.signature import Signatures
from bot.settings import Settings
from memory.conversations.channel_messages import CartItem, Inbound
from memory.intake.received_forms import SetAsideReason
from memory.people.address import Address

PAYLOADS = Path(__file__).parent.parent / "payloads"
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ACCOUNT = TwilioAccount("AC5ef8732a3c49700934481addd5ce1659", ("12345", "old"), "+14155238886", "https://mycompany.com")

# https://www.twilio.com/docs/usage/security, and the SDK's own test
DOCUMENTED_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
DOCUMENTED_FORM = [
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
]
DOCUMENTED = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def channel(account: TwilioAccount = ACCOUNT) -> TwilioChannel:
    return TwilioChannel(Settings.from_environment({}), lambda: NOW, account)


def form(name: str) -> list[tuple[str, str]]:
    """The pairs of a body as the provider posted it, empty values kept."""
    return parse_qsl((PAYLOADS / f"{name}.txt").read_text().strip(), keep_blank_values=True)


def heard(pairs: Form) -> Inbound:
    message = channel().read_form(pairs)
    assert isinstance(message, Inbound)
    return message


# Forms


def test_text_with_emoji_and_every_kind_of_character() -> None:
    message = heard(form("text"))
    assert (message.kind, message.body) == ("text", "hola, ¿tenéis portátiles? 👩🏽‍💻 50 € + envío & más")
    assert message.sender == Address("whatsapp:+34600123456", "+34600123456", None)
    assert (message.to, message.provider_id, message.profile_name) == ("+14155238886", "SM" + "1" * 32, "Maria López")
    assert (message.received_at, message.urgent, message.media, message.referral) == (NOW, False, (), None)
    assert message.raw == dict(form("text"))


def test_a_button_and_a_list_row_are_urgent_and_say_what_was_chosen() -> None:
    pressed, chosen = heard(form("button")), heard(form("list"))
    assert (pressed.kind, pressed.payload, pressed.body) == ("button", "yes", "Yes, order")
    assert pressed.replied_to == "SM" + "9" * 32
    assert (chosen.kind, chosen.payload, chosen.body) == ("list", "item:aero-14", "Aero 14")
    assert pressed.urgent
    assert chosen.urgent


def test_a_place_keeps_its_numbers_as_written() -> None:
    message = heard(form("location"))
    assert (message.kind, message.body) == ("location", "")
    assert message.location == {
        "latitude": "40.4167754",
        "longitude": "-3.7037902",
        "address": "Puerta del Sol, Madrid",
        "label": "Sol",
    }


@pytest.mark.parametrize(
    ("name", "kind", "body", "content_type"),
    [
        ("voice", "audio", "", "audio/ogg"),
        ("picture", "image", "this one", "image/jpeg"),
        ("contacts", "contacts", "", "text/vcard"),
    ],
)
def test_attachments(name: str, kind: str, body: str, content_type: str) -> None:
    message = heard(form(name))
    assert (message.kind, message.body) == (kind, body)
    assert [one.content_type for one in message.media] == [content_type]
    assert message.media[0].url.startswith("https://api.twilio.com/2010-04-01/Accounts/")


@pytest.mark.parametrize(
    ("name", "kind", "items", "unread"),
    [
        ("order", "order", (CartItem("NV-BOLT-15", 2), CartItem("VT-BUDS-2", 1)), False),
        ("product", "text", (CartItem("NV-BOLT-15", 1),), False),
        ("poll", "poll", (), True),
        ("interactive", "interactive", (), True),
        ("unsupported", "other", (), True),
        ("reaction", "reaction", (), False),
        ("contacts", "contacts", (), False),
    ],
)
def test_kinds_of_whatsapps_own(name: str, kind: str, items: tuple[CartItem, ...], unread: bool) -> None:
    message = heard(form(name))
    assert (message.kind, message.items, message.unread) == (kind, items, unread)


@pytest.mark.parametrize(
    ("parameter", "value", "items"),
    [
        ("Order", '{"catalog_id": "1", "product_items": [{"product_retailer_id": "A", "quantity": "3"}]}', {"A": 3}),
        ("Products", '[{"sku": "A"}, {"sku": "B", "qty": 2}]', {"A": 1, "B": 2}),
        ("ProductRetailerId", "A", {"A": 1}),
        ("ProductItems", '[{"product_retailer_id": "A", "quantity": "many"}]', {"A": 0}),
        ("ProductItems", '[{"product_retailer_id": "A", "quantity": -1}]', {"A": 0}),
        ("ProductItems", '[{"product_retailer_id": "A", "quantity": NaN}]', {"A": 0}),
        ("ProductItems", '[{"product_retailer_id": 7}, {"product_retailer_id": ""}, 5, null]', {}),
        ("ProductItems", "[" * 30_000, {}),
        ("ProductItems", "{broken", {}),
    ],
)
def test_a_cart_is_read_wherever_it_stands(parameter: str, value: str, items: dict[str, int]) -> None:
    message = heard([("MessageType", "order"), ("Body", ""), (parameter, value), *form("text")])
    assert {item.sku: item.quantity for item in message.items} == items
    assert (message.kind, message.unread) == ("order", not items)


def test_the_sender_is_who_from_says() -> None:
    assert heard(form("ivory_coast")).sender == Address("whatsapp:+22507123456", "+22507123456", "CI.AbCdEf123456")
    for written in ("whatsapp:maria", "whatsapp:@maria", "whatsapp:+", "whatsapp:+34 600", "whatsapp:IN"):
        read = channel().read_form([("From", written), ("ExternalUserId", "IN.AbC123"), *form("text")])
        assert read == SetAside(SetAsideReason.UNREADABLE_SENDER)


def test_media_without_nummedia_and_without_a_type_of_message() -> None:
    bare = [pair for pair in form("picture") if pair[0] not in ("NumMedia", "MessageType", "Body")]
    message = heard(bare)
    assert (message.kind, message.body, len(message.media)) == ("image", "", 1)


def test_the_click_is_kept_whole() -> None:
    referral = heard(form("referral")).referral
    assert referral is not None
    assert (referral.source_id, referral.source_type, referral.headline) == (
        "120210000000000001",
        "ad",
        "Gaming laptops",
    )
    assert referral.clid is not None
    assert referral.clid.startswith("ARAkLkA8")
    assert referral.raw["ReferralMediaUrl"] == "https://scontent.example/image"


def test_an_ad_without_a_click_id_gets_none_invented() -> None:
    pairs = [pair for pair in form("referral") if pair[0] != "ReferralCtwaClid"]
    referral = heard(pairs).referral
    assert referral is not None
    assert referral.clid is None


def test_someone_who_hides_the_number() -> None:
    assert heard(form("no_phone")).sender == Address(
        "whatsapp:IN.4f9QzT71bWcKx0Lm2", None, "IN.4f9QzT71bWcKx0Lm2", "IN.ENT.77aQ"
    )


def test_of_a_repeated_name_the_first_counts_and_all_are_kept() -> None:
    message = heard(form("repeated"))
    assert (message.body, message.kind) == ("first", "text")
    assert message.raw["Body"] == ["first", "second", ""]
    assert message.raw["BrandNewParameter"] == ["x", "x"]


@pytest.mark.parametrize(("body", "urgent"), [("STOP", True), ("start", True), ("how do I stop it?", False)])
def test_stop_and_start_are_urgent(body: str, urgent: bool) -> None:
    assert heard([("Body", body), *form("text")]).urgent is urgent


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        (form("call"), SetAsideReason.NOT_A_MESSAGE),
        (form("sms"), SetAsideReason.OTHER_CHANNEL),
        ([pair for pair in form("text") if pair[0] != "MessageSid"], SetAsideReason.NO_MESSAGE_ID),
        ([pair for pair in form("text") if pair[0] != "From"], SetAsideReason.NO_SENDER),
        ([("From", "whatsapp:nobody"), *(pair for pair in form("text") if pair[0] != "WaId")],
         SetAsideReason.UNREADABLE_SENDER),
        ([("MessageSid", "SM1"), ("MessageStatus", "evaporated")], SetAsideReason.UNKNOWN_STATUS),
        ([("MessageStatus", "sent")], SetAsideReason.NO_MESSAGE_ID),
        ([], SetAsideReason.NO_MESSAGE_ID),
    ],
)  # fmt: skip
def test_a_form_without_a_message_is_set_aside_with_its_reason(pairs: Form, reason: SetAsideReason) -> None:
    assert channel().read_form(pairs) == SetAside(reason)


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=50)), max_size=10))
def test_no_form_whatever_is_a_fault_of_ours(extra: list[tuple[str, str]]) -> None:
    assert heard([*form("text"), *extra]).provider_id == "SM" + "1" * 32


NAMES = ["MessageSid", "From", "Body", "SmsStatus", "MessageStatus", "WaId", "CallSid"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.text())))
def test_nonsense_is_a_status_or_set_aside(pairs: list[tuple[str, str]]) -> None:
    read = channel().read_form([("From", "whatsapp:nobody"), ("WaId", ""), *pairs])
    assert isinstance(read, (SetAside, DeliveryStatus))


def test_a_status_names_our_row_and_its_error() -> None:
    failed = channel().read_form(form("status_failed"), "outbox=17")
    assert isinstance(failed, DeliveryStatus)
    assert (failed.outbox_id, failed.state, failed.error_code) == (17, "undelivered", 63016)
    delivered = channel().read_form(form("status_callback"), "outbox=1; DROP")
    assert isinstance(delivered, DeliveryStatus)
    assert (delivered.outbox_id, delivered.state, delivered.error_code) == (None, "delivered", None)


# Signatures


def sha256(token: str, url: str, pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Written out by hand from the documentation."""
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    signature = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha256).digest()).decode()
    return {
        "X-Twilio-Signature": signature,
        "X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_01,algorithm=HMAC_SHA256",
    }


def good(headers: dict[str, str], url: str = DOCUMENTED_URL, pairs: Form = DOCUMENTED_FORM) -> bool:
    return Signatures(ACCOUNT.tokens).good(url, pairs, headers)


def test_the_documented_signature_is_good() -> None:
    assert good({"X-Twilio-Signature": DOCUMENTED})


def test_sha256_is_good_with_its_settings_header_only() -> None:
    headers = sha256("12345", DOCUMENTED_URL, DOCUMENTED_FORM)
    assert good(headers)
    del headers["X-Twilio-Webhooks-Signature-Settings"]
    assert not good(headers)


def test_while_tokens_rotate_either_is_good_and_no_other() -> None:
    assert good(sha256("old", DOCUMENTED_URL, DOCUMENTED_FORM))
    assert not good(sha256("older", DOCUMENTED_URL, DOCUMENTED_FORM))


def test_repeated_and_empty_values_are_signed_too() -> None:
    pairs = [("Body", ""), ("Media", "b"), ("Media", "a"), ("Media", "b")]
    assert good(sha256("12345", DOCUMENTED_URL, pairs), pairs=pairs)
    assert not good(sha256("12345", DOCUMENTED_URL, pairs), pairs=pairs[:2])


@pytest.mark.parametrize("signature", [None, "", "é", DOCUMENTED[:-1], DOCUMENTED.lower()])
def test_no_signature_or_a_wrong_one_is_no_error(signature: str | None) -> None:
    assert not good({} if signature is None else {"X-Twilio-Signature": signature})


def test_an_unknown_algorithm_is_wrong() -> None:
    headers = {"X-Twilio-Signature": DOCUMENTED, "X-Twilio-Webhooks-Signature-Settings": "algorithm=NONE"}
    assert not good(headers)


@pytest.mark.parametrize("url", ["http://mycompany.com/myapp.php?foo=1&bar=2", DOCUMENTED_URL + "\udce9"])
def test_another_address_is_wrong(url: str) -> None:
    assert not good({"X-Twilio-Signature": DOCUMENTED}, url=url)


def test_a_changed_or_missing_value_is_wrong() -> None:
    assert not good({"X-Twilio-Signature": DOCUMENTED}, pairs=DOCUMENTED_FORM[1:])
    assert not good({"X-Twilio-Signature": DOCUMENTED}, pairs=[*DOCUMENTED_FORM, ("Extra", "1")])


@pytest.mark.parametrize(
    ("account", "url"),
    [
        (ACCOUNT, "https://mycompany.com/webhook/whatsapp?x=%C3%A9&y="),
        (replace(ACCOUNT, public_url=""), "http://127.0.0.1:8123/webhook/whatsapp?x=%C3%A9&y="),
    ],
)
def test_the_signed_address_is_the_configured_one(account: TwilioAccount, url: str) -> None:
    local = TwilioChannel(Settings.from_environment({"PORT": "8123"}), lambda: NOW, account)
    headers = sign("12345", url, form("text"), "HMAC_SHA1") | {"Host": "evil.example"}
    local.check_request(WebhookRequest("/webhook/whatsapp", "x=%C3%A9&y=", form("text"), headers))
    with pytest.raises(WebhookRefused, match="signature"):
        local.check_request(WebhookRequest("/webhook/whatsapp", "x=%C3%A9", form("text"), headers))


def test_a_signed_form_of_another_account_is_refused() -> None:
    other = [("AccountSid", "AC" + "0" * 32)]
    headers = sign("12345", "https://mycompany.com/webhook/whatsapp", other, "HMAC_SHA1")
    with pytest.raises(WebhookRefused, match="another account"):
        channel().check_request(WebhookRequest("/webhook/whatsapp", "", other, headers))


def test_without_an_account_one_has_to_be_handed_in() -> None:
    with pytest.raises(ValueError, match="simulator's account"):
        TwilioChannel(Settings.from_environment({}), lambda: NOW)


@pytest.mark.parametrize(
    "public_url", ["http://shop.example.com", "https://localhost", "https://my_shop.example.com", "https://127.0.0.1"]
)
def test_the_doctor_names_an_address_that_twilio_cannot_call(public_url: str) -> None:
    finding = channel(replace(ACCOUNT, public_url=public_url))._check_address()
    assert (finding.name, finding.ok) == ("address", False)
    assert channel()._check_address().ok


@pytest.mark.parametrize(
    ("more", "odd"),
    [
        ([], False),
        ([("ReferralSourceId", "1"), ("MediaUrl0", "https://x.example")], False),
        ([("W", "hatever")], True),
        ([("From", "whatsapp:+14155550102")], True),
        ([("Body", "again")], True),
        ([("MessageSid", "SM" + "0" * 32)], True),
        ([("body", "another case")], True),
    ],
)
def test_a_form_that_twilio_would_not_send_is_noticed(more: list[tuple[str, str]], odd: bool) -> None:
    assert heard([*form("text"), *more]).odd_form is odd
