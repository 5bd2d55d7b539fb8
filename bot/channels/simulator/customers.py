"""A simulated person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from bot.channels.simulator.chat_store import Letter, Person, new_sid
from bot.channels.twilio.webhook_forms import kind_of_media

if TYPE_CHECKING:
    from bot.channels.simulator.small_twilio import SmallTwilio


@dataclass(frozen=True, slots=True)
class Sent:
    """With the webhook's HTTP statuses."""

    sid: str
    answers: tuple[int, ...]


class Customer:
    """Actions return when the webhook has answered, unless `wait` is off."""

    def __init__(self, twilio: SmallTwilio, person: Person, ours: str, wait: bool = True) -> None:
        self._twilio = twilio
        self._ours = ours
        self._wait = wait
        self.person = person
        self._advert: dict[str, str] = {}

    def says(self, text: str, **more: str) -> Sent:
        """`more`: further form parameters."""
        return self._send({"Body": text, "MessageType": "text", **more})

    def presses(self, title: str, sid: str | None = None) -> Sent:
        """On message `sid`, or on the newest that has the button. Raises LookupError."""
        for letter in reversed([one for one in self.transcript() if sid in (None, one.sid)]):
            for button in letter.buttons:
                if button["title"] == title:
                    return self._press(letter, button)
        raise LookupError(f"no message shows a button '{title}'")

    def _press(self, letter: Letter, button: dict[str, str]) -> Sent:
        return self._send(
            {
                "Body": button["title"],
                "MessageType": "button",
                "ButtonText": button["title"],
                "ButtonPayload": button["id"],
                "OriginalRepliedMessageSid": letter.sid,
                "OriginalRepliedMessageSender": self._ours,
            }
        )

    def chooses(self, list_id: str, title: str, description: str = "") -> Sent:
        """From a list."""
        chosen = {"ListId": list_id, "ListTitle": title, "ListDescription": description}
        return self._send({"Body": title, "MessageType": "interactive", **chosen})

    def sends_location(self, latitude: str, longitude: str, label: str = "", address: str = "") -> Sent:
        place = {"Latitude": latitude, "Longitude": longitude, "Label": label, "Address": address}
        named = {name: value for name, value in place.items() if value}
        return self._send({"Body": "", "MessageType": "location", **named})

    def sends(self, content: bytes, content_type: str, caption: str = "") -> Sent:
        form = {"Body": caption, "MessageType": kind_of_media(content_type), "MediaContentType0": content_type}
        return self._send(form, self._twilio.attach(content, content_type))

    def sends_picture(self, content: bytes, caption: str = "", content_type: str = "image/jpeg") -> Sent:
        return self.sends(content, content_type, caption)

    def sends_voice(self, content: bytes, content_type: str = "audio/ogg") -> Sent:
        return self.sends(content, content_type)

    def arrives_through(self, advert: dict[str, str]) -> Customer:
        """The next message is the first after an ad click; `advert` has Twilio's Referral… parameters."""
        self._advert = dict(advert)
        return self

    def opens(self) -> None:
        """Delivered messages, and later ones until `closes`, are read."""
        self.person.open = True
        self._twilio.chats.keep_person(self.person)
        self._twilio.read_all(self.person.address)

    def closes(self) -> None:
        self.person.open = False
        self._twilio.chats.keep_person(self.person)

    def blocks(self, blocked: bool = True) -> None:
        """Messages to this person then fail with 63014."""
        self.person.blocked = blocked
        self._twilio.chats.keep_person(self.person)

    def transcript(self) -> list[Letter]:
        return self._twilio.chats.between(self.person.address)

    def heard(self) -> list[str]:
        """Bodies, in order."""
        return [one.body for one in self.transcript() if _reached(one)]

    def wait_for_reply(self, after: Sent, timeout: float = 300.0, count: int = 1) -> list[Letter]:
        """The first `count` messages after `after`. Raises TimeoutError."""
        chats = self._twilio.chats
        with chats.changed:
            came = chats.changed.wait_for(lambda: len(self._since(after)) >= count, timeout)
            replies = self._since(after)
        if not came:
            raise TimeoutError(f"{len(replies)} of {count} replies came within {timeout} s")
        return replies[:count]

    def _since(self, after: Sent) -> list[Letter]:
        start = self._twilio.chats.letters[after.sid].ordinal
        return [one for one in self.transcript() if one.ordinal > start and _reached(one)]

    def _send(self, content: dict[str, str], media: str | None = None) -> Sent:
        sid = new_sid("MM" if media else "SM")
        form = {**self._envelope(sid), "NumMedia": "1" if media else "0", **content, **self._advert}
        if media:
            form["MediaUrl0"] = self._twilio.media_url(sid, media)
        self._advert = {}
        now = self._twilio.clock().astimezone(UTC).isoformat()
        letter = Letter(sid, "inbound", self.person.address, self._ours, content.get("Body", ""), "received", now, now)
        letter.form, letter.media = form, [media] if media else []
        return Sent(sid, tuple(self._twilio.receive(letter, self._wait)))

    def _envelope(self, sid: str) -> dict[str, Any]:
        who = self.person.address.removeprefix("whatsapp:")
        ids = {"WaId": who.lstrip("+")} if who.startswith("+") else {}
        if self.person.user_id:
            ids["ExternalUserId"] = self.person.user_id
        return {
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "MessageSid": sid,
            "AccountSid": self._twilio.account.sid,
            "ApiVersion": "2010-04-01",
            "SmsStatus": "received",
            "NumSegments": "1",
            "ReferralNumMedia": "0",
            "From": self.person.address,
            "To": self._ours,
            "ProfileName": self.person.name,
            **ids,
        }


def _reached(letter: Letter) -> bool:
    return letter.direction == "outbound-api" and letter.status in ("sent", "delivered", "read")
