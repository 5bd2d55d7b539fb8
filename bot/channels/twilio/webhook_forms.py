"""Twilio's webhook forms, read into our own words.

Parameters: https://www.twilio.com/docs/messaging/guides/webhook-request. Twilio adds new ones without notice,
so an unknown one is kept and never an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.language.reading.opt_out import is_start, is_stop
from memory.conversations.channel_messages import Inbound, Media
from memory.people.address import Address, Referral

Pairs = Iterable[tuple[str, str]]

_PHONE = re.compile(r"\+?[1-9]\d{6,14}")
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,140}")  # CC.id, or CC.ENT.id for a parent
_RARE = ("canceled", "partially_delivered")
_OUTBOUND_STATUSES = frozenset(
    ["accepted", "scheduled", "queued", "sending", "sent", "delivered", "undelivered", "failed", "read", *_RARE]
)
_KINDS = frozenset({"text", "image", "audio", "video", "document", "sticker", "location", "contacts", "button", "list"})
_MAIN_TYPES = {"image": "image", "audio": "audio", "video": "video", "application": "document"}


class NotAMessage(Exception):
    """A form that is signed but is not an inbound WhatsApp message; the text says what it is."""


class MissingSid(Exception):
    """A form without MessageSid: nothing to recognise a second delivery by."""


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a message of ours."""

    provider_id: str
    outbox_id: int | None  # ours, carried in the callback's query; None where it was lost
    status: str  # queued, sending, sent, delivered, read, undelivered, failed, …
    error_code: int | None
    raw: dict[str, Any]


def pairs_of(form: Any) -> list[tuple[str, str]]:
    """A form as pairs, repeated names included: from a MultiDict, a mapping or pairs."""
    if hasattr(form, "getlist"):
        return list(form.items(multi=True))
    return list(form.items()) if isinstance(form, Mapping) else list(form)


def read_form(form: Any, received_at: datetime) -> Inbound:
    """The message that a signed form carries.

    `form` is a MultiDict, a mapping or pairs; of a repeated name the first counts and all are kept in `raw`.
    A button, STOP and START are urgent: nobody waits for the end of a burst to obey them.
    Raises NotAMessage for a status callback, a call event or another channel, MissingSid without MessageSid.
    """
    pairs = pairs_of(form)
    values = _first(pairs)
    _require_message(values)
    kind = _kind(values)
    body = _body(values)
    return Inbound(
        provider_id=values["MessageSid"],
        to=values.get("To", "").removeprefix("whatsapp:"),
        sender=_sender(values),
        kind=kind,
        body=body,
        received_at=received_at,
        urgent=kind in ("button", "list") or is_stop(body) or is_start(body),
        profile_name=values.get("ProfileName") or None,
        payload=values.get("ButtonPayload") or values.get("ListId") or None,
        replied_to=values.get("OriginalRepliedMessageSid") or None,
        media=_media(values),
        location=_location(values),
        referral=_referral(values),
        raw=_raw(pairs),
    )


def read_status(form: Any, args: Any) -> Status:
    """What a signed status callback says; `args` is its query, which carries our outbox id.

    Raises MissingSid without MessageSid, NotAMessage without a status.
    """
    pairs = pairs_of(form)
    values = _first(pairs)
    status = values.get("MessageStatus") or values.get("SmsStatus")
    if not values.get("MessageSid"):
        raise MissingSid("a status callback without MessageSid")
    if not status:
        raise NotAMessage("a status callback without MessageStatus")
    outbox = _first(pairs_of(args)).get("outbox", "")
    return Status(
        provider_id=values["MessageSid"],
        outbox_id=_whole(outbox),
        status=status.lower(),
        error_code=_whole(values.get("ErrorCode", "")),
        raw=_raw(pairs),
    )


def kind_of_media(content_type: str) -> str:
    """image, audio, video, sticker, contacts or document, by an attachment's content type."""
    plain = content_type.partition(";")[0].strip().lower()
    if plain in ("text/vcard", "text/x-vcard"):
        return "contacts"
    return "sticker" if plain == "image/webp" else _MAIN_TYPES.get(plain.partition("/")[0], "document")


def _require_message(values: dict[str, str]) -> None:
    status = values.get("MessageStatus") or values.get("SmsStatus", "")
    if values.get("CallSid") and not values.get("MessageSid"):
        raise NotAMessage("a call event: this number's voice webhook points here")
    if status.lower() in _OUTBOUND_STATUSES:
        raise NotAMessage("a status callback, posted to the address for messages")
    if not values.get("MessageSid"):
        raise MissingSid("a form without MessageSid")
    if not values.get("From"):
        raise NotAMessage("a form without From: nobody to answer")
    if not values["From"].startswith("whatsapp:"):
        raise NotAMessage("a message of another channel than WhatsApp")


def _first(pairs: Pairs) -> dict[str, str]:
    return dict(reversed(list(pairs)))


def _raw(pairs: Pairs) -> dict[str, Any]:
    together: dict[str, Any] = {}
    for name, value in pairs:
        if name not in together:
            together[name] = value
        elif isinstance(together[name], list):
            together[name].append(value)
        else:
            together[name] = [together[name], value]
    return together


def _sender(values: dict[str, str]) -> Address:
    raw = values["From"]
    who = raw.removeprefix("whatsapp:").strip()
    phone = _phone(who) or _phone(values.get("WaId", ""))
    user_id = values.get("ExternalUserId") or (who if _USER_ID.fullmatch(who) else None)
    if phone is None and user_id is None:
        raise NotAMessage("From is neither a phone number nor a WhatsApp user id")
    return Address(raw=raw, phone=phone, user_id=user_id)


def _phone(written: str) -> str | None:
    return "+" + written.lstrip("+") if _PHONE.fullmatch(written) else None


def _body(values: dict[str, str]) -> str:
    body = values.get("Body") or values.get("ButtonText") or values.get("ListTitle") or ""
    return body.replace("\x00", "")


def _kind(values: dict[str, str]) -> str:
    if values.get("ButtonPayload") or values.get("ButtonText"):
        return "button"
    if values.get("ListId") or values.get("ListTitle"):
        return "list"
    if values.get("Latitude") and values.get("Longitude"):
        return "location"
    declared = values.get("MessageType", "").lower()
    if declared in _KINDS and declared != "text":
        return declared
    if values.get("MediaUrl0"):
        return kind_of_media(values.get("MediaContentType0", ""))
    return "text" if values.get("Body") or declared in ("", "text") else "other"


def _media(values: dict[str, str]) -> tuple[Media, ...]:
    urls = ((index, values.get(f"MediaUrl{index}")) for index in range(10))
    return tuple(Media(url, values.get(f"MediaContentType{index}", "")) for index, url in urls if url)


def _location(values: dict[str, str]) -> dict[str, str] | None:
    names = ("Latitude", "Longitude", "Address", "Label")
    found = {name.lower(): values[name] for name in names if values.get(name)}
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


def _whole(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 19 else None
