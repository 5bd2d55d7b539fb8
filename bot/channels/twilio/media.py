"""Fetches attachments from Twilio's hosts only, limited in size; the token goes to the API host only."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import SplitResult, urljoin, urlsplit

import requests

from bot.channels.channel import MediaRefused, RetryLater
from bot.channels.twilio.account import TwilioAccount
from bot.channels.twilio.rest_client import CONNECT_SECONDS, READ_SECONDS, redirected, session
from memory.conversations.channel_messages import Media

LARGEST = 16 * 1024 * 1024  # bytes; WhatsApp's own limit
_API_HOST = "api.twilio.com"
_CDN_HOSTS = frozenset({_API_HOST, "mms.twiliocdn.com", "media.twiliocdn.com"})
_STORE = ("s3-external-1.amazonaws.com", "/media.twiliocdn.com/")  # a shared host: only Twilio's folder of it
_HOPS = 4
_WAITS = (1.0, 3.0)  # a fresh attachment may answer 404 for some seconds
_WHOLE_SECONDS = 30.0


class MediaFetcher:
    def __init__(self, account: TwilioAccount, sleep: Callable[[float], None] = time.sleep) -> None:
        self._account = account
        self._sleep = sleep
        self._session = session(account.api_url)

    def fetch(self, media: Media) -> bytes:
        """Raises MediaRefused for a foreign address, over 16 MB, or a file that is gone; else RetryLater."""
        for wait in _WAITS:
            try:
                return self._follow(media.url)
            except _NotYet:
                self._sleep(wait)
        try:
            return self._follow(media.url)
        except _NotYet as gone:
            raise MediaRefused("the attachment is no longer at Twilio") from gone

    def _follow(self, url: str) -> bytes:
        for _hop in range(_HOPS):
            place = urlsplit(url)
            self._require_ours(place)
            with self._ask(url, place) as response:
                if not response.is_redirect:
                    return _content(response)
                url = urljoin(url, response.headers["Location"])
        raise MediaRefused("the attachment's address has too many redirects")

    def _ask(self, url: str, place: SplitResult) -> requests.Response:
        trusted = place.netloc in (_API_HOST, urlsplit(self._account.api_url).netloc or _API_HOST)
        if place.netloc == _API_HOST and self._account.api_url:
            url = redirected(url, self._account.api_url)
        try:
            return self._session.get(
                url,
                auth=(self._account.sid, self._account.tokens[0]) if trusted else _no_credentials,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            raise RetryLater(f"the attachment could not be fetched: {type(error).__name__}", 10) from error

    def _require_ours(self, place: SplitResult) -> None:
        stand_in = urlsplit(self._account.api_url)
        if stand_in.netloc and (place.scheme, place.netloc) == (stand_in.scheme, stand_in.netloc):
            return
        host, folder = _STORE
        ours = place.netloc in _CDN_HOSTS or (place.netloc == host and place.path.startswith(folder))
        if place.scheme != "https" or not ours:
            raise MediaRefused("the attachment's address is not one of Twilio's")


class _NotYet(Exception):
    """HTTP 404."""


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request  # with auth=None instead, requests would look into ~/.netrc


def _content(response: requests.Response) -> bytes:
    if response.status_code == 404:
        raise _NotYet
    if response.status_code in (401, 403, 410):
        raise MediaRefused(f"Twilio answered {response.status_code} for the attachment")
    if response.status_code != 200:
        raise RetryLater(f"Twilio answered {response.status_code} for the attachment", 10)
    declared = response.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > LARGEST:
        raise MediaRefused("the attachment is larger than 16 MB")
    return _read(response)


def _read(response: requests.Response) -> bytes:
    content, started = bytearray(), time.monotonic()
    try:
        for chunk in response.iter_content(64 * 1024):
            content += chunk
            if len(content) > LARGEST:
                raise MediaRefused("the attachment is larger than 16 MB")
            if time.monotonic() - started > _WHOLE_SECONDS:
                raise RetryLater("the download of the attachment is too slow", 30)
    except requests.RequestException as error:
        raise RetryLater(f"the download of the attachment broke off: {type(error).__name__}", 10) from error
    return bytes(content)
