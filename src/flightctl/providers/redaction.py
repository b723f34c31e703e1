"""Secrets kept out of everything that is shown, stored or logged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

MASK = "***"


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Put ``***`` in place of each secret, plain or percent-encoded (also twice), in any letter case."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        if len(text) >= len(secret):
            text = _spellings(secret).sub(MASK, text)
    return text


@lru_cache(maxsize=16)
def _spellings(secret: str) -> re.Pattern[str]:
    return re.compile("".join(map(_spellings_of_one, secret)), re.IGNORECASE)


def _spellings_of_one(character: str) -> str:
    octets = character.encode("utf-8", "surrogatepass")
    percent = "".join(f"%(?:25)*{octet:02X}" for octet in octets)
    plus = r"|\+" if character == " " else ""
    return f"(?:{re.escape(character)}|{percent}{plus})"
