"""The simulator's routes: Twilio's REST API, and a JSON API for its page."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from bot.channels.simulator.chat_store import Letter, Person
from bot.channels.simulator.customers import Customer, Sent
from bot.channels.simulator.fault_injection import KINDS, InjectedFault, NoSuchFault
from bot.channels.simulator.local_requests import require_local
from bot.channels.simulator.rest_api import rest
from bot.channels.simulator.small_twilio import SmallTwilio
from bot.channels.twilio import verdict_on

_WHO = re.compile(r"\+[1-9]\d{6,14}|[A-Z]{2}\.[A-Za-z0-9.]{1,140}")
_LONGEST_WAIT = 15.0  # seconds that a page may hold one of the web's threads
_MOST_ASKED_WAIT = 60.0
_MOST_EVENTS = 10**12
_LARGEST = 16 * 1024 * 1024
_SHOWN_INLINE = ("image/", "audio/", "video/")

SAMPLE_ADS = Path(__file__).resolve().parents[3] / "data" / "sample_ads.toml"


def blueprint(twilio: SmallTwilio | None) -> Blueprint:
    """404 if `twilio` is None."""
    routes = Blueprint("simulator", __name__, url_prefix="/simulator")
    if twilio is not None:
        routes.before_request(require_local)
        routes.before_request(_require_page_header)
        routes.register_blueprint(rest(twilio))
        routes.register_error_handler(NoSuchFault, lambda error: (jsonify(error=str(error)), 400))
        routes.register_error_handler(_Missing, lambda error: (jsonify(error=f"{error} is missing"), 400))
        _add_reading(routes, twilio)
        _add_doing(routes, twilio)
    return routes


def _add_reading(routes: Blueprint, twilio: SmallTwilio) -> None:
    routes.add_url_rule("/state", "state", lambda: _state(twilio))
    routes.add_url_rule("/events", "events", lambda: _events(twilio))
    routes.add_url_rule("/chats/<who>", "chat", lambda who: _chat(twilio, who))
    routes.add_url_rule("/media/<sid>", "media", lambda sid: _media(twilio, sid))


def _add_doing(routes: Blueprint, twilio: SmallTwilio) -> None:
    routes.add_url_rule("/chats/<who>", "meet", lambda who: _add_customer(twilio, who), methods=["PUT"])
    routes.add_url_rule("/chats/<who>/messages", "send", lambda who: _send(twilio, who), methods=["POST"])
    routes.add_url_rule("/chats/<who>/files", "upload", lambda who: _upload(twilio, who), methods=["POST"])
    routes.add_url_rule("/chats/<who>/phone", "phone", lambda who: _phone(twilio, who), methods=["POST"])
    routes.add_url_rule("/faults", "fail", lambda: _fail(twilio), methods=["POST"])
    routes.add_url_rule("/faults", "mend", lambda: _clear_faults(twilio), methods=["DELETE"])


def _require_page_header() -> None:
    # Against cross-site request forgery: a form on another site cannot set this header.
    from_page = request.headers.get("X-Simulator") == "page"
    if request.method != "GET" and not request.path.startswith("/simulator/twilio/") and not from_page:
        abort(403)


class _Missing(KeyError):
    pass


class _Asked(dict[str, Any]):
    """A JSON body; a missing key is a 400."""

    def __missing__(self, name: str) -> Any:
        raise _Missing(name)


def _asked() -> _Asked:
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400, "a JSON object, please")
    return _Asked(body)


def _customer(twilio: SmallTwilio, who: str) -> Customer:
    if not _WHO.fullmatch(who):
        abort(400, "a phone number such as +14155550101, or a WhatsApp user id such as IN.AbC123")
    ours = request.args.get("sender") or twilio.account.sender
    if not _WHO.fullmatch(ours):
        abort(400, "sender: one of the shop's numbers")
    return Customer(twilio, twilio.customer(who).person, f"whatsapp:{ours}", wait=False)


def _state(twilio: SmallTwilio) -> Response:
    with twilio.chats.changed:
        people = [_person_json(twilio, one) for one in twilio.chats.people.values()]
        seen = len(twilio.chats.events)
    return jsonify(
        chats=people,
        senders=list(twilio.senders),
        adverts=tomllib.loads(SAMPLE_ADS.read_text(encoding="utf-8"))["ads"],
        seen=seen,
        run=twilio.chats.run,
        fault_kinds=list(KINDS.items()),
        faults=twilio.faults.listed(),
    )


def _events(twilio: SmallTwilio) -> Response:
    after = _whole(request.args.get("after", "0"), 0, _MOST_EVENTS)
    wait = min(_decimal(request.args.get("wait", "0"), 0, _MOST_ASKED_WAIT), _LONGEST_WAIT)
    if request.args.get("run") != twilio.chats.run:  # the program was started anew: the page reads everything again
        return jsonify(events=[], anew=True)
    events = [dict(event) for event in twilio.chats.news(after, wait)]
    for event in events:
        letter = twilio.chats.letters.get(event.get("sid", ""))
        if letter:
            event["message"] = _letter_json(letter, twilio)
        if event["type"] == "person":
            event["person"] = _person_json(twilio, twilio.chats.people[event["chat"]])
    return jsonify(events=events)


def _chat(twilio: SmallTwilio, who: str) -> Response:
    letters = twilio.chats.between(f"whatsapp:{who}")
    return jsonify(messages=[_letter_json(one, twilio) for one in letters])


def _media(twilio: SmallTwilio, sid: str) -> Response:
    attachment = twilio.chats.attachments.get(sid)
    if attachment is None:
        abort(404)
    inline = attachment.content_type.startswith(_SHOWN_INLINE) and "svg" not in attachment.content_type
    shown = attachment.content_type if inline else "application/octet-stream"
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    return Response(attachment.content, mimetype=shown, headers=headers)


def _add_customer(twilio: SmallTwilio, who: str) -> Response:
    asked = _asked()
    customer = _customer(twilio, who)
    name = str(asked.get("name", ""))[:60]
    if name and name != customer.person.name:
        customer.person.name = name
        twilio.chats.keep_person(customer.person)
    return jsonify(_person_json(twilio, customer.person))


def _send(twilio: SmallTwilio, who: str) -> Any:
    asked = _asked()
    customer = _customer(twilio, who)
    if isinstance(asked.get("advert"), dict):
        customer.arrives_through({str(name): str(value) for name, value in asked["advert"].items()})
    if "location" in asked:
        sent = customer.sends_location(*_place(asked["location"]))
    elif "button" in asked:
        sent = _press(customer, str(asked["button"]), str(asked["on"]))
    else:
        sent = customer.says(str(asked["text"])[:4096])
    return jsonify(sid=sent.sid), 201


def _place(asked: Any) -> tuple[str, str, str]:
    if not isinstance(asked, dict):
        abort(400, "location: an object with latitude and longitude")
    place = _Asked(asked)
    latitude, longitude = _decimal(place["latitude"], -90, 90), _decimal(place["longitude"], -180, 180)
    return f"{latitude:.7g}", f"{longitude:.7g}", str(place.get("label", ""))[:1000]


def _press(customer: Customer, title: str, sid: str) -> Sent:
    try:
        return customer.presses(title, sid)
    except LookupError:
        abort(409, "that message shows no such button")


def _upload(twilio: SmallTwilio, who: str) -> Any:
    file = request.files["file"]
    content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        abort(413)
    sent = _customer(twilio, who).sends(content, file.mimetype, request.form.get("caption", ""))
    return jsonify(sid=sent.sid), 201


def _phone(twilio: SmallTwilio, who: str) -> Any:
    asked = _asked()
    customer = _customer(twilio, who)
    if "open" in asked:
        customer.opens() if asked["open"] else customer.closes()
    if "blocked" in asked:
        customer.blocks(bool(asked["blocked"]))
    return "", 204


def _fail(twilio: SmallTwilio) -> Any:
    asked = _asked()
    address = f"whatsapp:{asked['who']}" if asked.get("who") else None
    code = _number(asked["code"], 0, 99999) if asked.get("code") else None
    fault = InjectedFault(str(asked["kind"]), _number(asked.get("times", 1), 1, 100), address, code)
    fault.seconds = _number(asked.get("seconds", 1), 0, 60)
    twilio.faults.add(fault)
    return jsonify(faults=twilio.faults.listed()), 201


def _number(said: Any, least: int, most: int) -> int:
    written = str(said)
    if not (written.isascii() and written.isdigit()):
        abort(400, "a whole number, please")
    return max(least, min(int(written[:9]), most))


def _whole(said: str, least: int, most: int) -> int:
    if not (re.fullmatch(r"[0-9]{1,18}", said) and least <= int(said) <= most):
        abort(400, f"a whole number from {least} to {most}, please")
    return int(said)


def _decimal(said: Any, least: float, most: float) -> float:
    written = "" if isinstance(said, bool) else str(said)  # JSON's numbers, too
    if not (re.fullmatch(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?", written) and least <= float(written) <= most):
        abort(400, f"a number from {least:g} to {most:g}, please")
    return float(written)


def _clear_faults(twilio: SmallTwilio) -> Response:
    twilio.faults.clear()
    return jsonify(faults=[])


def _person_json(twilio: SmallTwilio, person: Person) -> dict[str, Any]:
    letters = twilio.chats.between(person.address)
    return {
        "who": person.address.removeprefix("whatsapp:"),
        "name": person.name,
        "open": person.open,
        "blocked": person.blocked,
        "last": _letter_json(letters[-1], twilio) if letters else None,
    }


def _letter_json(letter: Letter, twilio: SmallTwilio) -> dict[str, Any]:
    files = [twilio.chats.attachments[sid] for sid in letter.media if sid in twilio.chats.attachments]
    place = {name.lower(): letter.form[name] for name in ("Latitude", "Longitude", "Label") if letter.form.get(name)}
    return {
        "sid": letter.sid,
        "ordinal": letter.ordinal,
        "mine": letter.direction == "inbound",
        "chat": letter.person.removeprefix("whatsapp:"),
        "body": letter.body,
        "status": letter.status,
        "error_code": letter.error_code,
        "reason": verdict_on(letter.error_code).sentence if letter.error_code else None,
        "at": letter.created,
        "buttons": letter.buttons,
        "template": letter.template,
        "link": letter.media_url,
        "replied_to": letter.form.get("OriginalRepliedMessageSid"),
        "media": [{"url": f"/simulator/media/{one.sid}", "type": one.content_type} for one in files],
        "location": place or None,
        "advert": letter.form.get("ReferralHeadline") or letter.form.get("ReferralSourceId"),
    }
