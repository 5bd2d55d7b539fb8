from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.answers import Completion, read_arguments
from bot.model.circuit_breaker import CircuitBreaker
from bot.model.language_model import LanguageModel
from bot.model.model_errors import ModelUnavailable, NotOffered, Reason
from bot.model.token_prices import Prices
from bot.settings import Settings
from memory.storage.timestamps import now
from tests.memory.stores import TestClock
from tests.model_server import (
    EMPTY,
    HANGING,
    KEY,
    PAGE,
    ModelServer,
    Reply,
    Request,
    calls,
    calls_all,
    dropping,
    failing,
    late,
    raw,
    says,
    transcript,
    trickling,
)
from tests.waiting import HANG_SECONDS, Latch

ASK = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "my secret birthday is 1 May"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "order_status",
        "parameters": {"type": "object", "properties": {"number": {"type": "string"}}},
    },
}
PATIENCE = timedelta(seconds=HANG_SECONDS)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 60


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running
    assert running.complaints == []


@pytest.fixture
def model(server: ModelServer) -> Iterator[LanguageModel]:
    yield from opened(server.url)


def opened(url: str, *, key: str = KEY, breaker: CircuitBreaker | None = None) -> Iterator[LanguageModel]:
    model = LanguageModel(
        api_key=key, base_url=url, model="gpt-4.1-mini", prices=Prices.read(), clock=now, breaker=breaker
    )
    yield model
    model.close()


def ask(model: LanguageModel, *, seconds: float = HANG_SECONDS) -> Completion:
    return model.complete(ASK, [TOOL], now() + timedelta(seconds=seconds))


def reason(model: LanguageModel, *, seconds: float = HANG_SECONDS) -> Reason:
    with pytest.raises(ModelUnavailable) as caught:
        ask(model, seconds=seconds)
    return caught.value.reason


def test_words_come_back_with_their_tokens_and_cost(server: ModelServer, model: LanguageModel) -> None:
    server.plays(says("Hello *Jo*!"))
    answer = ask(model)
    assert (answer.text, answer.tool_calls, answer.tokens_in, answer.tokens_out) == ("Hello *Jo*!", (), 1000, 50)
    assert answer.cost_micros == 1000 * 0.4 + 50 * 1.6
    assert server.requests[0].messages == ASK
    assert server.requests[0].body["tools"] == [TOOL]


def test_calls_are_read_answered_and_understood_by_the_server(server: ModelServer, model: LanguageModel) -> None:
    server.plays(calls_all(("order_status", {"number": "A1"}), ("order_status", "{}")), says("It is on its way."))
    first = ask(model)
    assert [(call.name, call.arguments) for call in first.tool_calls] == [
        ("order_status", {"number": "A1"}),
        ("order_status", {}),
    ]
    results = [{"role": "tool", "tool_call_id": call.id, "content": "shipped"} for call in first.tool_calls]
    second = model.complete([*ASK, first.as_message(), *results], [TOOL], now() + PATIENCE)
    assert second.text == "It is on its way."


def test_calls_without_distinct_ids_get_their_own(server: ModelServer, model: LanguageModel) -> None:
    same = {"id": "x", "type": "function", "function": {"name": "order_status", "arguments": {"number": "A1"}}}
    none = {"function": {"name": "order_status"}}
    server.plays(says(None, tool_calls=[same, same]), says(None, finish="tool_calls", tool_calls=[none]))
    assert [call.id for call in ask(model).tool_calls] == ["call_0", "call_1"]
    assert ask(model).tool_calls[0].arguments == {}


