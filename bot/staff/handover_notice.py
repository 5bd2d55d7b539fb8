"""The notice to staff about a hand-over."""

from __future__ import annotations

from bot.language.texts import report_wording
from memory.conversations.turn_changes import OpenHandOver


def handover_notice(opened: OpenHandOver, number: int) -> str:
    words = report_wording(opened.language, "handovers")
    phone = opened.contact.phone
    said = [
        words.say("customer_said" if message.role == "user" else "desk_said", text=message.content[:150])
        for message in opened.history
    ]
    asked = [words.say("customer_said", text=message.content[:300]) for message in opened.messages]
    lines = [
        words.say("title", number=number, who=f"{opened.name} ({phone})" if opened.name else phone),
        words.say("reason", reason=opened.reason),
        words.say("interests", interests=", ".join(opened.interests) or words.say("no_interests")),
        *said,
        *asked,
        words.say("how_to_answer", number=number),
    ]
    return "\n".join(lines)
