"""The look-up: local cache, then the provider if this caller may; batches are paid once for each flight."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from flightctl.domain import explanation
from flightctl.domain.answer import LOCAL, Answer, Metrics, Outcome, PrefixSummary, shared_outcome
from flightctl.domain.designator import AirlineQuery, Designator, PrefixQuery, parse_query
from flightctl.domain.explanation import NO_BILL, Bill
from flightctl.domain.freshness import is_fresh
from flightctl.domain.question import Question, answered, failed, not_found, refused, without_route
from flightctl.domain.route import RouteEntry
from flightctl.domain.strategy import Move, Strategy, next_move
from flightctl.errors import BadDesignator, ConfigurationError, FlightctlError, NotAllowed
from flightctl.services.local_tier import LocalTier
from flightctl.services.questions import question_of

if TYPE_CHECKING:
    from flightctl.domain.billing import Cause, Price
    from flightctl.services.paid_routes import Fetched
    from flightctl.services.shared_routes import SharedRoutes, Wanted
    from flightctl.services.single_flight import Landed

_AT_ONCE = 2000
"""Questions that are answered, and counted in one commit, before the first of their answers is handed out."""


class PrefixQuestion(NamedTuple):
    """Every flight that starts like this is asked for."""

    text: str
    query: AirlineQuery | PrefixQuery


Asked = Question | PrefixQuestion | Answer
"""An answer stands for what needs no look-up: a bad designator."""


class Upstream(NamedTuple):
    """The paid step as a look-up sees it: its name now, the thing itself only when it is needed."""

    name: str
    open: Callable[[], SharedRoutes]


class Snapshot(NamedTuple):
    """What the local tier holds for a chunk of questions."""

    found: Mapping[str, RouteEntry]
    absences: Mapping[str, datetime]

    def entry(self, question: Question) -> RouteEntry | None:
        """The confirmed entry, fresh or not."""
        for key in question.keys:
            if key in self.found:
                return self.found[key]
        return None

    def absent_until(self, question: Question, now: datetime) -> datetime | None:
        """Until when "no such flight" is remembered."""
        return next((until for until in self._absences(question) if now < until), None)

    def cause(self, question: Question) -> Cause:
        """Why upstream has to be asked."""
        from flightctl.domain.billing import Cause

        if self.entry(question) is not None:
            return Cause.EXPIRED
        return Cause.NEGATIVE_EXPIRED if any(self._absences(question)) else Cause.COLD

    def _absences(self, question: Question) -> Iterator[datetime]:
        return (self.absences[key] for key in question.keys if key in self.absences)


class Lookups:
    """Answers questions about flights; what that did and cost is in ``metrics``."""

    def __init__(
        self,
        local: LocalTier,
        upstream: Upstream,
        strategy: Strategy,
        clock: Callable[[], datetime],
        *,
        explained_price: Price | None = None,
    ) -> None:
        """With the price of a call, answers are explained."""
        self.local = local
        self.upstream = upstream
        self.strategy = strategy
        self.clock = clock
        self.metrics = Metrics()
        self.prefixes: list[PrefixSummary] = []
        self._price = explained_price
        self._bill = NO_BILL
        self._settled: dict[str, Answer] = {}

    def answers(self, texts: Iterable[str]) -> Iterator[Answer]:
        """Answer every text, in order: a designator, a bare airline or a prefix.

        What was counted is written down before the answers it counts are handed out.
        """
        waiting = iter(texts)
        while chunk := list(islice(waiting, _AT_ONCE)):
            held: list[Answer] = []
            calls = self.metrics.upstream_calls
            for answers in self._chunk(chunk):
                held += answers
                # A paid answer is not held back for the rest of its chunk, which may take long.
                if self.metrics.upstream_calls > calls:
                    yield from self._counted(held)
                    held, calls = [], self.metrics.upstream_calls
            yield from self._counted(held)

    def pay(self, cause: Cause, call: Callable[[SharedRoutes, Wanted], Landed[Fetched]]) -> Landed[Fetched]:
        """Make one paid call, or share somebody else's, and count it.

        Raises what the call raises, and ConfigurationError where no key is set.
        """
        self._bill = NO_BILL
        try:
            if self.local.obstacle is not None:
                # What cannot be written down is not paid for; and a batch waits for a locked file once.
                raise self.local.obstacle
            landed = self._billed(self.upstream.open(), self._wanted(cause), call)
        except FlightctlError as error:
            self._bill = self._bill._replace(failure=error.message)
            self.local.failed(error)
            raise
        self._bill = self._bill._replace(by_another=not landed.led)
        self.local.keep(landed.value.entries)
        # A file that would not take the answer will not take the counters either; it has been waited for once.
        if landed.value.trouble is not None:
            self.local.failed(landed.value.trouble)
        return landed

    def _billed(
        self, shared: SharedRoutes, wanted: Wanted, call: Callable[[SharedRoutes, Wanted], Landed[Fetched]]
    ) -> Landed[Fetched]:
        spending = shared.paid.spending
        paid_before = spending.paid
        try:
            return call(shared, wanted)
        finally:
            self.metrics.upstream_calls, self.metrics.upstream_errors = spending.calls, spending.errors
            self._bill = Bill(spending.paid - paid_before, spending.used, spending.account.budget.cap)

    def _wanted(self, cause: Cause) -> Wanted:
        """What somebody else may have stored that will do: with ``--refresh`` only what came in after we asked."""
        from flightctl.domain.billing import Cause
        from flightctl.services.shared_routes import Wanted

        now = self.clock()
        if self.strategy.refresh:
            return Wanted(now, now, Cause.BYPASSED)
        return Wanted(now - self.strategy.ttl, cause=cause if self.strategy.cache_enabled else Cause.BYPASSED)

    def _counted(self, answers: list[Answer]) -> list[Answer]:
        self.local.count(self.metrics.take_unwritten(), self.clock(), self.metrics.take_asks())
        return answers

    def _chunk(self, texts: list[str]) -> Iterator[list[Answer]]:
        asked = [self._read(text) for text in texts]
        snapshot = self._snapshot([one for one in asked if isinstance(one, Question)])
        for one in asked:
            if isinstance(one, PrefixQuestion):
                yield self._prefix(one)
                continue
            bypassed = isinstance(one, Question) and self._passes_by_the_cache(one)
            answer = self._answer(one, snapshot) if isinstance(one, Question) else one
            self.metrics.count(answer, bypassed=bypassed)
            yield [answer]

    def _passes_by_the_cache(self, question: Question) -> bool:
        """Whether upstream is asked whatever the cache holds; for what stands twice in a batch that is done once."""
        if self.strategy.cache_enabled and not self.strategy.refresh:
            return False
        return question.keys[0] not in self._settled

    def _prefix(self, question: PrefixQuestion) -> list[Answer]:
        from flightctl.services.prefix_lookup import PrefixLookup

        return PrefixLookup(self, question.text, question.query).answers()

    def _read(self, text: str) -> Asked:
        try:
            query = parse_query(text)
        except BadDesignator as error:
            return Answer(text, "", Outcome.ERROR, error=error)
        return question_of(self.local, text, query) if isinstance(query, Designator) else PrefixQuestion(text, query)

    def _snapshot(self, questions: list[Question]) -> Snapshot:
        if not self.strategy.cache_enabled:
            return Snapshot({}, {})
        choices = [question.keys for question in questions]
        found, now = self.local.entries_for(choices), self.clock()
        # Of the keys of a question the first that is found counts.
        best = {keys: next((found[key] for key in keys if key in found), None) for keys in choices}
        ttl = self.strategy.ttl
        doubtful = [keys for keys, entry in best.items() if entry is None or not is_fresh(entry.refreshed_at, now, ttl)]
        return Snapshot(found, self.local.absences(list(dict.fromkeys(key for keys in doubtful for key in keys))))

    def _answer(self, question: Question, snapshot: Snapshot) -> Answer:
        settled = self._settled.get(question.keys[0])
        if settled is not None:
            return self._again(question, settled)
        now = self.clock()
        found, absent_until = snapshot.entry(question), snapshot.absent_until(question, now)
        move = next_move(found, absent_until is not None, self.strategy, now)
        answer = self._move(move, question, snapshot)
        if self._price is None:
            return answer
        tiers = explanation.of_tiers(found, absent_until, self.strategy, now, self.local.asked(question.keys, found))
        why = explanation.of_move(move, self.upstream.name, self._bill)
        return answer._replace(explanation=(*tiers, why, explanation.of_price(move, self._bill, self._price)))

    def _move(self, move: Move, question: Question, snapshot: Snapshot) -> Answer:
        found = snapshot.entry(question)
        if move is Move.ANSWER and found:
            key = found.route.cache_key
            source, warning = self.local.source_of(key), self.local.warning_of(key)
            return answered(question, found, Outcome.HIT, source, self.strategy.ttl, warning)
        if move is Move.ASK:
            answer = self._settled[question.keys[0]] = self._ask(question, found, snapshot.cause(question))
            return answer
        if self.local.unreadable is not None:
            # What is in the cache is not known, so neither is that the flight is not in it.
            return without_route(question, Outcome.ERROR, self.local.unreadable, "", "")
        return refused(move, question, found, self.upstream.name)

    def _ask(self, question: Question, found: RouteEntry | None, cause: Cause) -> Answer:
        try:
            landed = self.pay(cause, lambda shared, wanted: shared.flight(question.asked, wanted))
        except NotAllowed as error:
            # With a remote, what the caller may is decided there.
            return without_route(question, Outcome.DENIED, error, "", "")
        except ConfigurationError as error:
            return failed(question, found, self.local.unreadable or error, self.strategy, "")
        except FlightctlError as error:
            return failed(question, found, error, self.strategy, self.upstream.name)
        return self._landed(question, found, landed)

    def _landed(self, question: Question, found: RouteEntry | None, landed: Landed[Fetched]) -> Answer:
        fetched, name, ttl = landed.value, self.upstream.name, self.strategy.ttl
        if not fetched.entries:
            return not_found(question, name) if landed.led else refused(Move.ANSWER_ABSENT, question, found, name)
        if not landed.led:
            return answered(question, fetched.entries[0], shared_outcome(landed.waited), self.local.shared_store, ttl)
        outcome = Outcome.REFRESHED if found else Outcome.MISS
        warning = f"not kept: {fetched.trouble.message}" if fetched.trouble else ""
        return answered(question, fetched.entries[0], outcome, name, ttl, warning)

    def _again(self, question: Question, settled: Answer) -> Answer:
        """A flight asked for twice in one run: answered twice, paid once."""
        again = settled._replace(query=question.text)
        if self._price is not None:
            again = again._replace(explanation=explanation.of_repetition(settled.entry is not None, self._price))
        kept = self.strategy.cache_enabled and not self.strategy.refresh and not self.local.trouble
        if kept and settled.outcome in (Outcome.MISS, Outcome.REFRESHED):
            return again._replace(outcome=Outcome.HIT, source=LOCAL)
        return again._replace(source=LOCAL) if kept and settled.outcome is Outcome.NOT_FOUND else again