@pytest.mark.parametrize(
    "played",
    [
        raw(PAGE, content_type="text/html"),
        raw(PAGE),
        raw(""),
        raw("{"),
        raw("[]"),
        raw("null"),
        raw(b"\xff\xfe\x00"),
        raw("[" * 200_000),
        raw('{"choices": [{}]}'),
        raw(json.dumps({"choices": [{"message": "hello", "finish_reason": "stop"}]})),
        EMPTY,
        says(None),
        says(""),
        says("  \n "),
        says("<think>what would I say"),
        says(PAGE),
        says("\x00\ufffd\ufffd\x01"),
        says("Hello", finish="banana"),
        says("The laptop costs", finish="length"),
        says(cast(str, 7)),
        says(None, tool_calls=[{"id": "1", "function": {"arguments": "{}"}}]),
        calls_all(("order_status", "number = A1")),
        calls_all(("order_status", '{"number": ')),
        calls_all(("order_status", "[1]")),
        calls_all(("order_status", "__import__('os').abort()")),
        calls_all(("order_status", '{"number": NaN}')),
        calls_all(*[("order_status", "{}")] * 50),
        raw(json.dumps({"choices": [{"message": {"content": "x" * 1_100_000}, "finish_reason": "stop"}]})),
    ],
)
def test_an_answer_that_cannot_be_used_is_garbage(server: ModelServer, model: LanguageModel, played: Reply) -> None:
    server.plays(played)
    assert reason(model) is Reason.GARBAGE


@pytest.mark.parametrize(
    ("played", "expected", "retry_after"),
    [
        (failing(429, Retry_After="7"), Reason.RATE_LIMITED, 7.0),
        (
            failing(429, Retry_After="Sat, 21 Nov 2026 12:00:30 GMT", Date="Sat, 21 Nov 2026 12:00:00 GMT"),
            Reason.RATE_LIMITED,
            30.0,
        ),
        (failing(429, Retry_After="soon"), Reason.RATE_LIMITED, None),
        (failing(500), Reason.SERVER_ERROR, None),
        (failing(503, Retry_After="3"), Reason.SERVER_ERROR, 3.0),
        (raw(PAGE, status=502, content_type="text/html"), Reason.SERVER_ERROR, None),
        (dropping(says("Hello, how are you?")), Reason.SERVER_ERROR, None),
        (failing(400), Reason.REFUSED, None),
        (failing(404), Reason.REFUSED, None),
        (Reply(302, b"", {"Location": "http://127.0.0.1:9/"}), Reason.REFUSED, None),
        (says(None, refusal="I cannot help with that."), Reason.REFUSED, None),
        (says("Sure", finish="content_filter"), Reason.REFUSED, None),
    ],
)
def test_each_fault_has_its_reason(
    server: ModelServer, model: LanguageModel, played: Reply, expected: Reason, retry_after: float | None
) -> None:
    server.plays(played)
    with pytest.raises(ModelUnavailable) as caught:
        ask(model)
    assert caught.value.reason is expected
    assert caught.value.retry_after == retry_after
    assert len(server.requests) == 1


def test_nobody_at_the_address_is_a_server_error() -> None:
    for model in opened("http://127.0.0.1:9/v1"):
        assert reason(model) is Reason.SERVER_ERROR


@pytest.mark.parametrize(
    "played", [HANGING, late(says("Hi"), HANG_SECONDS), trickling(says("Hi"), 0.1), trickling(failing(500), 0.1)]
)
def test_the_deadline_holds_whatever_the_server_does(server: ModelServer, played: Reply) -> None:
    for model in opened(server.url, breaker=CircuitBreaker(now, failures=1000)):
        server.plays(says("warm"))
        ask(model)
        server.plays(played)
        while server.left:  # on a busy machine the time may be over before the request is written
            assert reason(model, seconds=0.6) is Reason.TIMEOUT
    if played.gap:
        assert server.left_alone.wait(HANG_SECONDS)  # the call was ended, not left running


def test_the_deadline_holds_while_the_client_is_still_being_imported(server: ModelServer) -> None:
    """In a fresh process, where the import itself takes longer than the time that is left."""
    script = f"""
import sys, time
from datetime import timedelta
from bot.model.language_model import LanguageModel
from bot.model.model_errors import ModelUnavailable
from bot.model.token_prices import Prices
from memory.storage.timestamps import now
assert "openai" not in sys.modules
model = LanguageModel(api_key={KEY!r}, base_url={server.url!r}, model="m", prices=Prices.read(), clock=now)
assert "openai" not in sys.modules
try:
    model.complete([{{"role": "user", "content": "hi"}}], [], now() + timedelta(seconds=0.2))
except ModelUnavailable as fault:
    print(fault.reason)
"""
    server.plays(HANGING)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=HANG_SECONDS, check=True
    )
    assert done.stdout == "timeout\n"


