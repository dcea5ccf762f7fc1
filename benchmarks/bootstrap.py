"""How long a grouped bootstrap takes: replicate weights against a loop over scikit-learn, scipy."""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wasserstein_distance
from sklearn.metrics import accuracy_score, f1_score

from alignsurvey.metrics import grouped_bootstrap, replicate_weights

OPTIONS = 5
SEED = 1


@dataclass(frozen=True)
class Task:
    """How much there is to do."""

    respondents: int
    items: int
    groupings: int
    replicates: int


FULL = Task(respondents=20_000, items=20, groupings=12, replicates=1_000)
SMALL = Task(respondents=400, items=5, groupings=3, replicates=50)


@dataclass(frozen=True)
class Answers:
    """Human and simulated options, respondents by items, and the groupings of respondents."""

    human: NDArray[np.int64]
    simulated: NDArray[np.int64]
    groups: dict[str, NDArray[np.int64]]


def make_answers(task: Task) -> Answers:
    """Answers that a simulator gets right about half the time, and groupings of 3 to 6 levels."""
    rng = np.random.default_rng(SEED)
    shape = (task.respondents, task.items)
    human = rng.choice(OPTIONS, shape, p=[0.1, 0.2, 0.3, 0.25, 0.15])
    simulated = np.where(rng.random(shape) < 0.4, human, rng.integers(0, OPTIONS, shape))
    groups = {
        f"group {place + 1}": rng.integers(0, 3 + place % 4, task.respondents)
        for place in range(task.groupings)
    }
    return Answers(human, simulated, groups)


def by_weights(answers: Answers, task: Task) -> NDArray[np.float64]:
    """Scores of all replicates by the public functions: (replicates, groups, 3)."""
    weights = replicate_weights(task.respondents, task.replicates, SEED)
    found = grouped_bootstrap(answers.human, answers.simulated, OPTIONS, answers.groups, weights)
    return np.concatenate(
        [np.stack([part.accuracy, part.macro_f1, part.w1], axis=-1) for part in found.values()],
        axis=1,
    )


def by_loop(answers: Answers, counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores of one replicate as one would write them: (groups, 3)."""
    drawn = np.repeat(np.arange(len(counts)), counts.astype(np.int64))
    human, simulated = answers.human[drawn], answers.simulated[drawn]
    scores = []
    for labels in answers.groups.values():
        label = labels[drawn]
        for level in np.unique(labels):
            truth, guess = human[label == level].ravel(), simulated[label == level].ravel()
            p, q = np.bincount(truth, minlength=OPTIONS), np.bincount(guess, minlength=OPTIONS)
            f1 = f1_score(truth, guess, labels=np.flatnonzero(p), average="macro", zero_division=0)
            distance = wasserstein_distance(range(OPTIONS), range(OPTIONS), p, q)
            scores.append([accuracy_score(truth, guess), f1, distance])
    return np.array(scores)


def time_weights(task: Task, repeats: int, kept: Path) -> dict[str, Any]:
    """Time the whole bootstrap several times; keep the first replicates to compare."""
    answers = make_answers(task)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        scores = by_weights(answers, task)
        seconds.append(time.perf_counter() - start)
    np.save(kept, scores[:repeats])
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "peak_gib": peak_kib / 1024**2}


def in_own_process(repeats: int, small: bool, kept: Path) -> dict[str, Any]:
    """Time ours in a process of its own, whose peak memory is then ours alone."""
    command = [sys.executable, __file__, "--repeats", str(repeats), "--keep", str(kept)]
    finished = subprocess.run(
        [*command, "--small"] if small else command, check=True, capture_output=True, text=True
    )
    measured: dict[str, Any] = json.loads(finished.stdout)
    return measured


def compare(task: Task, repeats: int, small: bool) -> dict[str, Any]:
    """Time both ways and compare their numbers on the replicates that the loop did."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "first.npy"
        ours = in_own_process(repeats, small, kept)
        first = np.load(kept)
    answers = make_answers(task)
    loop_seconds, difference = [], 0.0
    for scores, counts in zip(
        first, replicate_weights(task.respondents, repeats, SEED), strict=True
    ):
        start = time.perf_counter()
        expected = by_loop(answers, counts)
        loop_seconds.append(time.perf_counter() - start)
        difference = max(difference, float(np.abs(scores - expected).max()))
    ours_median, loop_median = float(np.median(ours["seconds"])), float(np.median(loop_seconds))
    return {
        "rows": task.respondents * task.items,
        "groupings": task.groupings,
        "groups": int(first.shape[1]),
        "replicates": task.replicates,
        "repeats": repeats,
        "weights_seconds": ours_median,
        "weights_seconds_each": ours["seconds"],
        "weights_peak_gib": ours["peak_gib"],
        "loop_seconds_per_replicate": loop_median,
        "loop_seconds_each": loop_seconds,
        "loop_seconds_extrapolated": loop_median * task.replicates,
        "speed_up": loop_median * task.replicates / ours_median,
        "largest_difference": difference,
        "numbers_agree": difference < 1e-9,
    }


def table(found: dict[str, Any]) -> str:
    """The comparison as text."""
    return "\n".join(
        [
            f"accuracy, macro-F1 and W1 of {found['groups']} groups ({found['groupings']} "
            f"groupings), {found['rows']:,} answers, {found['replicates']:,} replicates",
            f"  replicate weights   {found['weights_seconds']:10.2f} s   "
            f"measured, median of {found['repeats']}; peak {found['weights_peak_gib']:.2f} GiB",
            f"  loop                {found['loop_seconds_extrapolated']:10.0f} s   "
            f"extrapolated from {found['loop_seconds_per_replicate']:.2f} s a replicate, "
            f"median of {found['repeats']}",
            f"  speed-up            {found['speed_up']:10.0f} x",
            f"  largest difference  {found['largest_difference']:10.1e}     "
            f"on the {found['repeats']} replicates that both did",
        ]
    )


def main() -> None:
    """Print the comparison; fail when the numbers differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="repetitions of each way (5)")
    parser.add_argument("--small", action="store_true", help="a quick look, in seconds")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--keep", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    task = SMALL if arguments.small else FULL
    if arguments.keep:
        print(json.dumps(time_weights(task, arguments.repeats, arguments.keep)))
        return
    found = compare(task, arguments.repeats, arguments.small)
    print(json.dumps(found, indent=1) if arguments.json else table(found))
    if not found["numbers_agree"]:
        raise SystemExit("the two ways disagree")


if __name__ == "__main__":
    main()
