"""Model answers to staff over read-only tools: every number must have been shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.model.language_model import LanguageModel
from bot.model.token_prices import Prices
from bot.staff.questions.model_answers import AD_TOOLS
from memory.storage.quotas import Limits
from tests.ads.shop import AdShop
from tests.model_server import KEY, ModelServer, calls, failing, says
from tests.staff.staff_phones import ANNE, SAM, Newsroom


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server
    assert server.complaints == []


@pytest.fixture
def room(tmp_path: Path, server: ModelServer) -> Iterator[Newsroom]:
    made: list[LanguageModel] = []

    def model(shop: AdShop) -> LanguageModel:
        made.append(
            LanguageModel(
                api_key=KEY, base_url=server.url, model="gpt-4.1-mini", prices=Prices.read(), clock=shop.clock
            )
        )
        return made[-1]

    room = Newsroom(tmp_path, model=model)
    room.ads.clock.pass_by(days=40)
    for account in room.ads.agency.accounts["voyage"].values():
        room.ads.agency._look("voyage", account)
    yield room
    for each in made:
        each.close()


def orders(room: Newsroom) -> int:
    [line] = [each for each in room.ads.agency.memory.figures.of("voyage", "campaign", 7) if each.currency == "EUR"]
    return line.orders


def test_an_answer_made_of_what_the_tools_showed_is_sent(room: Newsroom, server: ModelServer) -> None:
    server.plays(
        calls("about_campaign", name="spain"),
        says(f"Spain sold {orders(room)} times. Send *pause summer spain* to stop it."),
    )
    server.rule = None
    asked = "how is spain doing?"
    room.hear(ANNE, asked)
    outcome = room.draft(ANNE)
    shown = server.requests[-1].tool_results[0]
    assert "Voyage Spain Sunglasses" in shown
    assert outcome.replies[-1].body.startswith(f"Spain sold {orders(room)} times.")
    assert outcome.model is not None and outcome.tokens_in > 0 and outcome.cost_micros > 0
    limits = Limits(room.stores.db, room.ads.clock)
    assert limits.spent("voyage", limits.today()) == outcome.cost_micros


def test_a_proposed_command_may_have_its_own_figure(room: Newsroom, server: ModelServer) -> None:
    server.plays(calls("about_campaign", name="spain"), says("Spain runs. To give it more, send *budget spain 98765*."))
    assert room.says(ANNE, "how is spain doing?").startswith("Spain runs.")


@pytest.mark.parametrize(
    "lie",
    [
        "Spain sold 987654 times.",
        "Spain is fine. I have paused summer for you.",
        "Summer was fine, paused as you asked.",
        "The trend is clearly up.",
        "*Budget: 987654* is what Spain has.",
        "",
    ],
)
def test_unseen_numbers_and_claimed_actions_are_not_sent(room: Newsroom, server: ModelServer, lie: str) -> None:
    server.plays(calls("about_campaign", name="spain"), says(lie))
    said = room.says(ANNE, "how is spain doing?")
    assert lie == "" or lie not in said
    assert "Voyage Spain Sunglasses" in said  # the built-in answer, with its own figures


def test_a_model_that_fails_leaves_the_built_in_answer(room: Newsroom, server: ModelServer) -> None:
    server.plays(failing(401, code="invalid_api_key"))
    assert room.says(ANNE, "how are the campaigns?").startswith("*Ads of Voyage*")


def test_a_model_has_no_tool_that_changes_anything(room: Newsroom, server: ModelServer) -> None:
    server.plays(calls("pause", name="summer spain"), says("That is not possible here; send *pause summer spain*."))
    assert "*pause summer spain*" in room.says(SAM, "summer spain should rest, what do you think?")
    assert "there is no tool" in server.requests[-1].tool_results[0]
    assert all(each.structure().campaigns[0].status == "active" for each in room.ads.accounts)
    assert set(AD_TOOLS) & {"pause", "resume", "budget", "approve", "launch", "stop", "undo"} == set()


def test_every_tool_answers(room: Newsroom, server: ModelServer) -> None:
    named = {"about_campaign": {"name": "nobody knows this"}}
    for name in AD_TOOLS:
        server.plays(calls(name, **named.get(name, {})), says("Nothing is known."))
        assert room.says(ANNE, f"tell me about the {name} please") == "Nothing is known."
        assert "error" not in server.requests[-1].tool_results[0]