def test_without_time_nothing_is_sent(server: ModelServer, model: LanguageModel) -> None:
    assert reason(model, seconds=0.01) is Reason.TIMEOUT
    assert server.requests == []


def test_fifty_calls_wait_side_by_side(server: ModelServer, model: LanguageModel) -> None:
    together = Latch(50)

    def answer_when_all_have_asked(request: Request) -> Reply:
        together.wait()
        return says("ok")

    server.rule = answer_when_all_have_asked
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: ask(model).text, range(50)))
    assert answers == ["ok"] * 50


def test_neither_key_nor_words_reach_a_log_or_an_error(
    server: ModelServer, model: LanguageModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = f"your key {KEY} and your birthday 1 May"
    server.plays(says("Hi"), failing(400, code=KEY, message=said), failing(500, message=said), raw(said))
    ask(model)
    shown = repr(model)
    for _ in range(3):
        with pytest.raises(ModelUnavailable) as caught:
            ask(model)
        fault: BaseException | None = caught.value
        while fault is not None:
            shown += str(fault) + repr(fault)
            fault = fault.__cause__ or fault.__context__
    assert KEY not in caplog.text + shown
    assert "birthday" not in caplog.text + shown
    assert not [record for record in caplog.records if record.name.startswith(("openai", "http"))]


def test_a_wrong_key_says_which_setting_to_look_at(server: ModelServer) -> None:
    for model in opened(server.url, key="sk-wrong-0123456789"):
        with pytest.raises(ModelUnavailable, match="check OPENAI_API_KEY") as caught:
            ask(model)
        assert "0123456789" not in str(caught.value)


def test_no_key_no_model() -> None:
    assert LanguageModel.from_settings(Settings.from_environment({}), now) is None
    named = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_MODEL": "qwen3"}
    model = LanguageModel.from_settings(Settings.from_environment(named), now)
    assert model is not None and model.name == "qwen3"


def test_the_token_limit_goes_by_the_servers_name(server: ModelServer, model: LanguageModel) -> None:
    refusal = failing(400, code="unsupported_parameter", message="Use 'max_completion_tokens' instead.")
    server.rule = lambda request: refusal if "max_tokens" in request.body else says("Hi")
    assert [ask(model).text, ask(model).text] == ["Hi", "Hi"]
    assert [request.body.get("max_completion_tokens") for request in server.requests] == [None, 700, 700]


def test_a_server_without_a_token_limit_is_asked_twice(server: ModelServer, model: LanguageModel) -> None:
    server.rule = lambda request: failing(400, code="unsupported_parameter")
    assert reason(model) is Reason.REFUSED
    assert len(server.requests) == 2


def test_warming_up_imports_the_client_in_the_background(server: ModelServer, model: LanguageModel) -> None:
    model.warm()
    server.plays(says("Hi"))
    assert ask(model).text == "Hi"


# The breaker


def test_the_breaker_stops_hammering_and_tries_again(server: ModelServer) -> None:
    clock = TestClock()
    for model in opened(server.url, breaker=CircuitBreaker(clock, failures=3, rest_seconds=30)):
        server.plays(failing(500), failing(500), failing(500), failing(500), says("back"), says("again"))
        assert [reason(model) for _ in range(5)] == [Reason.SERVER_ERROR] * 3 + [Reason.BREAKER_OPEN] * 2
        assert len(server.requests) == 3
        clock.pass_by(seconds=30)
        assert [reason(model), reason(model)] == [Reason.SERVER_ERROR, Reason.BREAKER_OPEN]
        clock.pass_by(seconds=30)
        assert [ask(model).text, ask(model).text] == ["back", "again"]


def test_a_server_that_asks_for_rest_gets_it_at_once(server: ModelServer) -> None:
    clock = TestClock()
    for model in opened(server.url, breaker=CircuitBreaker(clock, failures=3)):
        server.plays(failing(429, Retry_After="120"), says("Hi"))
        assert reason(model) is Reason.RATE_LIMITED
        clock.pass_by(seconds=119)
        with pytest.raises(ModelUnavailable) as caught:
            ask(model)
        assert (caught.value.reason, caught.value.retry_after) == (Reason.BREAKER_OPEN, 1.0)
        clock.pass_by(seconds=1)
        assert ask(model).text == "Hi"


@pytest.mark.parametrize("harmless", [failing(400), says(None, refusal="no")])
def test_one_customers_words_do_not_open_the_breaker_for_all(server: ModelServer, harmless: Reply) -> None:
    for model in opened(server.url, breaker=CircuitBreaker(TestClock(), failures=2)):
        server.plays(*[harmless] * 4, says("Hi"))
        assert [reason(model) for _ in range(4)] == [Reason.REFUSED] * 4
        assert ask(model).text == "Hi"


def test_a_success_starts_the_count_again() -> None:
    breaker = CircuitBreaker(TestClock(), failures=2)
    for _ in range(5):
        breaker.enter()
        breaker.failed()
        breaker.enter()
        breaker.worked()
    breaker.enter()


@pytest.mark.parametrize(
    ("asked", "rests"), [(1.0, 1), (599.0, 599), (600.0, 600), (601.0, 600), (86_400.0, 600), (None, 30)]
)
def test_the_breaker_obeys_retry_after_up_to_ten_minutes(asked: float | None, rests: int) -> None:
    clock = TestClock()
    breaker = CircuitBreaker(clock, failures=1, rest_seconds=30)
    for _ in range(3):  # a rest that did not help is followed by another, no longer
        breaker.enter()
        breaker.failed(asked)
        with pytest.raises(ModelUnavailable) as caught:
            breaker.enter()
        assert (caught.value.reason, caught.value.retry_after) == (Reason.BREAKER_OPEN, rests)
        clock.pass_by(seconds=rests - 0.5)
        with pytest.raises(ModelUnavailable):
            breaker.enter()
        clock.pass_by(seconds=0.5)
    breaker.enter()


def test_of_many_threads_one_probes() -> None:
    clock = TestClock()
    breaker = CircuitBreaker(clock, failures=1, rest_seconds=10)
    breaker.enter()
    breaker.failed()
    clock.pass_by(seconds=10)
    let_in = []
    start = threading.Barrier(8)

    def knock() -> None:
        start.wait()
        try:
            breaker.enter()
        except ModelUnavailable:
            return
        let_in.append(1)

    threads = [threading.Thread(target=knock) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert let_in == [1]
    breaker.nothing_learned()
    breaker.enter()


# Prices


@pytest.mark.parametrize(
    ("name", "micros"),
    [
        ("gpt-4.1-mini", 400_000 + 1_600_000),
        ("gpt-4.1-mini-2025-04-14", 400_000 + 1_600_000),
        ("gpt-4.1", 2_000_000 + 8_000_000),
        ("gpt-4.1-mighty", 2_500_000 + 10_000_000),
        ("my-own", 2_500_000 + 10_000_000),
    ],
)
def test_a_million_tokens_each_way_cost_what_the_list_says(name: str, micros: int) -> None:
    assert Prices.read().tokens(name, 1_000_000, 1_000_000) == micros


def test_a_minute_of_speech_costs_what_the_list_says() -> None:
    assert Prices.read().speech("whisper-1", 60) == 6000


def test_the_least_part_of_a_cent_is_counted_up() -> None:
    assert Prices.read().tokens("gpt-4.1-nano", 1, 0) == 1


def test_a_wrong_price_names_the_file_and_the_entry(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text('[default]\nin = 1\nout = 1\n[models.x]\nin = "free"\nout = 0\n[speech]\ndefault = 0\n')
    with pytest.raises(ValueError, match=r"prices\.toml.*'x'.*'in'"):
        Prices.read(path)


# Arguments


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"a": 1}, {"a": 1}),
        (None, {}),
        ("", {}),
        ("null", {}),
        ('{"a": 0.1}', {"a": Decimal("0.1")}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('{"a": [1, 2,],}', {"a": [1, 2]}),
        ('"{\\"a\\": 1}"', {"a": 1}),
    ],
)
def test_arguments_are_read_however_a_server_wraps_them(said: object, read: dict[str, object]) -> None:
    assert read_arguments(said) == read


