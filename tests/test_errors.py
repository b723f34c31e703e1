"""The tree of errors: every class has what a user and a script rely on."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from flightctl import errors
from flightctl.errors import FlightctlError
from flightctl.services.reference import exit_codes

Kind = type[FlightctlError]

EXIT_CODES: dict[Kind, int] = {
    errors.UsageError: 2,
    errors.NotFound: 3,
    errors.NotAllowed: 4,
    errors.UpstreamError: 5,
    errors.BudgetReached: 6,
    errors.StateRefused: 7,
    errors.StoreError: 5,
    errors.MirrorError: 5,
    errors.ConfigurationError: 10,
    errors.RemoteError: 5,
    errors.LocalFileError: 8,
}
"""Of branches; those of branches last."""


def children(kind: Kind) -> list[Kind]:
    """Those that a user can meet; what a part of the program makes for itself stands in that part."""
    return [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]


def descendants(kind: Kind) -> list[Kind]:
    return [found for child in children(kind) for found in (child, *descendants(child))]


KINDS = descendants(FlightctlError)
UPSTREAM = [kind for kind in KINDS if issubclass(kind, errors.UpstreamError) and kind is not errors.UpstreamError]


def documented() -> dict[str, tuple[int, set[str]]]:
    """The tree in the module's docstring: branch -> exit code and children, which may be branches themselves."""
    text = re.sub(r"\n(?:│ +)+(?=\w)", " ", errors.__doc__ or "")
    drawn: dict[str, tuple[int, set[str]]] = {}
    path = ["FlightctlError"]
    for indent, name, code, leaves in re.findall(r"([│ ]*)[├└]── (\w+) \((\d+)\)([^\n]*)", text):
        path[1 + len(indent) // 4 :] = [name]
        drawn[name] = int(code), set(re.findall(r"\w+", leaves))
        if path[-2] in drawn:
            drawn[path[-2]][1].add(name)
    return drawn


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    branches = [kind for kind in KINDS if children(kind) or kind in children(FlightctlError)]
    assert documented() == {
        branch.__name__: (branch.exit_code, {child.__name__ for child in children(branch)}) for branch in branches
    }


def test_each_branch_has_its_exit_code() -> None:
    branches = [*children(FlightctlError), *children(errors.StoreError)]
    assert {branch: branch.exit_code for branch in branches} == EXIT_CODES


@pytest.mark.parametrize("kind", KINDS)
def test_each_class_has_the_exit_code_of_its_branch(kind: Kind) -> None:
    assert kind.exit_code == [code for branch, code in EXIT_CODES.items() if issubclass(kind, branch)][-1]


@pytest.mark.parametrize("kind", KINDS)
def test_each_class_says_what_it_stands_for(kind: Kind) -> None:
    assert kind.__doc__
    assert re.fullmatch(r"[a-z][a-z_]+", kind.code)


def test_no_two_classes_share_a_code_but_a_503_is_a_server_error() -> None:
    told = [kind for kind in KINDS if kind is not errors.ToldToWait]
    shared = [code for code, n in Counter(kind.code for kind in told).items() if n > 1]
    assert shared == [errors.ServerError.code] == [errors.Unavailable.code]


def test_the_kinds_that_statistics_count_are_told_apart_but_a_503_is_a_server_error() -> None:
    """ToldToWait is no failure by itself, only what two have in common."""
    kinds = Counter(kind.kind for kind in UPSTREAM if kind is not errors.ToldToWait)
    assert [kind for kind, n in kinds.items() if n > 1] == [errors.ServerError.kind] == [errors.Unavailable.kind]
    assert errors.UpstreamError.kind not in kinds


def test_what_opens_the_breaker_is_the_provider_failing_and_no_refusal() -> None:
    failing = {kind for kind in UPSTREAM if kind.trips_breaker}
    assert {kind.kind for kind in failing} == set(errors.BREAKING_KINDS)
    assert {kind for kind in UPSTREAM if kind.kind in errors.BREAKING_KINDS} == failing
    assert {errors.RateLimited, errors.KeyRefused, errors.PlanRefused, errors.RequestRefused}.isdisjoint(failing)
    assert {errors.ServerError, errors.Unavailable, errors.Unreachable, errors.TimedOut} <= failing


def test_every_exit_code_of_an_error_is_documented() -> None:
    listed = [code for row in exit_codes()[1] for code in row["code"].split(", ")]
    assert {"1", *(str(kind.exit_code) for kind in KINDS)} <= set(listed)


def test_the_documented_exit_codes_are_these_in_this_order() -> None:
    listed = [row["code"] for row in exit_codes()[1]]
    assert listed == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "130, 143"]


@pytest.mark.parametrize(
    ("code", "word"),
    [("2", "usage"), ("3", "not found"), ("4", "not allowed"), ("5", "upstream"), ("6", "budget"), ("7", "refused"),
     ("8", "local file"), ("9", "mixed"), ("10", "configuration")],
)  # fmt: skip
def test_an_exit_code_is_explained_by_the_word_for_its_branch(code: str, word: str) -> None:
    assert {row["code"]: word in row["when"] for row in exit_codes()[1]}[code]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_carries_message_hint_and_cause(kind: Kind) -> None:
    error = kind("it broke", hint="mend it", cause="ENOENT")
    assert (str(error), error.message, error.hint, error.cause) == ("it broke", "it broke", "mend it", "ENOENT")


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_hint_of_its_own_an_error_gives_that_of_its_class(kind: Kind) -> None:
    assert (kind("it broke").hint, kind("it broke").cause) == (kind.default_hint, "")


def test_only_what_the_provider_may_recover_from_serves_a_stale_entry() -> None:
    never = {kind for kind in KINDS if not kind.serves_stale}
    assert {errors.NotFound, errors.OfflineAbsent, errors.NotAllowed, errors.NoKey, errors.IncompleteAnswer} <= never
    assert {errors.TimedOut, errors.ServerError, errors.RateLimited, errors.BudgetReached}.isdisjoint(never)


@pytest.mark.parametrize("kind", [errors.RateLimited, errors.Unavailable])
def test_who_is_told_to_wait_waits_a_minute_unless_told_otherwise(kind: type[errors.ToldToWait]) -> None:
    assert kind("slow down").retry_after_seconds == 60
    assert kind("slow down", retry_after_seconds=5).retry_after_seconds == 5


@pytest.mark.parametrize("kind", UPSTREAM)
def test_what_may_have_been_sent_counts_as_sent(kind: type[errors.UpstreamError]) -> None:
    assert kind("it broke").was_sent
