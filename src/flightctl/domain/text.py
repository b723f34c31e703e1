"""Text from outside, made safe to show and to store."""

from __future__ import annotations

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def cleaned(text: str) -> str:
    """Replace every character that could steer a terminal or hide (by Unicode category, PITFALLS section 6)."""
    if text.isascii() and text.isprintable():
        return text
    import unicodedata

    return "".join(REPLACEMENT if unicodedata.category(c) in _UNSAFE_CATEGORIES else c for c in text)


def storable(text: str) -> str:
    """Replace what is no text: an argument may hold bytes of another encoding, which no file of ours can keep, or a
    zero, which PostgreSQL cannot.
    """
    return text.encode("utf-8", "replace").decode().replace("\0", REPLACEMENT)