@given(st.one_of(st.text(), st.recursive(st.none() | st.booleans() | st.text(), st.lists), st.binary().map(repr)))
def test_any_other_arguments_are_refused_and_never_run(said: object) -> None:
    try:
        assert isinstance(read_arguments(said), dict)
    except ModelUnavailable as fault:
        assert fault.reason is Reason.GARBAGE


# Speech and sight


def heard(model: LanguageModel, kind: str = "audio/ogg; codecs=opus") -> str:
    return model.transcribe(b"OggS" + b"0" * 4000, kind, now() + PATIENCE).text


def test_a_voice_note_is_transcribed(server: ModelServer, model: LanguageModel) -> None:
    server.plays(transcript(" quiero un portátil "))
    assert heard(model) == "quiero un portátil"
    sent = server.requests[0].body
    assert (sent["name"], sent["content_type"], sent["model"]) == ("voice.ogg", "audio/ogg", "whisper-1")
    assert sent["file"].startswith(b"OggS")


def test_the_servers_seconds_of_speech_are_paid(server: ModelServer, model: LanguageModel) -> None:
    server.plays(transcript("hi", seconds=30), transcript("hi"))
    costs = [model.transcribe(b"0" * 20_000, "audio/ogg", now() + PATIENCE).cost_micros for _ in "ab"]
    assert costs == [3000, 1000]  # half a minute; ten seconds by the size


