"""The simulated part of Twilio's REST API."""

from __future__ import annotations

import hmac
import re
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from bot.channels.simulator.chat_store import Letter, new_sid
from bot.channels.simulator.fault_injection import InjectedFault
from bot.channels.simulator.small_twilio import ApiRefusal, SmallTwilio

_SPOILING = ("throttle", "error_500", "error_503", "hang", "drop", "refuse")
_PAGE = 50


def rest(twilio: SmallTwilio) -> Blueprint:
    api = Blueprint("twilio", __name__, url_prefix="/twilio")
    api.before_request(lambda: _refuse_strangers(twilio))
    api.register_error_handler(ApiRefusal, _refusal)
    _add_messages(api, twilio)
    _add_media(api, twilio)
    _add_content(api, twilio)
    _add_account(api, twilio)
    return api


def _add_messages(api: Blueprint, twilio: SmallTwilio) -> None:
    base = "/2010-04-01/Accounts/<account>/Messages"
    api.add_url_rule(f"{base}.json", "create", lambda account: _create(twilio), methods=["POST"])
    api.add_url_rule(f"{base}.json", "list", lambda account: _list(twilio), methods=["GET"])
    api.add_url_rule(f"{base}/<sid>.json", "message", lambda account, sid: _one(twilio, sid), methods=["GET", "DELETE"])


def _add_media(api: Blueprint, twilio: SmallTwilio) -> None:
    base = "/2010-04-01/Accounts/<account>/Messages/<sid>/Media"
    api.add_url_rule(f"{base}.json", "media_list", lambda account, sid: _media_list(twilio, sid))
    api.add_url_rule(f"{base}/<media>", "file", lambda account, sid, media: _file(twilio, sid, media))
    api.add_url_rule(
        f"{base}/<media>.json", "unfile", lambda account, sid, media: _delete_media(twilio, media), methods=["DELETE"]
    )


def _add_content(api: Blueprint, twilio: SmallTwilio) -> None:
    api.add_url_rule("/v1/Content", "contents", lambda: _contents(twilio), methods=["GET"])
    api.add_url_rule("/v1/Content", "make_content", lambda: _make_content(twilio), methods=["POST"])
    api.add_url_rule("/v2/Indicators/Typing.json", "typing", lambda: _typing(twilio), methods=["POST"])


def _add_account(api: Blueprint, twilio: SmallTwilio) -> None:
    api.add_url_rule("/2010-04-01/Accounts/<account>.json", "account", lambda account: _account(twilio))
    api.add_url_rule("/v2/Channels/Senders", "senders", lambda: _senders(twilio))


def _refuse_strangers(twilio: SmallTwilio) -> None:
    given = request.authorization
    user, password = (given.username or "", given.password or "") if given else ("", "")
    known = hmac.compare_digest(password.encode(), twilio.account.tokens[0].encode())
    if user != twilio.account.sid or not known:
        raise ApiRefusal(20003, "Authenticate", 401)


def _refusal(refused: Any) -> tuple[Response, int]:
    body = {
        "code": refused.code,
        "message": str(refused),
        "more_info": f"https://www.twilio.com/docs/errors/{refused.code}",
        "status": refused.status,
    }
    return jsonify(body), refused.status


def _create(twilio: SmallTwilio) -> Any:
    form = dict(request.form.items())
    fault = twilio.faults.take(form.get("To", ""), *_SPOILING, "lose_answer", "answer_late", "accept_late")
    if fault and fault.kind in _SPOILING:
        return _spoil(fault)
    if fault and fault.kind == "accept_late":
        time.sleep(fault.seconds)
    letter = twilio.take(form)
    answer = jsonify(_as_json(twilio, letter))
    twilio.dispatch(letter)
    if fault and fault.kind == "lose_answer":
        return _hang_up()
    if fault and fault.kind == "answer_late":
        time.sleep(fault.seconds)
    return answer, 201


def _spoil(fault: InjectedFault) -> Any:
    spoilers: dict[str, Callable[[], Any]] = {
        "throttle": lambda: _throttled(fault),
        "error_500": lambda: _refusal(ApiRefusal(20500, "Internal Server Error", 500)),
        "error_503": lambda: Response("<html><body>Service Unavailable</body></html>", 503, mimetype="text/html"),
        "hang": lambda: _hang(fault),
        "drop": _hang_up,
        "refuse": lambda: _refusal(ApiRefusal(fault.code or 0, "Refused on demand")),
    }
    return spoilers[fault.kind]()


def _throttled(fault: InjectedFault) -> Response:
    answer, status = _refusal(ApiRefusal(20429, "Too Many Requests", 429))
    answer.status_code = status
    answer.headers["Retry-After"] = str(int(fault.seconds))
    return answer


def _hang(fault: InjectedFault) -> Response:
    time.sleep(fault.seconds)
    return _hang_up()


