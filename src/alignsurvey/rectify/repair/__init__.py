"""Repaired predictions: a small pilot's corrections to what a simulator says of everybody.

`repair_predictions` does it by name; the classes behind the names are `Predictions` to
`Predictions`, and can be put one after the other.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alignsurvey.rectify.repair.chain import REPAIRS as REPAIRS
    from alignsurvey.rectify.repair.chain import Chain as Chain
    from alignsurvey.rectify.repair.chain import parse_repairs as parse_repairs
    from alignsurvey.rectify.repair.chain import refuse_trained as refuse_trained
    from alignsurvey.rectify.repair.chain import repair_predictions as repair_predictions
    from alignsurvey.rectify.repair.evidence import Evidence as Evidence
    from alignsurvey.rectify.repair.margin_files import read_margins as read_margins
    from alignsurvey.rectify.repair.mrp import Mrp as Mrp
    from alignsurvey.rectify.repair.quantile_map import QuantileMap as QuantileMap
    from alignsurvey.rectify.repair.quantile_map import map_quantiles as map_quantiles
    from alignsurvey.rectify.repair.rake import Rake as Rake
    from alignsurvey.rectify.repair.rake import RakedWeights as RakedWeights
    from alignsurvey.rectify.repair.rake import design_effect as design_effect
    from alignsurvey.rectify.repair.rake import rake_weights as rake_weights
    from alignsurvey.rectify.repair.structure import Structure as Structure
    from alignsurvey.rectify.repair.temperature import Temperature as Temperature
    from alignsurvey.rectify.repair.tilt import Tilt as Tilt
    from alignsurvey.rectify.repair.tilt import tilt_to as tilt_to

_HOME = {
    "REPAIRS": "chain",
    "Chain": "chain",
    "Evidence": "evidence",
    "Mrp": "mrp",
    "QuantileMap": "quantile_map",
    "Rake": "rake",
    "RakedWeights": "rake",
    "Structure": "structure",
    "Temperature": "temperature",
    "Tilt": "tilt",
    "design_effect": "rake",
    "map_quantiles": "quantile_map",
    "parse_repairs": "chain",
    "rake_weights": "rake",
    "read_margins": "margin_files",
    "refuse_trained": "chain",
    "repair_predictions": "chain",
    "tilt_to": "tilt",
}

__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"alignsurvey.rectify.repair.{_HOME[name]}"), name)
    raise AttributeError(f"module 'alignsurvey.rectify.repair' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
