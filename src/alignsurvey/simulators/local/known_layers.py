"""The layers of models whose kind is known, with their matrices as they are multiplied fastest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Layer", "innermost", "known_layers"]

_KINDS = ("LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM")
_ROTATIONS = ("default", "linear", "llama3", "yarn")
"""Whose angles do not depend on how long the longest row is."""
_MOST_COPIED = 1 << 30
"""Parameters of a model whose matrices may be kept a second time, as oneDNN likes them."""
Linear = Callable[[Any], Any]


@dataclass(frozen=True)
class Layer:
    """A layer of a model.

    Parameters
    ----------
    module : torch.nn.Module
    inward : callable
        To queries, keys and values, side by side.
    outward : callable
        From what was attended to.
    gated : callable
        To gate and values of the feed-forward part, side by side.
    down : callable
        From these.
    """

    module: Any
    inward: Linear
    outward: Linear
    gated: Linear
    down: Linear


def innermost(model: Any) -> Any:
    """Take the model itself out of what peft wraps it in."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def known_layers(model: Any) -> tuple[Layer, ...] | str:
    """Find the layers of a model of Llama's kind.

    On a CPU, in float32, their matrices are multiplied by oneDNN, which has kernels for all
    processors; torch itself calls MKL, which leaves some of them at half their speed.

    Parameters
    ----------
    model : transformers.PreTrainedModel or peft.PeftModel

    Returns
    -------
    tuple of Layer, or str
        In words which models these are that are not known.
    """
    inner = innermost(model)
    config = inner.config
    if type(inner).__name__ not in _KINDS or "transformers.models." not in type(inner).__module__:
        return f"models of the kind {config.model_type}"
    rotation = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
    if config.hidden_act != "silu" or rotation not in _ROTATIONS:
        return f"models with {config.hidden_act} and positions of the kind {rotation}"
    if len({one.device for one in inner.parameters()}) > 1:
        return "models on several devices"
    copied = sum(one.numel() for one in inner.parameters()) <= _MOST_COPIED
    return tuple(_layer(one, copied) for one in inner.model.layers)


def _layer(module: Any, copied: bool) -> Layer:
    attention, mlp = module.self_attn, module.mlp
    return Layer(
        module,
        _linear((attention.q_proj, attention.k_proj, attention.v_proj), copied),
        _linear((attention.o_proj,), copied),
        _linear((mlp.gate_proj, mlp.up_proj), copied),
        _linear((mlp.down_proj,), copied),
    )


def _linear(modules: Sequence[Any], copied: bool) -> Linear:
    """Give one function for linear modules side by side, by oneDNN where it can.

    Whatever an adapter or a quantization has put in their place is called as it is.
    """
    import torch

    onednn = torch.backends.mkldnn
    is_there = onednn.is_available() and onednn.enabled
    if not (copied and is_there and all(map(_is_plain, modules))):
        return lambda x: torch.cat([one(x) for one in modules], -1)
    with torch.inference_mode():
        weight = torch.cat([one.weight for one in modules])
        # These two are what torch.compile calls for linear modules on a CPU.
        packed = torch.ops.mkldnn._reorder_linear_weight(weight, None)
        biases = [torch.zeros(len(one.weight)) if one.bias is None else one.bias for one in modules]
        bias = None if all(one.bias is None for one in modules) else torch.cat(biases)
    multiplied = torch.ops.mkldnn._linear_pointwise
    return lambda x: multiplied(x, packed, bias, "none", [], "")


def _is_plain(module: Any) -> bool:
    import torch

    return (
        type(module) is torch.nn.Linear
        and module.weight.device.type == "cpu"
        and module.weight.dtype == torch.float32
    )
