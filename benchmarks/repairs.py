"""Prints the table of docs/repair.md: simulators with a known fault, before and after repairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import alignsurvey as als
from alignsurvey import metrics
from alignsurvey.predictions import Predictions, Provenance
from alignsurvey.rectify.repair import repair_predictions
from alignsurvey.rectify.repair.power import powered
from alignsurvey.simulators import cross_predict, planted, resolve
from alignsurvey.survey import Survey

ITEM, PROFILE, PILOT, REPLICATES = "selfLR", ["PID", "educ"], 100, 20
REPAIRS = [
    None, "temperature", "tilt", "tilt(slope)", "quantile_map",
    "structure", "tilt|structure", "mrp",
]  # fmt: skip


def simulators(people: Survey) -> dict[str, Predictions]:
    """A logit that leans to the left and is too sure, and two planted faults."""
    honest = cross_predict(resolve("baseline/logit", seed=1), people, [ITEM], PROFILE)
    lean = powered(honest.shares[ITEM], 1.5, -1.0 * np.arange(7))
    skewed = replace(
        honest, shares={ITEM: lean}, provenance=Provenance("skewed logit", "constructed")
    )
    return {
        "skewed logit": skewed,
        "caricature": planted("planted/caricature(1.8, 0.3)", people, [ITEM], PROFILE),
        "label bias": planted("planted/label_bias(0.3)", people, [ITEM]),
    }


def judged(predictions: Predictions, people: Survey) -> list[float]:
    """W1, correlation, slope on party over people's, log loss."""
    y, e, shares = people.scores(ITEM), predictions.expectation(ITEM), predictions.shares[ITEM]
    party = people.scores("PID")
    chosen = shares[np.arange(people.n), people.codes(ITEM)]
    return [
        float(metrics.w1(people.shares(ITEM), shares.mean(axis=0))),
        float(np.corrcoef(e, y)[0, 1]),
        float(np.polyfit(party, e, 1)[0] / np.polyfit(party, y, 1)[0]),
        float(-np.log(np.maximum(chosen, 1e-6)).mean()),
    ]


def main() -> None:
    """Print a row a simulator and repair."""
    anes = als.load_example("anes96")
    pilots = [anes.pilot(PILOT, seed) for seed in range(REPLICATES)]
    noise = [metrics.w1(anes.without(one).shares(ITEM), one.shares(ITEM)) for one in pilots]
    print(f"W1 of the pilot's own shares: {np.mean(noise):.2f}")
    print("| simulator | repair | W1 | r | slope | log loss |\n|---|---|---|---|---|---|")
    for name, simulated in simulators(anes).items():
        for repair in REPAIRS:
            rows = []
            for pilot in pilots:
                people = anes.without(pilot)
                answers = simulated.align(people.ids)
                if repair:
                    answers = repair_predictions(
                        answers, pilot, people, repair, profile=PROFILE, pilot_predictions=simulated
                    )
                rows.append(judged(answers, people))
            shown = " | ".join(f"{value:.2f}" for value in np.mean(rows, axis=0))
            print(f"| {name} | {(repair or 'none').replace('|', chr(92) + '|')} | {shown} |")


if __name__ == "__main__":
    main()
