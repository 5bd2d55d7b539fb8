"""Schema migrations by release, applied in order when a database is opened.

A released step is frozen and refers to no constant of the program; a later change is a new step.
"""

from __future__ import annotations

from memory.storage.migrations.release_0_1_0 import RELEASE_0_1_0
from memory.storage.migrations.release_0_2_0 import RELEASE_0_2_0
from memory.storage.migrations.release_0_3_0 import RELEASE_0_3_0

STEPS = (*RELEASE_0_1_0, *RELEASE_0_2_0, *RELEASE_0_3_0)
