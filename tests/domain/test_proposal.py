"""What becomes of a manual proposal when it comes in."""

from __future__ import annotations

import pytest

from domain.legs import NOW, entry
from flightctl.domain.proposal import Proposal, Reception, receive, same_codes
from flightctl.domain.route import Route, direct

DIRECT = direct("NZ527", "NZ", "AKL", "CHC")
VIA = Route("NZ527", "NZ", "AKL", "CHC", (("AKL", "WLG"), ("WLG", "CHC")))
ELSEWHERE = direct("NZ527", "NZ", "AKL", "WLG")
WAITING = {
    "nothing": [],
    "the same": [Proposal(1, DIRECT, "", False, "rangi", NOW)],
    "another": [Proposal(2, ELSEWHERE, "", False, "mere", NOW)],
    "both": [Proposal(2, ELSEWHERE, "", False, "mere", NOW), Proposal(1, DIRECT, "seen", True, "rangi", NOW)],
}


@pytest.mark.parametrize(
    ("confirmed", "replace", "waiting", "reception"),
    [
        (False, False, "nothing", Reception.WRITE),
        (False, False, "the same", Reception.KNOWN),
        (False, False, "another", Reception.WRITE),
        (False, False, "both", Reception.KNOWN),
        (False, True, "nothing", Reception.WRITE),
        (False, True, "the same", Reception.KNOWN),
        (False, True, "another", Reception.WRITE),
        (False, True, "both", Reception.KNOWN),
        (True, False, "nothing", Reception.REFUSE),
        (True, False, "the same", Reception.REFUSE),
        (True, False, "another", Reception.REFUSE),
        (True, False, "both", Reception.REFUSE),
        (True, True, "nothing", Reception.WRITE),
        (True, True, "the same", Reception.KNOWN),
        (True, True, "another", Reception.WRITE),
        (True, True, "both", Reception.KNOWN),
    ],
)
def test_a_proposal_is_written_known_or_refused(
    confirmed: bool, replace: bool, waiting: str, reception: Reception
) -> None:
    standing = entry(ELSEWHERE) if confirmed else None
    assert receive(DIRECT, standing, WAITING[waiting], replace=replace) is reception


def test_a_proposal_that_agrees_with_the_confirmed_entry_is_refused_as_well() -> None:
    assert receive(DIRECT, entry(DIRECT), [], replace=False) is Reception.REFUSE


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (DIRECT, True),
        (VIA, True),
        (ELSEWHERE, False),
        (direct("NZ527", "QF", "AKL", "CHC"), False),
        (direct("NZ527", "NZ", "WLG", "CHC"), False),
        (direct("NZ527", "NZ", "CHC", "AKL"), False),
    ],
)
def test_routes_agree_by_airline_departure_and_arrival(other: Route, same: bool) -> None:
    assert same_codes(DIRECT, other) is same
    assert same_codes(other, DIRECT) is same