def _hang_up() -> Response:
    """During the answer: the caller never learns the outcome."""
    line: socket.socket = request.environ.get("werkzeug.socket") or request.environ["gunicorn.socket"]
    line.shutdown(socket.SHUT_RDWR)
    return Response(status=204)


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ApiRefusal(20001, f"Parameter '{name}' is not valid", 400)
    return int(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ApiRefusal(20001, "Parameter 'DateSent' is not valid", 400) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _list(twilio: SmallTwilio) -> Response:
    size = max(1, min(_number("PageSize", _PAGE), 1000))
    page = _number("Page", 0)
    with twilio.chats.changed:
        found = [one for one in twilio.chats.letters.values() if _asked_for(one)]
    found.sort(key=lambda one: (one.sent or one.created, one.ordinal), reverse=True)
    part = found[page * size : (page + 1) * size]
    more = len(found) > (page + 1) * size
    query = urlencode({**request.args.to_dict(), "Page": page + 1, "PageSize": size})
    here = f"/2010-04-01/Accounts/{twilio.account.sid}/Messages.json"
    return jsonify(
        messages=[_as_json(twilio, one) for one in part],
        page=page,
        page_size=size,
        next_page_uri=f"{here}?{query}" if more else None,
        uri=here,
    )


def _asked_for(letter: Letter) -> bool:
    asked = request.args
    if asked.get("To") not in (None, letter.to) or asked.get("From") not in (None, letter.sender):
        return False
    since, before, on = asked.get("DateSent>"), asked.get("DateSent<"), asked.get("DateSent")
    if not (since or before or on):
        return True
    if letter.sent is None:
        return False
    sent = datetime.fromisoformat(letter.sent)
    if on and sent.date() != _moment(on).date():
        return False
    after = not since or sent.replace(microsecond=0) >= _moment(since)
    return after and (not before or sent <= _moment(before))


def _one(twilio: SmallTwilio, sid: str) -> Any:
    letter = _letter(twilio, sid)
    if request.method == "DELETE":
        twilio.chats.forget(letter)
        return "", 204
    if twilio.faults.take(letter.sender, "fetch_500"):
        raise ApiRefusal(20500, "Internal Server Error", 500)
    return jsonify(_as_json(twilio, letter))


def _letter(twilio: SmallTwilio, sid: str) -> Letter:
    letter = twilio.chats.letters.get(sid)
    if letter is None:
        raise ApiRefusal(20404, "The requested resource was not found", 404)
    return letter


def _media_list(twilio: SmallTwilio, sid: str) -> Response:
    letter = _letter(twilio, sid)
    files = [twilio.chats.attachments[one] for one in letter.media if one in twilio.chats.attachments]
    base = f"/2010-04-01/Accounts/{twilio.account.sid}/Messages/{sid}/Media"
    listed = [
        {
            "sid": one.sid,
            "account_sid": twilio.account.sid,
            "parent_sid": sid,
            "content_type": one.content_type,
            "uri": f"{base}/{one.sid}.json",
        }
        for one in files
    ]
    return jsonify(media_list=listed, page=0, page_size=_PAGE, next_page_uri=None, uri=f"{base}.json")


def _file(twilio: SmallTwilio, sid: str, media: str) -> Any:
    letter = _letter(twilio, sid)
    attachment = twilio.chats.attachments.get(media)
    if attachment is None or media not in letter.media or twilio.faults.take(letter.person, "media_late"):
        raise ApiRefusal(20404, "The requested resource was not found", 404)
    return Response(attachment.content, mimetype=attachment.content_type)


def _delete_media(twilio: SmallTwilio, media: str) -> Any:
    twilio.chats.forget_attachment(media)
    return "", 204


def _contents(twilio: SmallTwilio) -> Response:
    with twilio.chats.changed:
        listed = [_content_json(one) for one in twilio.chats.contents.values()]
    return jsonify(contents=listed, meta={"key": "contents", "page": 0, "page_size": 1000, "next_page_url": None})


def _make_content(twilio: SmallTwilio) -> Any:
    asked = request.get_json()
    fault = twilio.faults.take("content", *_SPOILING)
    if fault:
        return _spoil(fault)
    told = asked.get("types") if isinstance(asked, dict) else None
    if not isinstance(told, dict) or not all(isinstance(each, dict) for each in told.values() if each):
        raise ApiRefusal(20001, "Parameter 'types' is not valid", 400)
    types = {name: value for name, value in told.items() if value}
    buttons = types.get("twilio/quick-reply", {}).get("actions", [])
    if any(not button.get("title") or len(button["title"]) > 20 for button in buttons) or len(buttons) > 10:
        raise ApiRefusal(21655, "A quick reply has at most 10 buttons of at most 20 characters")
    content = {**asked, "sid": new_sid("HX"), "types": types, "approved": False}
    twilio.chats.keep_content(content)
    return jsonify(_content_json(content)), 201


def _content_json(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "approved"}


def _typing(twilio: SmallTwilio) -> Response:
    letter = _letter(twilio, request.form.get("messageId", ""))
    with twilio.chats.changed:
        letter.status = "read"
        twilio.chats.keep(letter)
        twilio.chats.tell({"type": "typing", "chat": letter.person})
    return jsonify(success=True)


def _account(twilio: SmallTwilio) -> Response:
    return jsonify(sid=twilio.account.sid, friendly_name="The small Twilio", status="active", type="Trial")


def _senders(twilio: SmallTwilio) -> Response:
    listed = [{"sid": f"XE{n:032x}", "sender_id": f"whatsapp:{one}"} for n, one in enumerate(twilio.senders)]
    return jsonify(senders=listed, meta={"key": "senders", "page": 0, "page_size": 1000, "next_page_url": None})


def _as_json(twilio: SmallTwilio, letter: Letter) -> dict[str, Any]:
    base = f"/2010-04-01/Accounts/{twilio.account.sid}/Messages/{letter.sid}"
    return {
        "sid": letter.sid,
        "account_sid": twilio.account.sid,
        "direction": letter.direction,
        "from": letter.sender,
        "to": letter.to,
        "body": letter.body,
        "status": letter.status,
        "error_code": letter.error_code,
        "error_message": None,
        "num_media": str(len(letter.media)),
        "num_segments": "1",
        "date_created": _rfc2822(letter.created),
        "date_updated": _rfc2822(letter.sent or letter.created),
        "date_sent": _rfc2822(letter.sent) if letter.sent else None,
        "api_version": "2010-04-01",
        "uri": f"{base}.json",
        "subresource_uris": {"media": f"{base}/Media.json"},
    }


def _rfc2822(moment: str) -> str:
    return format_datetime(datetime.fromisoformat(moment))
