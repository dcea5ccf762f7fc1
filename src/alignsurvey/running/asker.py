"""Asking on terms: a store, prices, a most that may be spent; and the bill afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from alignsurvey.errors import InputError, StoppedError
from alignsurvey.running.asking import ask_each
from alignsurvey.running.batches import BatchTerms, fill_by_batch
from alignsurvey.running.bills import Bill, Tally
from alignsurvey.running.costs import ModelPrice, Prices, money, packaged_prices
from alignsurvey.running.exchange import setting_of
from alignsurvey.running.pending import count_pending
from alignsurvey.running.plan_report import PlanReport, report_plan
from alignsurvey.running.standing import Standing, Stop
from alignsurvey.running.store import ReplyStore
from alignsurvey.simulators.endpoints import PROVIDERS, Endpoint
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.tasks.queries import Query, Reply

__all__ = ["Asker", "Plans"]

Plans = Sequence[tuple[Simulator, Iterable[Query]]]
Shown = Callable[[str, Standing, Mapping[str, int]], object]


@dataclass
class Asker:
    """Asks simulators on the terms of one run.

    `announce` says what everything would cost, and refuses what costs too much; `ask` asks one
    simulator, and stops where the terms say so; `bills` are what was asked and spent.

    Parameters
    ----------
    store_path : Path, optional
        The reply store; opened when it is first needed. Without it nothing is kept.
    prices : Prices, optional
        The packaged ones by default.
    max_cost : float, optional
        The most that the run may cost, in the currency of the prices.
    max_requests : int, optional
        The most queries that the run may ask.
    batch : BatchTerms, optional
        Whether, and how, the store is filled by provider batches.
    on_plan : callable, optional
        Is given the reports of `announce` before anything is asked, and may raise.
    shown : callable, optional
        Called as ``shown(simulator's name, standing, outcomes)`` while asking.

    Examples
    --------
    >>> from alignsurvey.tasks.queries import Message, Task
    >>> class Agreeable:
    ...     name = "agreeable"
    ...     def answer(self, queries):
    ...         return (Reply(query.id, "Yes.", finish_reason="stop") for query in queries)
    >>> plan = [Query(7, "vote", Task.RESPONSE, (Message("user", "Did you vote?"),))]
    >>> with Asker() as asker:
    ...     asker.announce([(Agreeable(), plan)])[0].new
    ...     replies = asker.ask(Agreeable(), plan)
    ...     asker.bills[0].outcomes
    1
    {'answered': 1}
    """

    store_path: Path | None = None
    prices: Prices | None = None
    max_cost: float | None = None
    max_requests: int | None = None
    batch: BatchTerms | None = None
    on_plan: Callable[[Sequence[PlanReport]], object] | None = None
    shown: Shown | None = None
    bills: list[Bill] = field(default_factory=list)
    _store: ReplyStore | None = None
    _was_opened: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    @property
    def spent(self) -> float:
        """What was spent so far."""
        return sum(bill.cost or 0.0 for bill in self.bills)

    @property
    def has_store(self) -> bool:
        """Whether a store was opened."""
        return self._was_opened

    @property
    def asked(self) -> int:
        """Queries that were asked so far."""
        return sum(bill.asked for bill in self.bills)

    def announce(self, plans: Plans) -> list[PlanReport]:
        """Say what asking would come to, of all simulators at once.

        Raises
        ------
        InputError
            It would cost more than it may, nobody knows what it would cost, or a hosted
            provider's key would go to another's address.
        """
        _check_addresses([simulator for simulator, _ in plans])
        reports = [
            report_plan(
                simulator, queries, store=self._opened(simulator, create=False),
                prices=self.prices, most=self.max_requests, batch=self.batch is not None,
            )
            for simulator, queries in plans
        ]  # fmt: skip
        if self.on_plan:
            self.on_plan(reports)
        _check_keys(
            simulator for (simulator, _), one in zip(plans, reports, strict=True) if one.new
        )
        self._refuse(reports)
        return reports

    def _refuse(self, reports: Sequence[PlanReport]) -> None:
        if self.max_cost is None:
            return
        for report in reports:
            if report.new and report.cost is None:
                raise _unknown_cost(report.simulator)
        costs = [report.cost for report in reports if report.cost]
        # What was handed to a provider in one piece cannot be stopped half-way.
        least = sum(cost.high if self.batch else cost.low for cost in costs)
        if costs and self.spent + least > self.max_cost:
            how = "may cost" if self.batch else "would cost at least"
            spent = f" after {money(self.spent)} that are spent" if self.spent else ""
            raise InputError(
                f"--max-cost {money(self.max_cost)}: asking {how} {money(least)} "
                f"{costs[0].currency}{spent}; allow that much, or ask less"
            )

    def ask(self, simulator: Simulator, queries: Iterable[Query]) -> dict[str, Reply]:
        """Ask a simulator and collect its replies, as `alignsurvey.running.ask` does.

        Raises
        ------
        StoppedError
            The terms did not allow to ask everything. What came is in the store.
        InputError
            As `alignsurvey.running.ask`.
        """
        plan = queries if isinstance(queries, Sequence) else list(queries)
        found = {reply.query: reply for _, reply in self.ask_each(simulator, plan)}
        return {query.id: found[query.id] for query in plan}

    def ask_each(
        self, simulator: Simulator, queries: Iterable[Query]
    ) -> Iterator[tuple[Query, Reply]]:
        """Ask a simulator and give each query with its reply, as replies come.

        With queries that are planned anew each time they are gone through, a million need no
        gigabytes; provider batches hold those that are missing.

        Raises
        ------
        StoppedError
            At the end, as `ask`.
        """
        plan = list(queries) if isinstance(queries, Iterator) else queries
        store = self._opened(simulator, create=True)
        if store is not None and self.batch is None:
            _refuse_beside_batches(simulator, store)
        tally = Tally(simulator, self._price(simulator), self._currency)

        def show(standing: Standing) -> None:
            tally.standing = standing
            if self.shown:
                self.shown(simulator.name, standing, tally.outcomes)

        try:
            limit = self._limit
            if self.batch is not None and store is not None:
                tally.filled = fill_by_batch(simulator, plan, store, self.batch, most=limit)
                limit = 0
            for query, reply in ask_each(
                simulator, plan, show, store=store, limit=limit,
                stop=self._stops(tally), price=tally.price.of if tally.price else None,
            ):  # fmt: skip
                tally.add(reply)
                yield query, reply
            for query in plan if tally.filled and tally.filled.failed else ():
                if reason := tally.failure(query.id):
                    reply = Reply(query.id, None, error=reason)
                    tally.add(reply)
                    yield query, reply
        finally:
            self.bills.append(tally.bill())
        self._check_complete(tally)

    def _check_complete(self, tally: Tally) -> None:
        """Refuse to take for complete what the terms kept from being asked."""
        if not tally.unasked:
            return
        total = tally.standing.total
        kept = f", kept in {self.store_path}" if self._store is not None else ""
        raise StoppedError(
            f"{tally.simulator.name}: stopped by {self._reason()}: {total - tally.unasked:,} of "
            f"{total:,} queries have replies{kept}; run the same command with more to go on"
        )

    def _reason(self) -> str:
        if self.max_requests is not None and self.asked >= self.max_requests:
            return f"--max-requests {self.max_requests}"
        return f"--max-cost {money(self.max_cost or 0.0)} ({money(self.spent)} spent)"

    def _stops(self, tally: Tally) -> Stop | None:
        """Stop where what was spent, with what is under way, comes to the most."""
        before, most = self.spent, self.max_cost
        if most is None:
            return None

        def is_over(standing: Standing) -> bool:
            if tally.price is None:
                raise _unknown_cost(tally.simulator.name)
            cost = standing.cost or 0.0
            each = cost / max(standing.answered, 1)
            return before + cost + (standing.under_way + 1) * each > most

        return is_over

    @property
    def _limit(self) -> int | None:
        return None if self.max_requests is None else max(self.max_requests - self.asked, 0)

    def _price(self, simulator: Simulator) -> ModelPrice | None:
        return (self.prices or packaged_prices()).find(simulator.name)

    @property
    def _currency(self) -> str:
        return (self.prices or packaged_prices()).currency

    def _opened(self, simulator: Simulator, *, create: bool) -> ReplyStore | None:
        if self.store_path is None or setting_of(simulator) is None:
            return None
        if self._store is None and (create or self.store_path.exists()):
            if create:
                self.store_path.parent.mkdir(parents=True, exist_ok=True)
            self._store = ReplyStore(self.store_path)
            self._was_opened = True
        return self._store


def _check_keys(simulators: Iterable[Simulator]) -> None:
    """Tell a missing key before anyone is asked; replies that are kept need none."""
    for simulator in simulators:
        if isinstance(simulator, Endpoint):
            simulator.find_key()


def _check_addresses(simulators: Sequence[Simulator]) -> None:
    """Refuse one base URL for a server of one's own and a hosted provider, whose key it would get.

    Raises
    ------
    InputError
    """
    found = [one for one in simulators if isinstance(one, Endpoint)]
    for one in found:
        address, usual = one.provider.base_url, PROVIDERS[one.provider.name].base_url
        others = [other.name for other in found if other.provider.base_url == address
                  and other.provider.name != one.provider.name]  # fmt: skip
        if address != usual and not one.provider.is_local and others:
            raise InputError(
                f"{one.name}: its key would be sent to {address}, the address of '{others[0]}'; "
                "give each its base_url in the study, or ask them in two runs"
            )


def _refuse_beside_batches(simulator: Simulator, store: ReplyStore) -> None:
    setting = setting_of(simulator)
    if setting is not None and (n := count_pending(store, setting.content)):
        raise InputError(
            f"{simulator.name}: {n} of its batches are under way; add --batch to fetch them, or "
            "their questions would be asked and billed twice"
        )


def _unknown_cost(simulator: str) -> InputError:
    return InputError(
        f"--max-cost: the cost of '{simulator}' is unknown; add its price to a file and name it by "
        "--prices"
    )
