"""The notice to staff about a hand-over."""

from __future__ import annotations

from bot.language.foreign_text import in_one_line, quoted
from bot.language.texts import report_wording
from memory.conversations.turn_changes import OpenHandOver


def handover_notice(opened: OpenHandOver, number: int) -> str:
    words = report_wording(opened.language, "handovers")
    phone = opened.contact.phone
    said = [
        words.say("customer_said" if message.role == "user" else "desk_said", text=quoted(message.content, 150))
        for message in opened.history
    ]
    asked = [words.say("customer_said", text=quoted(message.content, 300)) for message in opened.messages]
    lines = [
        words.say("title", number=number, who=f"{in_one_line(opened.name)} ({phone})" if opened.name else phone),
        words.say("reason", reason=in_one_line(opened.reason, 200)),
        words.say("interests", interests=in_one_line(", ".join(opened.interests), 300) or words.say("no_interests")),
        *said,
        *asked,
        words.say("how_to_answer", number=number),
    ]
    return "\n".join(lines)
