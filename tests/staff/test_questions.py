"""Questions in every language, read by rules, and by a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.staff.questions.model_answers import unseen, unshown
from bot.staff.questions.reading import Asked, read
from memory.ads.ad_account import AdAccount
from tests.staff.staff_phones import ANNE, SAM, Newsroom

NAMES = ["Voyage India Sunglasses", "Voyage Spain Sunglasses", "Summer", "Winter glow"]
WORDS = ["security", "money-saving", "cash-on-delivery", "video", "image"]


@pytest.mark.parametrize(
    ("text", "asked", "language", "name", "word"),
    [
        ("how are the campaigns?", "overview", "en", "", ""),
        ("¿cómo van las campañas?", "overview", "es", "", ""),
        ("como estão as campanhas?", "overview", "pt", "", ""),
        ("campaign kaisa chal raha hai?", "overview", "hi", "", ""),
        ("कैंपेन कैसे चल रहे हैं?", "overview", "hi", "", ""),
        ("bagaimana kampanyenya?", "overview", "id", "", ""),
        ("gimana iklannya minggu ini?", "overview", "id", "", ""),
        ("how did spain do last week?", "campaign", "en", "spain", ""),
        ("is the sumer thing making money?", "money", "en", "sumer", ""),
        ("¿está ganando dinero summer?", "money", "es", "summer", ""),
        ("kya summer se munafa ho raha hai?", "money", "hi", "summer", ""),
        ("why was summer cut?", "why", "en", "summer", ""),
        ("¿por qué bajaste summer?", "why", "es", "summer", ""),
        ("summer untung ga?", "money", "id", "summer", ""),
        ("kenapa summer diturunkan?", "why", "id", "summer", ""),
        ("which landing pages convert best with security-focused ads?", "pages", "en", "", "security"),
        ("¿qué páginas convierten mejor con anuncios de security?", "pages", "es", "", "security"),
        ("which angle brings customers who buy again?", "again", "en", "", ""),
        ("what did we learn about video?", "learned", "en", "", "video"),
        ("o que aprendemos sobre video?", "learned", "pt", "", "video"),
        ("apa yang kita pelajari tentang video?", "learned", "id", "", "video"),
        ("jeda summer", "act", "id", "summer", ""),
        ("stop the summer campaign", "act", "en", "summer", ""),
        ("what do you need from me?", "tasks", "en", "", ""),
        ("good morning to you", "unread", "en", "", ""),
    ],
)
def test_what_is_asked(text: str, asked: Asked, language: str, name: str, word: str) -> None:
    question = read(text, NAMES, WORDS)
    assert (question.asked, question.name) == (asked, name)
    assert word in ("", question.word)
    assert question.language == language


@pytest.mark.parametrize(
    ("text", "days"),
    [("summer last week", 7), ("chart of the last 14 days", 14), ("summer 14 hari terakhir", 14), ("summer", None)],
)
def test_over_which_days(text: str, days: int | None) -> None:
    assert read(text, NAMES, WORDS).days == days


def test_numbers_that_nobody_showed_are_found_however_they_are_written() -> None:
    shown = ["Summer: ₹12,345 spent, 61 chats, ROAS 1.80", "one of 1,20,000"]
    assert unseen("61 chats for 12345 rupees, ROAS 1.8; 1,20,000", shown) == set()
    assert unseen("1. the first\n2. the second: 61 chats", shown) == set()
    for said in ("62 chats", "about 12k", "ROAS 2", "twelve thousand rupees", "६२ chats", "1.2 lakh and 7"):
        assert unseen(said, shown), said


def test_a_result_that_no_tool_named_is_found() -> None:
    shown = ["how is spain?", "Spain: no change beyond chance, sales 61"]
    assert unshown("Sales are 61.", shown) == set()
    assert unshown("Spain made a profit, and the trend is up.", shown) == {"profit", "trend is up"}


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    room = Newsroom(tmp_path)
    room.ads.clock.pass_by(days=40)
    for account in room.ads.agency.accounts["voyage"].values():
        room.ads.agency._look("voyage", account)
    return room


def accounts(room: Newsroom) -> list[AdAccount]:
    return room.ads.agency.memory.campaigns.accounts("voyage")


def test_figures_are_told_in_the_language_of_the_question(room: Newsroom) -> None:
    assert "spent" in room.says(ANNE, "how are the campaigns?")
    assert "gast" in room.says(ANNE, "¿cómo van las campañas?")
    assert room.says(ANNE, "campaigns").startswith("*Ads of Voyage*")


def test_whether_one_makes_money_is_said_with_its_figures(room: Newsroom) -> None:
    said = room.says(ANNE, "is the summer thing in spain making money?")
    [line] = [each for each in room.ads.agency.memory.figures.of("voyage", "campaign", 7) if each.currency == "EUR"]
    assert said.startswith("Yes" if line.profit.amount > 0 else "No")
    assert f"{line.orders} orders" in said and "Voyage Spain Sunglasses" in said


def test_a_question_that_fits_several_tells_of_each(room: Newsroom) -> None:
    said = room.says(ANNE, "is summer making money?")
    assert said.startswith("2 fit.")
    assert all(f"Summer, {account.name}" in said for account in accounts(room))


def test_the_graph_answers_with_numbers(room: Newsroom) -> None:
    for question in ("which landing pages convert best?", "which angle works best?"):
        said = room.says(ANNE, question)
        assert " orders of " in said and " chats (" in said
    assert "by the angle that first brought them" in room.says(ANNE, "which angle brings customers who buy again?")
    assert "video" in room.says(ANNE, "what did we learn about video?")


def test_an_order_in_plain_words_is_only_proposed(room: Newsroom) -> None:
    said = room.says(SAM, "please stop the summer campaign in spain")
    assert "*pause summer spain*" in said
    assert all(each.structure().campaigns[0].status == "active" for each in room.ads.accounts)


def test_a_chart_is_a_picture_with_an_address(room: Newsroom) -> None:
    assert "14 days" in room.says(ANNE, "chart summer spain 14")
    assert len(room.pictures) == 1 and room.pictures[0].startswith("https://")
    room.says(ANNE, "show me a chart of spain summer")
    assert len(room.pictures) == 1


def test_why_and_learnings_have_their_commands(room: Newsroom) -> None:
    assert room.says(ANNE, "why")
    assert room.says(ANNE, "why summer spain")
    assert room.says(ANNE, "learnings voyage") == room.says(ANNE, "learnings")
    assert "no message 999999" in room.says(ANNE, "why 999999") or "999999" in room.says(ANNE, "why 999999")


def test_what_nobody_can_read_says_where_help_is(room: Newsroom) -> None:
    assert "Send *help*" in room.says(ANNE, "qwerty zxcvb")
