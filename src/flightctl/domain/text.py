"""Text from outside, made safe to show."""

from __future__ import annotations

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def cleaned(text: str) -> str:
    """Replace every character that could steer a terminal or hide (by Unicode category, PITFALLS section 6)."""
    if text.isascii() and text.isprintable():
        return text
    import unicodedata

    return "".join(REPLACEMENT if unicodedata.category(c) in _UNSAFE_CATEGORIES else c for c in text)
