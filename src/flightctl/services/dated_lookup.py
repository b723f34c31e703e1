"""The look-up for one day: what is stored, then the endpoint that can tell of the day, if this caller may."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import TYPE_CHECKING

from flightctl.domain import day_answer
from flightctl.domain.answer import LOCAL, Answer, Metrics, Outcome, PrefixSummary, shared_outcome
from flightctl.domain.day_answer import AskedDay
from flightctl.domain.departure_day import DepartureDay
from flightctl.domain.flight_freshness import FlightLifetimes
from flightctl.domain.question import Question
from flightctl.domain.stored_day import DayMove, StoredDay, next_day_move
from flightctl.domain.strategy import Strategy
from flightctl.errors import BadDesignator, ConfigurationError, FlightctlError
from flightctl.services.local_tier import LocalTier
from flightctl.services.questions import read_question

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from flightctl.domain.billing import Cause
    from flightctl.domain.horizon import Choice
    from flightctl.services.paid_flights import DayFetched, DayQuestion
    from flightctl.services.shared_days import SharedDays
    from flightctl.services.single_flight import Landed


class DatedLookups:
    """Answers questions for one day; what that did and cost is in ``metrics``."""

    def __init__(
        self,
        local: LocalTier,
        upstream: Callable[[], SharedDays],
        strategy: Strategy,
        lifetimes: FlightLifetimes,
        day: DepartureDay,
        clock: Callable[[], datetime],
        *,
        explains: bool = False,
    ) -> None:
        self.local = local
        self.strategy = strategy
        self.clock = clock
        self.metrics = Metrics()
        self.prefixes: list[PrefixSummary] = []
        self._upstream = upstream
        self._lifetimes = lifetimes
        self._day = day
        self._explains = explains
        self._settled: dict[str, Answer] = {}
        self._steps: list[str] = []

    def answers(self, texts: Iterable[str]) -> Iterator[Answer]:
        """Answer every text, a flight designator, in order; each is counted before it is handed out."""
        for text in texts:
            answer = self._answer(text)
            self.metrics.count(answer, of_route=False)
            self.local.count(self.metrics.take_unwritten(), self.clock(), [])
            yield answer

    def _answer(self, text: str) -> Answer:
        try:
            question = read_question(self.local, text)
        except BadDesignator as error:
            return Answer(text, "", Outcome.ERROR, error=error)
        settled = self._settled.get(question.keys[0])
        if settled is not None:
            return self._again(question, settled)
        self._steps = []
        answer = self._answered(question)
        self._settled[question.keys[0]] = answer
        return answer._replace(explanation=tuple(self._steps)) if self._explains else answer

    def _answered(self, question: Question) -> Answer:
        now, names = self.clock(), _names(question)
        # Where a day is given, only who has to ask needs to know where the flight leaves.
        zone = None if self._day.given else self._origin_zone(question, names)
        asked = AskedDay(question, self._day.on(zone or UTC, now), now)
        stored = self._stored(names, asked)
        move = next_day_move(stored, self.strategy, self._lifetimes, now, may_ask=True)
        if move is not DayMove.ASK:
            return self._moved(move, asked, stored)
        return self._asked(asked, stored, self._day_question(asked, names, zone))

    def _moved(self, move: DayMove, asked: AskedDay, stored: StoredDay) -> Answer:
        """The answer where nobody is asked because of what is stored, or ``--offline``."""
        self._explain(lambda say: say.of_not_asking(move))
        if move is DayMove.ANSWER:
            return self._hit(asked, stored)
        if move is DayMove.ANSWER_OLD:
            return self._old(asked, stored, f"{stored.provider} did not know it when it was asked last")
        if move is DayMove.ANSWER_ABSENT:
            return day_answer.not_found(asked, stored.provider, self.local.shared_store)
        if self.local.unreadable is not None:
            return day_answer.without_flights(asked, Outcome.ERROR, self.local.unreadable)
        return day_answer.offline(asked, is_stored=bool(stored.flights))

    def _asked(self, asked: AskedDay, stored: StoredDay, question: DayQuestion) -> Answer:
        """The answer where somebody has to be asked."""
        try:
            if self.local.obstacle is not None:
                # What cannot be written down is not paid for.
                raise self.local.obstacle
            upstream = self._upstream()
            choice = upstream.choice(question)
            if not choice.ways:
                return self._unasked(asked, stored, choice)
            landed = self._paid(upstream, question, choice, stored)
        except FlightctlError as error:
            return self._failed(asked, stored, error)
        return self._landed(asked, stored, landed)

    def _unasked(self, asked: AskedDay, stored: StoredDay, choice: Choice) -> Answer:
        """Nobody can be asked: what is stored has to do."""
        from flightctl.domain import day_refusal

        self._explain(lambda say: say.of_barred(choice))
        move = next_day_move(stored, self.strategy, self._lifetimes, asked.now, may_ask=False)
        if move is DayMove.ANSWER:
            return self._hit(asked, stored)
        if move is DayMove.ANSWER_OLD:
            return self._old(asked, stored, day_refusal.why_not_asked(choice))
        return day_refusal.refused(asked, choice)

    def _paid(
        self, upstream: SharedDays, question: DayQuestion, choice: Choice, stored: StoredDay
    ) -> Landed[DayFetched]:
        from flightctl.services.shared_days import DayWanted

        since = question.now if self.strategy.refresh else datetime.min.replace(tzinfo=UTC)
        before = upstream.paid
        try:
            return upstream.day(question, choice, DayWanted(since, self._cause(stored)))
        finally:
            self.metrics.upstream_calls, self.metrics.upstream_errors = upstream.calls, upstream.errors
            paid, passed_over, bill = upstream.paid - before, upstream.passed_over, upstream.bill
            self._explain(lambda say: say.of_asking(choice, passed_over, paid, bill))

    def _landed(self, asked: AskedDay, stored: StoredDay, landed: Landed[DayFetched]) -> Answer:
        fetched = landed.value
        if fetched.trouble is not None:
            self.local.failed(fetched.trouble)
        source = fetched.provider if landed.led else self.local.shared_store
        warnings = day_answer.warnings_of(fetched.is_cut, fetched.rejected, fetched.trouble)
        if not fetched.flights:
            return day_answer.not_found(asked, fetched.provider, source, warnings)
        if not fetched.is_known_upstream:
            left = StoredDay(fetched.flights, provider=fetched.provider)
            return self._old(asked, left, "; ".join((f"{fetched.provider} does not know it now", *warnings)))
        paid_outcome = Outcome.REFRESHED if stored.flights else Outcome.MISS
        outcome = paid_outcome if landed.led else shared_outcome(landed.waited)
        self.local.keep_day(_names(asked.question), asked.local_date)
        return day_answer.answered(asked, fetched.flights, self._lifetimes, outcome, source, warnings)

    def _failed(self, asked: AskedDay, stored: StoredDay, error: FlightctlError) -> Answer:
        self.local.failed(error)
        may_serve = self.strategy.stale_if_error and error.serves_stale and self.strategy.cache_enabled
        if may_serve and stored.flights:
            return self._old(asked, stored, f"shown although it expired, because {error.message}")
        shown = self.local.unreadable or error if isinstance(error, ConfigurationError) else error
        return day_answer.without_flights(asked, Outcome.ERROR, shown)

    def _hit(self, asked: AskedDay, stored: StoredDay) -> Answer:
        warning = day_answer.THERE_MAY_BE_MORE if stored.asked_at is None else ""
        warning = day_answer.IS_CUT if stored.is_cut else warning
        return day_answer.answered(
            asked,
            stored.flights,
            self._lifetimes,
            Outcome.HIT,
            self.local.shared_store,
            [self.local.warning_of_days(), warning],
        )

    def _old(self, asked: AskedDay, stored: StoredDay, why: str) -> Answer:
        warning = day_answer.as_last_seen(stored.flights, asked.now, why)
        return day_answer.answered(
            asked, stored.flights, self._lifetimes, Outcome.STALE, self.local.shared_store, [warning]
        )

    def _again(self, question: Question, settled: Answer) -> Answer:
        """A flight that stands in a batch twice: answered twice, paid once."""
        again = settled._replace(query=question.text)
        kept = self.strategy.cache_enabled and not self.strategy.refresh and not self.local.trouble
        if kept and settled.outcome in (Outcome.MISS, Outcome.REFRESHED):
            return again._replace(outcome=Outcome.HIT, source=LOCAL)
        return again._replace(source=LOCAL) if kept and settled.outcome is Outcome.NOT_FOUND else again

    def _stored(self, names: Sequence[str], asked: AskedDay) -> StoredDay:
        stored = self.local.day(names, asked.local_date) if self.strategy.cache_enabled else StoredDay(())
        self._explain(lambda say: say.of_stored(stored, self._lifetimes, asked.now, self.local.asked_of_days()))
        return stored

    def _origin_zone(self, question: Question, names: Sequence[str]) -> ZoneInfo | None:
        from flightctl.domain.zones import zone_named

        return zone_named(self.local.origin_zone(names, question.keys))

    def _day_question(self, asked: AskedDay, names: tuple[str, ...], zone: ZoneInfo | None) -> DayQuestion:
        from flightctl.services.paid_flights import DayQuestion

        zone = zone or self._origin_zone(asked.question, names)
        return DayQuestion(asked.question.asked, names, self._day, zone, asked.now)

    def _cause(self, stored: StoredDay) -> Cause:
        from flightctl.domain.billing import Cause

        if self.strategy.refresh or not self.strategy.cache_enabled:
            return Cause.BYPASSED
        if stored.flights:
            return Cause.EXPIRED
        return Cause.NEGATIVE_EXPIRED if stored.absent_until else Cause.COLD

    def _explain(self, steps: Callable[[ModuleType], list[str]]) -> None:
        """Only who wants to be told pays for the sentences."""
        if self._explains:
            from flightctl.domain import day_steps

            self._steps += steps(day_steps)


def _names(question: Question) -> tuple[str, ...]:
    """Designators under which the flight may be stored, the one that is asked for first."""
    return tuple(key.removeprefix("flight:") for key in question.keys)
