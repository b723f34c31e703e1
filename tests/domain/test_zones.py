from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.zones import zone_named


@pytest.mark.parametrize(
    "name",
    ["UTC", "Pacific/Auckland", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince", "EST5EDT"],
)
def test_a_zone_that_exists_is_found(name: str) -> None:
    zone = zone_named(name)
    assert zone is not None
    assert zone.key == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "+8",
        "Arrabury",
        "America",
        "Europe/",
        "/etc/passwd",
        "Europe/../../../etc/passwd",
        "zone.tab",
        "posixrules",
        "posix/UTC",
        "right/UTC",
        "localtime",
        "Factory",
        "Pacific/Auckland\n",
        "A\x00B",
        "Zürich",
        "A" * 5000,
    ],
)
def test_what_is_no_zone_is_none(name: str) -> None:
    assert zone_named(name) is None


@given(st.text() | st.from_regex(r"[A-Z][a-z]{1,8}/[A-Z][a-z]{1,8}", fullmatch=True))
def test_any_text_is_a_zone_or_none(name: str) -> None:
    zone = zone_named(name)
    assert zone is None or zone.key == name
