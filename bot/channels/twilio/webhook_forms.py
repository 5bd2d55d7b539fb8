"""Reads Twilio's webhook forms.

Source: https://www.twilio.com/docs/messaging/guides/webhook-request. Twilio adds parameters without notice; all are
kept in `raw`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from bot.channels.channel import DeliveryStatus, Form, SetAside
from bot.language.reading.opt_out import is_start, is_stop
from memory.conversations.channel_messages import CartItem, DeliveryState, Inbound, Media
from memory.intake.received_forms import FormIdentity, FormKind, SetAsideReason
from memory.people.address import Address, Referral

_STATES = {
    "accepted": DeliveryState.ACCEPTED,
    "scheduled": DeliveryState.SCHEDULED,
    "queued": DeliveryState.QUEUED,
    "sending": DeliveryState.SENDING,
    "sent": DeliveryState.SENT,
    "partially_delivered": DeliveryState.PARTIALLY_DELIVERED,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "undelivered": DeliveryState.UNDELIVERED,
    "failed": DeliveryState.FAILED,
    "canceled": DeliveryState.CANCELED,
}
_KINDS = frozenset({"image", "audio", "video", "document", "sticker", "location", "contacts", "button", "list"})
# Kinds of WhatsApp's own that Twilio's page does not describe: named as elsewhere in the field, read as far as they go.
_OTHER_KINDS = {
    "order": "order",
    "cart": "order",
    "product": "product",
    "product_inquiry": "product",
    "product_enquiry": "product",
    "catalog": "product",
    "poll": "poll",
    "poll_creation": "poll",
    "poll_update": "poll",
    "reaction": "reaction",
    "interactive": "interactive",
    "nfm_reply": "interactive",
    "flow": "interactive",
    "system": "system",
}
_WORDLESS = ("order", "product", "poll", "interactive", "system", "other")
_MOST_ITEMS = 50
_MOST_PIECES = 999_999  # of one item; more is a typing error, and none of our business here
_SKU_NAMES = frozenset({"productretailerid", "retailerid", "contentid", "sku"})
_QUANTITY_NAMES = frozenset({"quantity", "qty", "itemquantity"})
_KIND_BY_CONTENT_TYPE = {
    "text/vcard": "contacts",
    "text/x-vcard": "contacts",
    "image/webp": "sticker",
    "image": "image",
    "audio": "audio",
    "video": "video",
}
_NAMES = re.compile(
    r"AccountSid|ApiVersion|Body|ButtonPayload|ButtonText|ButtonType|ChannelInstallSid|ChannelMetadata|ChannelPrefix"
    r"|ChannelStatusCode|ChannelStatusMessage|ChannelToAddress|ErrorCode|ErrorMessage|ErrorUrl|ExternalUserId|FlowData|Forwarded"
    r"|FrequentlyForwarded|From|InteractiveData|Label|Latitude|ListDescription|ListId|ListTitle|Longitude|Address"
    r"|MediaContentType\d|MediaUrl\d|MessageSid|MessageType|MessagingServiceSid|NumMedia|NumSegments|OptOutType"
    r"|OriginalRepliedMessageSender|OriginalRepliedMessageSid|ParentExternalUserId|ProfileName|ProfileUsername|Referral\w+"
    r"|SmsMessageSid|SmsSid|SmsStatus|To|Username|WaId|(?:From|To)(?:City|Country|State|Zip)"
)
_LOCATION = {"latitude": "Latitude", "longitude": "Longitude", "address": "Address", "label": "Label"}

_DIGITS = re.compile(
    r"\+?[0-9]{5,20}"
)  # also numbers that a numbering plan calls impossible: WhatsApp has such accounts
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,140}")  # CC.id, or CC.ENT.id for a parent


def identify(form: Form) -> FormIdentity | None:
    """None where there is neither an id nor a sender."""
    values = first_values(form)
    provider_id, status = values.get("MessageSid", ""), _status(values)
    sender, receiver = values.get("From", ""), values.get("To", "")
    if provider_id and _is_status(values, status):
        return FormIdentity(FormKind.STATUS, provider_id, status, receiver, _bare(sender))
    if provider_id:
        return FormIdentity(FormKind.MESSAGE, provider_id, "", sender, _bare(receiver))
    call = values.get("CallSid", "")
    if not call and not sender:
        return None
    return FormIdentity(FormKind.OTHER, call, values.get("CallStatus", ""), sender, _bare(receiver))


def read_form(form: Form, query: str, received_at: datetime) -> Inbound | DeliveryStatus | SetAside:
    """The first value of a repeated name counts."""
    values = first_values(form)
    status = _status(values)
    if values.get("CallSid") and not values.get("MessageSid"):
        return SetAside(SetAsideReason.NOT_A_MESSAGE)  # the number's voice webhook points here
    if not values.get("MessageSid"):
        return SetAside(SetAsideReason.NO_MESSAGE_ID)
    if _is_status(values, status):
        return _read_status(values, status, query)
    return _read_message(form, values, received_at)


def kind_of_media(content_type: str) -> str:
    """image, audio, video, sticker, contacts or document."""
    plain = content_type.partition(";")[0].strip().lower()
    main_type = plain.partition("/")[0]
    return _KIND_BY_CONTENT_TYPE.get(plain) or _KIND_BY_CONTENT_TYPE.get(main_type, "document")


def first_values(form: Form) -> dict[str, str]:
    return dict(reversed(form))


def _status(values: dict[str, str]) -> str:
    return (values.get("MessageStatus") or values.get("SmsStatus", "")).lower()


def _bare(address: str) -> str:
    return address.removeprefix("whatsapp:")


def _is_status(values: dict[str, str], status: str) -> bool:
    if status in _STATES or ("MessageStatus" in values and "Body" not in values):
        return True
    return bool(values.get("MessageStatus")) and status not in ("receiving", "received")


def _read_status(values: dict[str, str], status: str, query: str) -> DeliveryStatus | SetAside:
    if status not in _STATES:
        return SetAside(SetAsideReason.UNKNOWN_STATUS)
    outbox_id = first_values(parse_qsl(query)).get("outbox", "")
    return DeliveryStatus(
        provider_id=values["MessageSid"],
        outbox_id=_whole(outbox_id),
        state=_STATES[status],
        error_code=_whole(values.get("ErrorCode", "")),
    )


def _read_message(form: Form, values: dict[str, str], received_at: datetime) -> Inbound | SetAside:
    written = values.get("From", "")
    if not written:
        return SetAside(SetAsideReason.NO_SENDER)
    if not written.startswith("whatsapp:"):
        return SetAside(SetAsideReason.OTHER_CHANNEL)
    sender = _sender(written, values)
    if sender is None:
        return SetAside(SetAsideReason.UNREADABLE_SENDER)
    items = _items(values)
    kind = _kind(values, items)
    body = values.get("Body") or values.get("ButtonText") or values.get("ListTitle") or ""
    body = body.replace("\x00", "")
    return Inbound(
        provider_id=values["MessageSid"],
        to=values.get("To", "").removeprefix("whatsapp:"),
        sender=sender,
        kind=kind,
        body=body,
        received_at=received_at,
        # Nobody waits for the end of a burst to obey a button, STOP or START.
        urgent=kind in ("button", "list") or is_stop(body) or is_start(body),
        profile_name=values.get("ProfileName") or None,
        payload=values.get("ButtonPayload") or values.get("ListId") or None,
        replied_to=values.get("OriginalRepliedMessageSid") or None,
        media=_media(values),
        location=_location(values),
        referral=_referral(values),
        items=items,
        unread=kind in _WORDLESS and not body.strip() and not items,
        raw=_raw(form),
        forwarded="true" in (values.get("Forwarded", "").lower(), values.get("FrequentlyForwarded", "").lower()),
        odd_form=_is_odd(form),
    )


def _is_odd(form: Form) -> bool:
    """Twilio adds names without notice, so this refuses nothing; a command in such a form is looked at twice."""
    names = [name for name, _value in form]
    return len(set(names)) < len(names) or not all(map(_NAMES.fullmatch, names))


def _sender(written: str, values: dict[str, str]) -> Address | None:
    """`From` decides; another parameter only adds to it. None where it is neither a number nor a user id."""
    who = _bare(written).strip()
    given = values.get("ExternalUserId", "")
    user_id = given if _USER_ID.fullmatch(given) else None
    given = values.get("ParentExternalUserId", "")
    parent_id = given if _USER_ID.fullmatch(given) else None
    if _DIGITS.fullmatch(who):
        return Address(raw=written, phone="+" + who.removeprefix("+"), user_id=user_id, parent_id=parent_id)
    if not _USER_ID.fullmatch(who):
        return None
    number = values.get("WaId", "")
    phone = "+" + number.removeprefix("+") if _DIGITS.fullmatch(number) else None
    return Address(raw=written, phone=phone, user_id=user_id or who, parent_id=parent_id)


def _kind(values: dict[str, str], items: tuple[CartItem, ...]) -> str:
    if values.get("ButtonPayload") or values.get("ButtonText"):
        return "button"
    if values.get("ListId") or values.get("ListTitle"):
        return "list"
    if values.get("Latitude") and values.get("Longitude"):
        return "location"
    declared = values.get("MessageType", "").lower()
    if declared in _KINDS:
        return declared
    if declared in _OTHER_KINDS:
        return _OTHER_KINDS[declared]
    if values.get("MediaUrl0"):
        return kind_of_media(values.get("MediaContentType0", ""))
    if items and not values.get("Body"):
        return "order"
    return "text" if values.get("Body") or declared in ("", "text") else "other"


def _items(values: dict[str, str]) -> tuple[CartItem, ...]:
    """Items of a catalogue that any parameter names: as JSON, wherever in it, or as parameters of their own."""
    found = [item for name, value in values.items() if name != "Body" for item in _items_of_json(value)]
    if not found:
        flat = {_plain(name): value for name, value in values.items()}
        found = _item_of(flat)
    # The same cart may stand in two parameters.
    return tuple({item.sku: item for item in reversed(found)}.values())[::-1][:_MOST_ITEMS]


def _items_of_json(text: str) -> list[CartItem]:
    if not text.lstrip().startswith(("{", "[")):
        return []
    try:
        left = [json.loads(text)]
    except (ValueError, RecursionError):
        return []
    found = []
    while left:
        part = left.pop()
        if isinstance(part, dict):
            found += _item_of({_plain(name): value for name, value in part.items()})
            left += reversed(part.values())
        elif isinstance(part, list):
            left += reversed(part)
    return found


def _item_of(entry: Mapping[str, object]) -> list[CartItem]:
    sku = next((entry[name] for name in entry if name in _SKU_NAMES or name.endswith("productretailerid")), None)
    if not isinstance(sku, str) or not 0 < len(sku.strip()) <= 100 or "\x00" in sku:
        return []
    quantity = next((_pieces(entry[name]) for name in entry if name in _QUANTITY_NAMES), 1)
    return [CartItem(sku.strip(), quantity)]


def _pieces(written: object) -> int:
    """0 for what is no number of pieces."""
    number = _whole(written) if isinstance(written, str) else written
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    countable = isinstance(number, int) and not isinstance(number, bool) and 0 < number <= _MOST_PIECES
    return number if countable and isinstance(number, int) else 0


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _media(values: dict[str, str]) -> tuple[Media, ...]:
    # Not counted by NumMedia, which is missing at times; a form carries ten at most.
    urls = ((index, values.get(f"MediaUrl{index}")) for index in range(10))
    return tuple(Media(url, values.get(f"MediaContentType{index}", "")) for index, url in urls if url)


def _location(values: dict[str, str]) -> dict[str, str] | None:
    found = {ours: values[theirs] for ours, theirs in _LOCATION.items() if values.get(theirs)}
    return found if "latitude" in found and "longitude" in found else None


def _referral(values: dict[str, str]) -> Referral | None:
    raw = {name: value for name, value in values.items() if name.startswith("Referral") and value}
    if not raw.keys() - {"ReferralNumMedia"}:  # "0" comes with ordinary messages, too
        return None
    return Referral(
        source_id=raw.get("ReferralSourceId"),
        source_type=raw.get("ReferralSourceType"),
        clid=raw.get("ReferralCtwaClid"),
        headline=raw.get("ReferralHeadline"),
        body=raw.get("ReferralBody"),
        source_url=raw.get("ReferralSourceUrl"),
        raw=raw,
    )


def _raw(form: Form) -> dict[str, Any]:
    """The whole form; repeated names as lists."""
    together: dict[str, Any] = {}
    for name, value in form:
        if name not in together:
            together[name] = value
        elif isinstance(together[name], list):
            together[name].append(value)
        else:
            together[name] = [together[name], value]
    return together


def _whole(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 19 else None
