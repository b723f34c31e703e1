"""Values on their way into PostgreSQL as one array: each arrives as it is."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from flightctl.store.arrays import array_text
from flightctl.store.remote_engine import Remote

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, database=None)
@given(st.lists(st.one_of(st.none(), texts, st.sampled_from(['"', "\\", "{}", "NULL", ",", " ", ""])), max_size=8))
def test_texts_arrive_as_they_are(as_service: Remote, values: list[str | None]) -> None:
    with as_service.reading() as session:
        [[arrived]] = session.execute(text("SELECT CAST(:given AS text[])"), {"given": array_text(values)}).all()
    assert arrived == values


def test_other_values_arrive_as_what_they_are(as_service: Remote) -> None:
    now = datetime(2026, 12, 3, 8, 30, 0, 123456, tzinfo=UTC)
    for kind, values in (("timestamptz", [now, None]), ("integer", [7, -1]), ("boolean", [True, False])):
        with as_service.reading() as session:
            asked = text(f"SELECT CAST(:given AS {kind}[])")
            [[arrived]] = session.execute(asked, {"given": array_text(values)}).all()
        assert arrived == values
