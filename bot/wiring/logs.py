"""What is logged."""

from __future__ import annotations

import logging


def log_at(level: str) -> None:
    """Log our own words from `level` up, other packages' only from WARNING.

    Theirs tell too much below: urllib3 the address of each call with the phone number in it, a model's client all of
    the conversation.
    """
    named = logging.getLevelNamesMapping()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger().setLevel(max(named[level], logging.WARNING))
    for ours in ("hawker", "bot", "memory"):
        logging.getLogger(ours).setLevel(level)
