"""The steps of release 0.2.0. Frozen once it is released."""

from __future__ import annotations

# JSON objects: language code → text.
TITLES_BY_LANGUAGE = (
    "ALTER TABLE goods ADD COLUMN titles TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE goods ADD COLUMN descriptions TEXT NOT NULL DEFAULT '{}'",
)

# Until now the reason of a pause was only a sentence. It began with the ad's name and ended with what was done.
CAUSES_OF_CHANGES = (
    "ALTER TABLE ad_changes ADD COLUMN cause TEXT",
    """UPDATE ad_changes SET cause = 'resting' WHERE what = 'pause' AND who = 'ad agent' AND role = 'agent'
        AND why LIKE '%; rests: other ads are expected to bring more for the same money.'""",
    """UPDATE ad_changes SET cause = 'losing_money' WHERE what = 'pause' AND who = 'ad agent' AND role = 'agent'
        AND why LIKE 'Ad “%; paused.'""",
)

RELEASE_0_2_0 = (
    ("017 titles by language", TITLES_BY_LANGUAGE),
    ("018 causes of changes", CAUSES_OF_CHANGES),
)