def test_a_picture_is_described(server: ModelServer, model: LanguageModel) -> None:
    server.plays(says("A broken phone."))
    seen = model.describe(PNG, "image/png", "What is it?", now() + PATIENCE)
    assert (seen.text, seen.cost_micros) == ("A broken phone.", 480)
    text, picture = server.requests[0].messages[0]["content"]
    assert text["text"] == "What is it?"
    assert picture["image_url"]["url"].startswith("data:image/png;base64,iVBOR")


def test_a_server_without_ears_is_asked_once() -> None:
    with ModelServer(hears=False) as deaf:
        for model in opened(deaf.url):
            for _ in range(2):
                with pytest.raises(NotOffered):
                    heard(model)
        assert len(deaf.complaints) == 1


def test_a_model_without_eyes_says_so() -> None:
    with ModelServer(sees=False) as blind:
        for model in opened(blind.url):
            with pytest.raises(NotOffered):
                model.describe(PNG, "image/png", "What is it?", now() + PATIENCE)


@pytest.mark.parametrize("kind", ["audio/amr", "video/mp4", "text/html", ""])
def test_what_nobody_transcribes_is_not_sent(server: ModelServer, model: LanguageModel, kind: str) -> None:
    with pytest.raises(NotOffered):
        heard(model, kind)
    assert server.requests == []


# The scripted server itself is as strict as the real one


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"role": "robot", "content": "hi"}],
        [{"role": "user", "content": None}],
        [{"role": "tool", "tool_call_id": "x", "content": "answer to nothing"}],
        [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "user", "content": "and?"},
        ],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}],
    ],
)
def test_the_scripted_server_refuses_what_the_real_one_would(messages: list[dict[str, object]]) -> None:
    with ModelServer() as strict:
        strict.plays(says("never said"))
        for model in opened(strict.url):
            with pytest.raises(ModelUnavailable) as caught:
                model.complete(messages, [], now() + PATIENCE)
            assert caught.value.status == 400
        assert strict.left == 1
        assert len(strict.complaints) == 1


def test_calls_and_words_of_the_script_are_told_apart() -> None:
    assert json.loads(calls("f", a=1).body)["choices"][0]["finish_reason"] == "tool_calls"
