"""Records what the program does, as text: `python -m tests.recordings DIR`. Two recordings are compared with `diff -r`.

    DIR/stories/<dialogue>/script.txt     who said and heard what; model.txt: what a model was asked
    DIR/stories/<dialogue>/<table>.jsonl  the database at the end
    DIR/payloads/…                        the same after every form of tests/payloads
    DIR/mornings/…                        what staff were told in thirty mornings on practice accounts, and budgets

All start from the same day, clock and seeds. docs/testing.md says how it is used.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.recordings.dialogues import read_dialogues
from tests.recordings.parts import prepare, record_dialogue, record_mornings, record_payloads


def main() -> None:
    """The whole recording, or with further words only the parts whose names contain one of them."""
    if len(sys.argv) < 2:
        sys.exit("usage: python -m tests.recordings DIR [WORD …]")
    where, words = Path(sys.argv[1]), sys.argv[2:]
    if where.exists():
        sys.exit(f"{where} exists; a recording goes into a new folder")
    parts = {
        "mornings": partial(record_mornings, where / "mornings"),  # the longest part comes first
        "payloads": partial(record_payloads, where / "payloads"),
        **{each.name: partial(record_dialogue, where / "stories" / each.name, each) for each in read_dialogues()},
    }
    chosen = {name: part for name, part in parts.items() if not words or any(word in name for word in words)}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=prepare) as pool:
        running = {pool.submit(part): name for name, part in chosen.items()}
        for number, done in enumerate(as_completed(running), 1):
            done.result()
            print(f"{number}/{len(running)} {running[done]}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
