from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import KEY

from flightctl.errors import (
    FlightctlError,
    KeyRefused,
    PlanRefused,
    QuotaUsedUp,
    RateLimited,
    RequestRefused,
    ServerError,
    Unavailable,
    Unreadable,
    UpstreamError,
)
from flightctl.providers.aviationstack_errors import refusal
from flightctl.providers.json_body import NotJson
from flightctl.providers.transport import Reply

HTML = NotJson("HTML")


def refused(status: int, document: object, **headers: str) -> FlightctlError:
    kept = {name.replace("_", "-"): value for name, value in headers.items()}
    error = refusal(Reply(status, b"", kept), document, [KEY])
    assert error is not None
    return error


BY_CODE = {
    "invalid_access_key": KeyRefused,
    "missing_access_key": KeyRefused,
    "inactive_user": KeyRefused,
    "function_access_restricted": PlanRefused,
    "https_access_restricted": PlanRefused,
    "usage_limit_reached": QuotaUsedUp,
    "rate_limit_reached": RateLimited,
    "internal_error": ServerError,
    "invalid_api_function": RequestRefused,
    "404_not_found": RequestRefused,
    "validation_error": RequestRefused,
}


def coded(status: int, code: str) -> set[type[FlightctlError]]:
    """What is made of a code, in either shape that it may come in."""
    documents = {"error": {"code": code, "message": "why"}}, {"success": False, "error": {"code": 1, "type": code}}
    return {type(refused(status, document)) for document in documents}


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422, 429, 500])
@pytest.mark.parametrize(("code", "expected"), BY_CODE.items())
def test_a_known_code_beats_the_status(code: str, status: int, expected: type[FlightctlError]) -> None:
    assert coded(status, code) == {expected}


@pytest.mark.parametrize(("code", "expected"), [*(BY_CODE | {"internal_error": Unavailable}).items()])
def test_with_503_a_known_code_counts_but_the_provider_s_own_failure_is_one_to_wait_for(
    code: str, expected: type[FlightctlError]
) -> None:
    assert coded(503, code) == {expected}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RequestRefused),
        (401, KeyRefused),
        (403, PlanRefused),
        (404, RequestRefused),
        (418, RequestRefused),
        (429, RateLimited),
        (500, ServerError),
        (502, ServerError),
        (503, Unavailable),
        (101, Unreadable),
        (999, Unreadable),
    ],
)
@pytest.mark.parametrize(
    "document", [{"error": {"code": "new_one"}}, {"message": "why"}, {}, [], None, {"data": []}, HTML]
)
def test_else_the_status_decides(document: object, status: int, expected: type[FlightctlError]) -> None:
    assert type(refused(status, document)) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (101, KeyRefused),
        ("102", KeyRefused),
        (103, RequestRefused),
        (104, QuotaUsedUp),
        (105, PlanRefused),
        (401, KeyRefused),
        (404, RequestRefused),
        (429, RateLimited),
        (500, ServerError),
        (503, Unavailable),
    ],
)
def test_the_sister_products_numbers_are_understood(code: object, expected: type[FlightctlError]) -> None:
    assert type(refused(200, {"success": False, "error": {"code": code, "info": "why"}})) is expected


def test_an_unknown_code_with_status_200_is_an_upstream_error_that_shows_it() -> None:
    error = refused(200, {"error": {"code": "brand_new", "message": "Something\x1b[31m new."}})
    assert type(error) is UpstreamError
    assert error.message == "AviationStack answered with an error (brand_new): Something�[31m new."


@pytest.mark.parametrize(
    "error", ["just text", 7, True, ["list"], {"code": None}, {"code": True}, {"message": {"a": 1}}]
)
def test_an_error_of_any_shape_is_an_error(error: object) -> None:
    assert type(refused(200, {"error": error, "data": []})) is UpstreamError


@pytest.mark.parametrize("error", [None, False, "", {}, []])
def test_an_empty_error_beside_data_is_none(error: object) -> None:
    assert refusal(Reply(200, b"", {}), {"error": error, "data": []}, []) is None


def test_a_validation_error_says_which_parameter() -> None:
    context = {"flight_date": [{"key": "invalid", "message": "must be a date"}], "limit": "odd"}
    error = refused(422, {"error": {"code": "validation_error", "message": "Failed", "context": context}})
    assert error.message.endswith("(validation_error): Failed; flight_date: must be a date; limit: odd")


@pytest.mark.parametrize("context", [{"limit": []}, {"limit": [7]}, {"limit": {}}, {"limit": None}])
def test_a_context_of_another_shape_still_names_the_parameter(context: dict[str, Any]) -> None:
    error = refused(400, {"error": {"code": "validation_error", "context": context}})
    assert "limit: not accepted" in error.message


@pytest.mark.parametrize("status", [401, 403, 404, 502])
def test_a_page_that_is_no_json_says_so(status: int) -> None:
    assert f"(HTTP {status}, and the answer is no JSON: HTML)" in refused(status, HTML).message


def test_no_json_with_status_200_is_unreadable() -> None:
    assert type(refused(200, HTML)) is Unreadable


def test_a_long_message_is_cut_after_the_key_is_masked() -> None:
    error = refused(401, {"error": {"code": "invalid_access_key", "message": "x" * 190 + KEY + "y" * 900}})
    assert error.message.endswith("x***" + "y" * 7)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"retry_after": "7"}, 7),
        ({"retry_after": "0"}, 1),
        ({"retry_after": "-5"}, 60),
        ({"retry_after": "1.5"}, 60),
        ({"retry_after": "soon"}, 60),
        ({"retry_after": "٣"}, 60),
        ({"retry_after": "9" * 5000}, 3600),
        ({"retry_after": "Fri, 20 Nov 2026 10:02:00 GMT", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 120),
        ({"retry_after": "Fri, 20 Nov 2026 10:02:00 -0000", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 120),
        ({"retry_after": "Fri, 20 Nov 1998 10:00:00 GMT"}, 1),
        ({"retry_after": "Fri, 20 Nov 2999 10:00:00 GMT", "date": "junk"}, 3600),
        ({"retry_after": "Fri, 99 Nov 2026 10:00:00 GMT"}, 60),
    ],
)
def test_rate_limits_wait_as_told_within_bounds(headers: dict[str, str], seconds: float) -> None:
    error = refused(429, {"error": {"code": "rate_limit_reached"}}, **headers)
    assert isinstance(error, RateLimited)
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize("document", [HTML, {"error": {"code": "internal_error"}}])
@pytest.mark.parametrize(("headers", "seconds"), [({"retry_after": "30"}, 30.0), ({}, 60.0)])
def test_a_503_waits_as_told_and_else_a_minute(document: object, headers: dict[str, str], seconds: float) -> None:
    error = refused(503, document, **headers)
    assert isinstance(error, Unavailable)
    assert error.retry_after_seconds == seconds


@given(st.text())
def test_any_retry_after_is_bounded(text: str) -> None:
    error = refused(429, {}, retry_after=text)
    assert isinstance(error, RateLimited)
    assert 1 <= error.retry_after_seconds <= 3600


def test_used_up_quota_is_the_budget_s_exit_code() -> None:
    document = json.loads('{"error": {"code": "usage_limit_reached", "message": "monthly usage limit"}}')
    assert refused(429, document).exit_code == 6
