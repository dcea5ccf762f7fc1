"""The study itself: draw the pilot, fit what learns from it, predict the others, score them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

from alignsurvey.fidelity.asking import Terms, ask_study, asked_simulators, plan_asking
from alignsurvey.fidelity.repairing import check_pilot
from alignsurvey.fidelity.result import FidelityResult
from alignsurvey.fidelity.scoring import Round, score
from alignsurvey.fidelity.setup import Setup, prepare
from alignsurvey.fidelity.sources import load_survey
from alignsurvey.fidelity.study import Study
from alignsurvey.fidelity.tables import assemble
from alignsurvey.predictions import Predictions
from alignsurvey.randomness import stable_hash
from alignsurvey.rectify.repair import design_effect
from alignsurvey.survey.survey import Survey

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what is being done."""

Keep = Callable[[int, str, int, Predictions], None]
"""Called with replicate, simulator, seed of the draws, and predictions."""


def run_study(
    study: Study,
    survey: Survey | None = None,
    progress: Progress | None = None,
    keep: Keep | None = None,
    workers: int = 1,
    terms: Terms | None = None,
) -> FidelityResult:
    """Ask how far simulators' answers are from people's.

    For each replicate a pilot is drawn; learners are fitted on it; the simulators answer for
    everybody else, who judge them on three axes: whether predictors relate to outcomes as they do
    in people (structural), whether answers are distributed as people's (marginal), and whether
    each person's own answer is found (individual). With ``pilot: none`` everybody judges, and
    learners are fitted on the other folds.

    Parameters
    ----------
    study : Study
    survey : Survey, optional
        Instead of the one that the study names.
    progress : callable, optional
        Called as ``progress(done, total, what)``.
    keep : callable, optional
        Called as ``keep(replicate, simulator, seed, predictions)`` with each simulator's answers.
    workers : int
        Processes that share the replicates; the numbers do not depend on it. More than one needs
        the caller's script to be importable (``if __name__ == "__main__":``).
    terms : Terms, optional
        On what terms language models are asked; by default without a store.

    Returns
    -------
    FidelityResult

    Raises
    ------
    InputError
        Something in the study, the survey or a recording is wrong.
    EndpointError
        A language model cannot be asked.

    References
    ----------
    arXiv 2606.28963.

    Examples
    --------
    >>> study = Study.parse({
    ...     "survey": {"example": "anes96"}, "profile": ["age", "educ", "PID"], "items": ["vote"],
    ...     "simulators": ["baseline/logit"], "pilot": {"n": 100, "replicates": 2}})
    >>> result = run_study(study)
    >>> accuracy = result.scores.filter(metric="accuracy", variant="expectation")
    >>> 0.8 < accuracy["value"].item() < 0.95
    True
    """
    check_pilot(study)
    terms = terms or Terms()
    simulators = asked_simulators(study, terms)
    setup = prepare(study, survey if survey is not None else load_survey(study), simulators)
    with terms.asker:
        planned = plan_asking(study, setup.survey, simulators, terms)
        setup = replace(setup, asked=ask_study(planned, setup.survey))
    return run_prepared(setup, progress, keep, workers)


def run_prepared(
    setup: Setup,
    progress: Progress | None = None,
    keep: Keep | None = None,
    workers: int = 1,
) -> FidelityResult:
    """Run a study that was prepared; see `run_study`."""
    study, total = setup.study, Round()
    for what, name, reason in setup.left_out:
        total.ledger.leave_out(what, name, reason)
    rounds = study.pilot.replicates if study.pilot else 1
    steps = rounds * len(setup.lines)
    with closing(_rounds(setup, rounds, min(workers, rounds), progress, keep)) as results:
        for done, result in enumerate(results, 1):
            total.absorb(result)
            if progress:
                progress(done * len(setup.lines), steps, f"pilot {done} of {rounds}")
    return assemble(setup, total)


def _rounds(
    setup: Setup, rounds: int, workers: int, progress: Progress | None, keep: Keep | None
) -> Generator[Round]:
    """Give the replicates' results in order, from this process or from several."""
    if workers <= 1:
        with _one_thread():
            for replicate in range(rounds):
                yield play(setup, replicate, progress, keep)
        return
    with get_context("spawn").Pool(workers, _start, (setup, keep is not None)) as pool:
        for result in pool.imap(_play_one, range(rounds)):
            if keep:
                for answers in result.answers:
                    keep(*answers)
                result.answers.clear()
            yield result


_worker: dict[str, Any] = {}
"""What a worker process was started with; empty in the main process."""


def _start(setup: Setup, keeps: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process stops its workers
    _worker.update(setup=setup, keeps=keeps, threads=_one_thread())


def _play_one(replicate: int) -> Round:
    answers: list[tuple[int, str, int, Predictions]] = []
    keep = (lambda *one: answers.append(one)) if _worker["keeps"] else None
    result = play(_worker["setup"], replicate, None, keep)
    result.answers.extend(answers)
    return result


def _one_thread() -> AbstractContextManager[object]:
    """Linear algebra in one thread: the matrices are small, and sums keep their order."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits


def play(
    setup: Setup, replicate: int, progress: Progress | None = None, keep: Keep | None = None
) -> Round:
    """Play one replicate: draw the pilot, fit, predict, score."""
    found, study, lines = Round(), setup.study, setup.lines
    rounds = study.pilot.replicates if study.pilot else 1
    judges, pilot = setup.judges(replicate)
    found.judges_n = judges.people.n
    for group, target in judges.too_small():
        reason = f"fewer than {study.minimum_n} judges answered '{target}'"
        found.ledger.leave_out("group", group, reason)
    for index, line in enumerate(lines):
        if progress:
            progress(replicate * len(lines) + index, rounds * len(lines), line.name)
        seed = stable_hash(study.seed, "draw", replicate, line.spec.use) >> 32
        if line.repair is None:
            raw = predictions = setup.predictions(line.spec, pilot, judges.people, seed)
        else:
            assert pilot is not None  # a study without one names no repair
            predictions, notes = setup.repaired(line, raw, pilot, judges.people, seed)
            for note in notes:
                found.ledger.leave_out("repair", line.name, note)
        found.elicited[line.name] = predictions.provenance.by
        found.certain[line.name] = predictions.is_certain
        if predictions.weights is not None:
            effect = design_effect(predictions.weights)
            found.design_effects.setdefault(line.name, []).append(effect)
        if keep and line.name in setup.listed:
            keep(replicate, line.name, seed, predictions)
        gaps = found.gaps if line.name in setup.listed else None
        score(judges, predictions, line.name, seed, found.ledger, gaps)
    return found
