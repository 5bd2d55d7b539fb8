"""The Graph API version, and its end."""

from __future__ import annotations

from datetime import date

VERSION = "v26.0"  # since 2026-07-29
# Meta had not announced an end for v26.0 when this was written. v21 to v24 of the Marketing API were served for 11 to 13
# months, so this is the earliest day to expect. When Meta names one, it belongs here:
# https://developers.facebook.com/docs/graph-api/changelog
VERSION_ENDS = date(2027, 6, 29)
WARN_DAYS = (7, 30, 60)


def version_warning(today: date, ends: date = VERSION_ENDS) -> str | None:
    """From 60 days before the end."""
    left = (ends - today).days
    if left <= 0:
        return f"Meta's API {VERSION} is past its end ({ends}): update Hawker now, or ads can no longer be managed"
    # The text changes 60, 30 and 7 days before the end only: whoever tells staff a changed text tells them once each.
    within = next((days for days in WARN_DAYS if left <= days), None)
    if within is None:
        return None
    return f"Meta stops serving API {VERSION} on {ends}, in {within} days or less: plan an update of Hawker before then"
