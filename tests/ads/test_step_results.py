"""Results of a morning as release 0.1.0 stored them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from bot.ads.step_results import MorningResults, Sentiment
from memory.storage.dataclass_json import to_json

SENTENCE = "Ad “Delhi”: 12 chats, 0 sales, 0.8 needed by now to pay for itself; cut 20 % to 80."
DECIDED = {
    "steps": "[]",
    "decisions": [
        {
            "kind": "ad_set", "id": "1", "name": "Delhi", "angle": "price", "before": "100", "budget": "80.00", "pause": False,
            "expected_profit": "-3.10", "evidence": 1.41, "sales": 0.0, "needed": 0.83, "reason": SENTENCE,
        }
    ],
    "currency": "INR",
    "expected_profit": "-3.10",
    "unspent": "0.00",
    "unspent_reason": "",
}  # fmt: skip
IDEA = {
    "concept": {
        "name": "Autumn · payment · image", "angle": "payment", "headline": "Pay at the door", "body": "Ask us.",
        "greeting": "Hi", "language": "en", "special_ad_categories": [],
    },
    "argument": "payment",
    "brief": {
        "known": ["27 of 90 chats asked"], "principle": "", "expected": "about 700 chats", "judged_on": "2026-12-05",
        "judged_how": "by orders", "monitoring": ["every hour"], "timeline": ["day 3"], "ends": None,
    },
}  # fmt: skip
NOTES: dict[str, Any] = {
    "pull": {"ads": 4, "readings": 9, "carried": "0.800"},
    "decide": DECIDED,
    "act": {"done": 1, "refused": [], "waiting": None},
    "listen": {"said": {"1": [1, 6, 2]}},
    "judge": {"ended": []},
    "ideas": {
        "chosen": IDEA, "why": "", "budget": "1320.00", "ideas": ["Autumn · payment · image: Pay at the door"],
        "writer": "built-in", "dropped": {"too long": 1}, "reasons": ["shorter"],
    },
    "launch": {
        "launched": None,
        "needs": {"what": "picture", "task": "No picture is known.", "headline": "Warm", "body": "Ask us.", "brief": {}},
    },
}  # fmt: skip


def test_a_morning_of_release_0_1_0_reads() -> None:
    results = MorningResults.of_notes(NOTES)
    assert results.unread == ()
    assert results.pull is not None and results.pull.carried == Decimal("0.800")
    assert results.decide is not None
    [decision] = results.decide.decisions
    assert (decision.sentence, decision.pause, decision.reason.budget) == (SENTENCE, False, Decimal(80))
    assert decision.reason.cause is None and decision.reason.chats is None
    assert results.listen is not None and results.listen.said == {"1": Sentiment(1, 6, 2)}
    assert results.ideas is not None and results.ideas.chosen is not None
    assert results.ideas.chosen.brief.judged_on == date(2026, 12, 5)
    assert results.launch is not None
    [need] = results.launch.needs
    assert (need.key, need.title) == ("picture", "A picture for the ad “Warm”")
    assert need.what == "No picture is known. The ad says: Warm / Ask us."


def test_what_was_read_is_stored_and_read_again_equal() -> None:
    results = MorningResults.of_notes(NOTES)
    assert MorningResults.of_notes({name: to_json(getattr(results, name)) for name in NOTES}) == results


def test_one_unreadable_result_leaves_the_others_readable() -> None:
    results = MorningResults.of_notes({**NOTES, "decide": {**DECIDED, "decisions": [{"id": "1"}]}, "later": {}})
    assert results.unread == ("decide",)
    assert results.decide is None
    assert results.act is not None
