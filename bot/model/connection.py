"""The HTTP client of the model server: every request has a deadline and a bounded answer."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any, Protocol

from bot.model.model_errors import ModelUnavailable, NoTime, Reason, error_of_status

if TYPE_CHECKING:
    from openai import AsyncOpenAI

LARGEST_ANSWER = 1_000_000  # bytes; a chat reply has a few thousand
LEAST_SECONDS = 0.15  # with less time than this left, nothing is sent


class _Response(Protocol):
    def iter_bytes(self) -> AsyncIterator[bytes]: ...


Send = Callable[["AsyncOpenAI"], Any]


class ModelConnection:
    """A client and its event loop in a thread; both start with the first call, or with `warm`."""

    def __init__(self, api_key: str, base_url: str) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: AsyncOpenAI | None = None

    def warm(self) -> None:
        asyncio.run_coroutine_threadsafe(self._connected(), self._running())

    def ask(self, seconds: float, send: Send) -> bytes:
        """The response body. Raises ModelUnavailable, at the latest after `seconds`."""
        if seconds < LEAST_SECONDS:
            raise NoTime(Reason.TIMEOUT, "no time was left to ask the model")
        found = _within(seconds, asyncio.run_coroutine_threadsafe(self._answer(send), self._running()))
        if isinstance(found, ModelUnavailable):
            # Raised here, without the server's text and the request with its key as its cause.
            raise found
        return found

    def close(self) -> None:
        with self._guard:
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._disconnect(), loop).result(timeout=5)
            loop.call_soon_threadsafe(loop.stop)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._guard:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="model", daemon=True).start()
            return self._loop

    async def _answer(self, send: Send) -> bytes | ModelUnavailable:
        client = await self._connected()
        import httpx2
        import openai

        try:
            async with send(client) as response:
                return await _whole_body(response)
        except openai.APITimeoutError:
            return _late()
        except openai.APIStatusError as error:
            return error_of_status(error.status_code, error.response.headers, error.code)
        except (openai.APIError, httpx2.HTTPError):
            return ModelUnavailable(
                Reason.SERVER_ERROR, "the model server cannot be reached; check OPENAI_BASE_URL and the network"
            )

    async def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            import openai

            # At DEBUG these log a dozen lines per call, with headers.
            for name in ("openai", "httpx2", "httpcore2"):
                logging.getLogger(name).setLevel(logging.WARNING)
            self._client = openai.AsyncOpenAI(
                api_key=self._api_key,
                base_url=self._base_url,
                max_retries=0,
                timeout=120.0,  # above any deadline, which ends the call first
                http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False),
            )
        return self._client

    async def _disconnect(self) -> None:
        if self._client is not None:
            await self._client.close()


def _within(seconds: float, future: Future[bytes | ModelUnavailable]) -> bytes | ModelUnavailable:
    try:
        return future.result(timeout=seconds)
    except FutureTimeout:
        # The HTTP client's own timeouts restart with every byte: a trickling server would block its caller for ever.
        future.cancel()
        return _late()


async def _whole_body(response: _Response) -> bytes:
    body = bytearray()
    async for part in response.iter_bytes():
        body += part
        if len(body) > LARGEST_ANSWER:
            raise ModelUnavailable(Reason.GARBAGE, "the model server's answer has no end")
    return bytes(body)


def _late() -> ModelUnavailable:
    return ModelUnavailable(Reason.TIMEOUT, "the model did not answer in time")
