from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightctl.providers.transport import redacted


@pytest.mark.parametrize(
    "spelling",
    [
        "s3cret/Key+1",
        "S3CRET/KEY+1",
        quote("s3cret/Key+1", safe=""),
        quote_plus("s3cret/Key+1").lower(),
        quote(quote("s3cret/Key+1", safe=""), safe=""),
        "%733cret/Key+1",
    ],
)
def test_a_secret_is_masked_in_every_spelling(spelling: str) -> None:
    assert redacted(f"a {spelling} b", ["s3cret/Key+1"]) == "a *** b"


def test_a_secret_inside_another_leaves_nothing_of_the_longer_one() -> None:
    assert redacted("abcdef", ["abc", "abcdef"]) == "***"


def test_an_empty_secret_masks_nothing() -> None:
    assert redacted("as it was", [""]) == "as it was"


@settings(max_examples=50, deadline=None)
@given(
    secret=st.text(st.characters(exclude_characters="*"), min_size=1, max_size=20),
    before=st.text(max_size=20),
    after=st.text(max_size=20),
)
def test_no_secret_is_left_whatever_stands_around_it(secret: str, before: str, after: str) -> None:
    assert secret not in redacted(before + secret + after, [secret])
