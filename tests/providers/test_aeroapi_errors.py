from __future__ import annotations

import pytest
from aeroapi_bodies import flights, refused
from hypothesis import given
from hypothesis import strategies as st
from wire import KEY

from flightctl.errors import (
    FlightctlError,
    KeyRefused,
    PlanRefused,
    RateLimited,
    RequestRefused,
    ServerError,
    ToldToWait,
    Unavailable,
    Unreadable,
    UpstreamError,
)
from flightctl.providers.aeroapi_errors import refusal, says_unknown
from flightctl.providers.json_body import EMPTY, NotJson
from flightctl.providers.transport import Reply

HTML = NotJson("HTML")


def error(status: int, document: object, **headers: str) -> FlightctlError:
    kept = {name.replace("_", "-"): value for name, value in headers.items()}
    made = refusal(Reply(status, b"", kept), document, [KEY])
    assert made is not None
    return made


def unknown(status: int, document: object) -> bool:
    return says_unknown(Reply(status, b"", {}), document)


def unauthorized(detail: str) -> FlightctlError:
    return error(401, refused(401, "INVALID_API_KEY", detail, title="Invalid API key"))


@pytest.mark.parametrize("detail", ["This key is not valid", "", "No API key was given"])
def test_a_bad_key_is_refused_with_what_is_said_of_it(detail: str) -> None:
    made = unauthorized(detail)
    assert type(made) is KeyRefused
    assert made.message == f"AeroAPI refused the key (INVALID_API_KEY): {detail or 'Invalid API key'}"


def test_the_hint_for_a_refused_key_says_that_it_may_be_the_plan() -> None:
    assert "plan is too low" in unauthorized("This key is not valid").hint


@pytest.mark.parametrize(
    "detail",
    [
        "Alerts and historical data need the Standard tier",
        "This is not part of your plan",
        "Your subscription does not include this endpoint",
        "Upgrade to use this endpoint",
    ],
)
def test_a_good_key_above_its_tier_is_told_apart_and_the_detail_shown(detail: str) -> None:
    made = unauthorized(detail)
    assert type(made) is PlanRefused
    assert made.message.endswith(f"(INVALID_API_KEY): {detail}")
    assert "aviationstack" not in made.hint


@pytest.mark.parametrize("document", [refused(418, "NEW", "why"), {}, [], None, HTML, flights()])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RequestRefused),
        (401, KeyRefused),
        (402, PlanRefused),
        (403, PlanRefused),
        (418, RequestRefused),
        (429, RateLimited),
        (500, ServerError),
        (502, ServerError),
        (503, Unavailable),
        (101, Unreadable),
        (999, Unreadable),
    ],
)
def test_the_status_decides(status: int, document: object, expected: type[FlightctlError]) -> None:
    assert type(error(status, document)) is expected


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("headers", "seconds"), [({}, 60.0), ({"retry_after": "7"}, 7.0)])
def test_where_nothing_is_said_a_minute_is_waited(status: int, headers: dict[str, str], seconds: float) -> None:
    made = error(status, refused(status, "RATE_LIMIT_ERROR", "Slow down"), **headers)
    assert isinstance(made, ToldToWait)
    assert made.retry_after_seconds == seconds


@pytest.mark.parametrize(("told", "expected"), [(401, KeyRefused), (429, RateLimited), (500, ServerError)])
def test_an_error_inside_an_answer_with_status_200_counts(told: int, expected: type[FlightctlError]) -> None:
    assert type(error(200, refused(told, "WHY", "why"))) is expected


@pytest.mark.parametrize("status", [None, "401", True, 200, 700])
def test_a_reason_without_a_status_is_an_upstream_error(status: object) -> None:
    assert type(error(200, {**refused(0, "NEW_ONE", "why"), "status": status})) is UpstreamError


@pytest.mark.parametrize("document", [flights(), {}, [], {"flights": [], "reason": "x", "status": 400}])
def test_what_is_no_refusal_is_read_as_a_page(document: object) -> None:
    assert refusal(Reply(200, b"", {}), document, []) is None


