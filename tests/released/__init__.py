"""Database files as released versions left them: `0.1.0.db`, and `0.1.0-encrypted.db` under `KEY`.

Each is made once, by `make.py`, with the program of its release, and never made again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
AS_OF = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # the last moment of each file's story; questions are asked then
KEY = "0a1b" * 16  # of the encrypted files; protects nothing
SECRET = "signs the receipts and tokens of these files"  # the shop's SECRET_KEY
CLICK_ID = "ARAkLkA8rmlFeiCktEJQ"  # of the click that brought John


def plain(version: str) -> Path:
    """The file of that version that anybody can read."""
    return HERE / f"{version}.db"


def encrypted(version: str) -> Path:
    """The one under `KEY`."""
    return HERE / f"{version}-encrypted.db"
