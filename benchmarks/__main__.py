"""Runs all measurements, or those named: `python -m benchmarks webhook turn`."""

from __future__ import annotations

import sys

from benchmarks import allocate, analytics, memory, messages, promises_check, promises_corpus, start, turn, webhook
from benchmarks.figures import show

ALL = {
    "webhook": ("The webhook, under gunicorn", webhook.measure),
    "turn": ("A turn", turn.measure),
    "start": ("The process", start.measure),
    "memory": ("One turn's memory work, beside others'", memory.measure),
    "analytics": ("Analytics over 100,000 people and 1,000,000 messages", analytics.measure),
    "messages": ("What messages are about, on messages that the phrases' author had not seen", messages.figures),
    "allocate": ("Dividing an ad budget, and stopping ads, on simulated accounts", allocate.measure),
    "promises": ("The promise check", lambda: [*promises_check.measure(), *promises_corpus.measure()]),
}


def main() -> None:
    wanted = sys.argv[1:] or list(ALL)
    unknown = set(wanted) - set(ALL)
    if unknown:
        raise SystemExit(f"there is no measurement {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    for name in wanted:
        title, measure = ALL[name]
        show(title, measure())


main()
