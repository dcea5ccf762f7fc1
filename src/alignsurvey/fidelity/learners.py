"""Which learner a study's simulator is: a baseline, a third party's, or a model to fine-tune."""

from __future__ import annotations

from alignsurvey.fidelity.study_parts import SimulatorSpec
from alignsurvey.simulators import resolve
from alignsurvey.simulators.protocols import Learner

__all__ = ["learner_of"]


def learner_of(spec: SimulatorSpec, seed: int) -> Learner:
    """Find the learner of a simulator; with ``train`` a model that is fine-tuned on each pilot.

    Raises
    ------
    InputError
        Its name or a key of ``train`` is unknown.

    Examples
    --------
    >>> learner_of(SimulatorSpec(use="baseline/logit"), seed=1).name
    'baseline/logit'
    """
    if spec.train is None:
        return resolve(spec.use, seed=seed)
    from alignsurvey.training.study_training import fine_tuned

    return fine_tuned(spec.use, spec.train, name=spec.name, seed=seed)
