"""What a token looks like, and what is kept of it."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.share import TOKEN_BYTES, token_hash

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
TOKEN = "dGhpcyBpcyBub3QgYSByZWFsIHRva2VuLCBpcyBpdD8"
tokens = st.text(BASE64URL, min_size=43, max_size=43)


def test_a_token_is_a_secret_of_256_bits() -> None:
    assert TOKEN_BYTES * 8 == 256


@given(tokens)
def test_of_a_token_the_sha_256_of_its_text_is_kept(token: str) -> None:
    assert token_hash(token) == hashlib.sha256(token.encode()).hexdigest()


@given(tokens, tokens)
def test_two_tokens_have_two_hashes(one: str, other: str) -> None:
    assert (token_hash(one) == token_hash(other)) == (one == other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN + "\n",
        " " + TOKEN[1:],
        TOKEN[:-1] + "=",
        TOKEN[:-1] + "+",
        TOKEN[:-1] + "/",
        TOKEN[:-1] + "é",
        TOKEN[:-1] + "\udcff",
        TOKEN[:-1] + "٣",
        TOKEN[:-1] + "\0",
        TOKEN + TOKEN,
    ],
)
def test_text_of_another_shape_has_no_hash(text: str) -> None:
    assert token_hash(text) == ""


@given(st.text(max_size=60) | st.text(BASE64URL + "=+/. ", min_size=42, max_size=44))
def test_only_43_characters_of_base64url_have_a_hash(text: str) -> None:
    assert bool(token_hash(text)) == bool(re.fullmatch(r"[A-Za-z0-9_-]{43}", text, re.ASCII))
