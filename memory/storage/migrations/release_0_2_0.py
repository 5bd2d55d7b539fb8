"""The steps of release 0.2.0. Frozen once it is released."""

from __future__ import annotations

# JSON objects: language code → text.
TITLES_BY_LANGUAGE = (
    "ALTER TABLE goods ADD COLUMN titles TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE goods ADD COLUMN descriptions TEXT NOT NULL DEFAULT '{}'",
)

RELEASE_0_2_0 = (("017 titles by language", TITLES_BY_LANGUAGE),)
