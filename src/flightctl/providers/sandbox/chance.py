"""Chance without randomness: the same words always give the same number."""

from __future__ import annotations

from hashlib import blake2b


def roll(sides: int, *words: object) -> int:
    """A number from 0 to `sides - 1`, settled by `words` alone, alike in every process."""
    text = "|".join(map(str, words))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") % sides


def one_in(sides: int, *words: object) -> bool:
    """True for about one in `sides` different `words`."""
    return roll(sides, *words) == 0
