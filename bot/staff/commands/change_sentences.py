"""Sentences for staff about account changes, approvals and the emergency stop."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from bot.ads.changes.emergency_stop import ResumeReport, StopReport
from bot.ads.changes.plans.plan import amount_text
from bot.language.foreign_text import in_one_line
from bot.language.money import Money
from memory.audit_log.account_changes import Change
from memory.audit_log.approvals import Approval

MOST_CHANGES: Final = 10  # in one message


def result(change: Change, account_name: str = "") -> str:
    if change.state == "open":
        return (
            f"{asked(change)} was asked for, and the account has not answered: it is looked up before the next change."
        )
    if change.state != "done":
        return f"Not done: {asked(change)}. {in_one_line(change.outcome, 300)}"
    if change.what == "set_budget":
        done = f"has {_amount(change, change.becomes)} a day now, before it was {_amount(change, change.was)}"
    elif change.what == "launch":
        done = f"is launched with {_amount(change, change.becomes)} a day"
    else:
        done = {"pause": "is paused", "resume": "runs again", "archive": "is archived"}[change.what]
    where = f" in {in_one_line(account_name)}" if account_name else ""
    return f"“{in_one_line(change.name)}”{where} {done}. *undo {change.id}* puts it back."


def results(changes: Sequence[Change], account_name: str = "") -> list[str]:
    lines = [result(change, account_name) for change in changes[:MOST_CHANGES]]
    if len(changes) > MOST_CHANGES:
        lines.append(f"… and {len(changes) - MOST_CHANGES} more; *changes* lists them.")
    return lines


def asked(change: Change) -> str:
    """pause “summer”"""
    if change.what == "set_budget":
        return f"the budget of “{in_one_line(change.name)}” to {_amount(change, change.becomes)}"
    return f"{change.what} “{in_one_line(change.name)}”"


def in_list(change: Change, reader: str) -> str:
    """`reader` is a phone number."""
    who = "you" if change.who == reader else change.who if change.role == "agent" else f"a colleague ({change.role})"
    state = "" if change.state == "done" else f" [{change.state.replace('_', ' ')}]"
    return f"*{change.id}* {change.account_at:%d %b}, {who}: {asked(change)}{state}. {in_one_line(change.why, 300)}"


def question(approval: Approval) -> str:
    number = approval.id
    return f"*{number}* {in_one_line(approval.summary, len(approval.summary))} Write *approve {number}*, or *reject {number}* and why."


def stopped(report: StopReport) -> str:
    accounts = len({thing.account_id for thing in report.paused})
    said = [f"{len(report.paused)} campaigns in {accounts} accounts are paused. Nothing is raised, resumed or launched"
            " until an admin writes *resume*."]  # fmt: skip
    said += [
        f"⚠️ Still running: “{in_one_line(thing.name)}” ({in_one_line(thing.why, 200)})" for thing in report.running
    ]
    if report.unread:
        said.append(f"⚠️ Not certain yet: {', '.join(report.unread)}. It is tried again by itself until it is.")
    return "\n".join(said)


def resumed(report: ResumeReport) -> str:
    if not report.resumed and not report.left:
        return "Nothing is stopped, so there is nothing to resume; *resume summer* lets one campaign run."
    said = [f"{len(report.resumed)} campaigns run again."]
    said += [f"Not “{in_one_line(thing.name)}”: {in_one_line(thing.why, 200)}" for thing in report.left]
    return "\n".join(said)


def _amount(change: Change, text: str) -> str:
    return amount_text(Money(Decimal(text), change.raises.currency))
