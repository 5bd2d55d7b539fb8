"""Log levels."""

from __future__ import annotations

import logging


def log_at(level: str) -> None:
    """Our loggers from `level` up, those of other packages from WARNING."""
    named = logging.getLevelNamesMapping()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # Below it urllib3 logs URLs with phone numbers, and the model's client whole conversations.
    logging.getLogger().setLevel(max(named[level], logging.WARNING))
    for ours in ("hawker", "bot", "memory"):
        logging.getLogger(ours).setLevel(level)
