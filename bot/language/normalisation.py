"""Text made comparable: small letters, no accents."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Small letters without Latin accents; Devanagari keeps its signs."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not ("\u0300" <= c <= "\u036f"))
