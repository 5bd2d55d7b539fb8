from __future__ import annotations

import pytest

from bot.sales.understanding.topics import POLICIES, TOPICS


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("can i pay cash on delivery?", "payment"),
        ("puedo pagar contra entrega?", "payment"),
        ("posso pagar na entrega?", "payment"),
        ("cash on delivery hai?", "payment"),
        ("how long is delivery", "delivery"),
        ("cuanto tarda la entrega?", "delivery"),
        ("qual o prazo de entrega?", "delivery"),
    ],
)
def test_paying_at_the_door_is_a_question_about_paying(text: str, topic: str) -> None:
    assert [each for each in POLICIES if TOPICS[each].search(text)] == [topic]
