"""What version 0.3.0 changes. Not released yet: its steps may still be edited."""

from __future__ import annotations

from memory.storage.database import Steps

RELEASE_0_3_0: Steps = ()