def test_no_json_with_status_200_is_unreadable() -> None:
    assert type(error(200, HTML)) is Unreadable


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_page_that_is_no_json_says_so(status: int) -> None:
    made = error(status, HTML)
    assert f"(HTTP {status}, and the answer is no JSON: HTML)" in made.message
    assert "captive portal" in made.hint


def test_upstream_s_texts_are_masked_cleaned_and_cut() -> None:
    made = error(400, refused(400, f"R{KEY}", f"start\x1b[31m {KEY} " + "x" * 900))
    assert made.message.startswith("AeroAPI refused the request (R***): start�[31m *** xxx")
    assert len(made.message) < 300


SAID_OF_UNKNOWN_FLIGHTS = [
    ("INVALID_ARGUMENT", "Unknown ident ZZZ999"),
    ("INVALID_IDENT", "ZZZ999"),
    ("UNKNOWN_IDENT", ""),
    ("NO_DATA", "nothing for ZZZ999"),
    ("INVALID_ARGUMENT", "No such flight"),
    ("NOT_FOUND", "ZZZ999"),
    ("INVALID_ARGUMENT", "Invalid flight designator"),
    ("INVALID_ARGUMENT", "The airline is not recognised"),
    ("", "Ident was not found"),
]
SAID_OF_REQUESTS = [
    ("INVALID_ARGUMENT", "start lies more than 10 days back"),
    ("INVALID_ARGUMENT", "Invalid end for flight ANZ527"),
    ("INVALID_ARGUMENT", "Unknown ident_type"),
    ("INVALID_ARGUMENT", "Unknown cursor for this ident"),
    ("INVALID_ARGUMENT", "max_pages must be at least 1"),
    ("INVALID_ARGUMENT", "date_end: no data before earliest date"),
    ("INVALID_ARGUMENT", "Unknown flight_number"),
    ("INVALID_ARGUMENT", "Time window out of range: unknown flight"),
    ("UNDISCLOSED", "Undisclosed/Error"),
    ("", ""),
]


@pytest.mark.parametrize(("reason", "detail"), SAID_OF_UNKNOWN_FLIGHTS)
def test_a_400_that_speaks_of_the_flight_means_that_it_is_unknown(reason: str, detail: str) -> None:
    assert unknown(400, refused(400, reason, detail))


@pytest.mark.parametrize(("reason", "detail"), SAID_OF_REQUESTS)
def test_a_400_about_the_window_or_a_parameter_or_an_unclear_one_is_an_error(reason: str, detail: str) -> None:
    assert not unknown(400, refused(400, reason, detail))


@pytest.mark.parametrize("document", [refused(404, "NOT_FOUND", "why"), {}, flights(), {"status": 404}, EMPTY])
def test_a_404_of_its_own_means_that_the_flight_is_unknown(document: object) -> None:
    assert unknown(404, document)


@pytest.mark.parametrize("document", [HTML, {"message": "no route matched"}, {"error": "x"}, [], "text", None])
def test_a_404_of_another_page_does_not(document: object) -> None:
    assert not unknown(404, document)


@pytest.mark.parametrize("status", [200, 401, 403, 429, 500, 503])
def test_no_other_status_does(status: int) -> None:
    assert not unknown(status, refused(status, "UNKNOWN_IDENT", "Unknown ident, no such flight"))


def test_a_404_inside_an_answer_with_status_200_means_it_too() -> None:
    assert unknown(200, refused(404, "NOT_FOUND", "No such flight"))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["title", "reason", "detail", "status", "message", "flights"]), inner)
    ),
    max_leaves=8,
)


@given(st.integers(200, 599), ANYTHING)
def test_any_answer_is_a_refusal_an_absence_or_a_page(status: int, document: object) -> None:
    made = refusal(Reply(status, b"", {}), document, [KEY])
    assert made is None or isinstance(made, FlightctlError)
    assert made is not None or 200 <= status < 300
    assert isinstance(unknown(status, document), bool)
