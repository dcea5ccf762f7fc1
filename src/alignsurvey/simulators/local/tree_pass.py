"""A pass through a model over a prefix tree: each token once, and the last layer at answers alone.

It is written for models of one kind, those of Llama and its likes, and computes what they compute:
tokens of all branches stand in one row without padding, each attends to what comes before it on its
own way from the root. Keys and values of the last layer are all that an answer needs of the tokens
before it: the rest of that layer is computed where something is read off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey.simulators.local.known_layers import Layer, innermost, known_layers
from alignsurvey.simulators.local.prefix_tree import Places, PrefixTree

__all__ = ["TreePass", "find_tree_pass"]

_KEYS_AT_ONCE = {"cpu": 8192, "cuda": 131072, "mps": 32768}
"""Keys that are gathered for one step of attention, so that they fit into a cache or memory."""
_LOGITS_AT_ONCE = 1 << 24


@dataclass(frozen=True)
class _Group:
    """Branches of about one length that attend at once.

    Parameters
    ----------
    queries : tensor of int, shape (rows, longest)
        Places of the tokens that attend; padded with the first.
    keys : tensor of int, shape (rows, keys)
        Places of the tokens on their way from the root; padded likewise.
    mask : tensor, shape (rows, 1, heads for each key * longest, keys)
        What is added to scores: 0 up to the token itself, and minus infinity after it.
    """

    queries: Any
    keys: Any
    mask: Any


@dataclass(frozen=True)
class TreePass:
    """A model whose layers are known; `find_tree_pass` makes one.

    Parameters
    ----------
    model : transformers.PreTrainedModel
    layers : tuple of Layer
    window : int, optional
        Tokens on which a token attends at most.
    """

    model: Any
    layers: tuple[Layer, ...]
    window: int | None = None

    @property
    def device(self) -> Any:
        """Where it is computed."""
        return self.model.get_input_embeddings().weight.device

    def bears(self, longest: int) -> bool:
        """Whether sequences of this length are seen whole."""
        return self.window is None or longest <= self.window

    def log_probabilities(
        self, tree: PrefixTree, answers: Sequence[tuple[int, int]], asked: Sequence[Places]
    ) -> list[NDArray[np.float64]]:
        """Compute log-probabilities of tokens at some places of a tree.

        Parameters
        ----------
        tree : PrefixTree
        answers : sequence of (sequence, position)
            After which token of which sequence something is read off.
        asked : sequence of array of int
            Which tokens' log-probabilities are wanted there.

        Returns
        -------
        list of array
            One for each answer, in the order of its tokens.
        """
        import torch

        with torch.inference_mode():
            hidden = self._hidden(tree, answers)
            most = max(1, _LOGITS_AT_ONCE // self.model.config.vocab_size)
            found = []
            for start in range(0, len(answers), most):
                part = asked[start : start + most]
                rows = np.repeat(np.arange(len(part)), [len(one) for one in part])
                logs = self.model.lm_head(hidden[start : start + most]).float().log_softmax(-1)
                wanted = logs[self._tensor(rows), self._tensor(np.concatenate(part))]
                values = wanted.cpu().numpy().astype(np.float64)
                found.extend(np.split(values, np.cumsum([len(one) for one in part])[:-1]))
        return found

    def _hidden(self, tree: PrefixTree, answers: Sequence[tuple[int, int]]) -> Any:
        import torch

        inner = self.model.model
        ids, positions = self._tensor(tree.ids), self._tensor(tree.positions)
        hidden = inner.embed_tokens(ids)
        turns = [one[0, :, None] for one in inner.rotary_emb(hidden[None], positions[None])]
        groups, order = self._groups(tree, hidden.dtype)
        scale = self.layers[0].module.self_attn.scaling
        for layer in self.layers[:-1]:
            queries, keys, values = self._projected(layer, hidden, turns)
            parts = [_attended(one, queries, keys, values, scale) for one in groups]
            hidden = _after_attention(layer, hidden, torch.cat(parts).index_select(0, order))
        # Of the last layer only answers are needed, and keys and values of what comes before them.
        ways = [tree.way(sequence)[: position + 1] for sequence, position in answers]
        lasts = self._tensor(np.array([one[-1] for one in ways]))
        groups, order = self._answer_groups(ways, hidden.dtype)
        queries, keys, values = self._projected(self.layers[-1], hidden, turns)
        parts = [_attended(one, queries, keys, values, scale) for one in groups]
        read = torch.cat(parts).index_select(0, order)
        return inner.norm(_after_attention(self.layers[-1], hidden[lasts], read))

    def _projected(self, layer: Layer, hidden: Any, turns: Sequence[Any]) -> tuple[Any, Any, Any]:
        """Give queries, keys and values, each of shape (tokens, heads, width)."""
        attention = layer.module.self_attn
        width = attention.head_dim
        heads = layer.inward(layer.module.input_layernorm(hidden)).unflatten(-1, (-1, width))
        served = self.model.config.num_key_value_heads
        asking = heads.shape[1] - 2 * served
        queries, keys, values = heads.split([asking, served, served], 1)
        if hasattr(attention, "q_norm"):
            queries, keys = attention.q_norm(queries), attention.k_norm(keys)
            return _turned(queries, *turns), _turned(keys, *turns), values
        both = _turned(heads[:, : asking + served], *turns)
        return both[:, :asking], both[:, asking:], values

    def _groups(self, tree: PrefixTree, dtype: Any) -> tuple[list[_Group], Any]:
        """Bring stretches of like length together; also the place of each token in the result."""
        most = _KEYS_AT_ONCE[self.device.type]
        found, order, begun = [], np.empty(len(tree.ids), dtype=np.int64), 0
        ways = sorted(zip(tree.lengths, tree.stretches, strict=True), key=lambda one: -one[0])
        while ways:
            longest = ways[0][0]
            rows = _alike([own for own, _ in ways], [len(way) for _, way in ways], most)
            part, ways = ways[:rows], ways[rows:]
            queries = np.zeros((rows, longest), dtype=np.int64)
            for row, (own, way) in enumerate(part):
                queries[row, :own] = way[-own:]
                order[way[-own:]] = begun + row * longest + np.arange(own)
            starts = np.array([len(way) - own for own, way in part])
            found.append(self._group(queries, starts, [way for _, way in part], dtype))
            begun += rows * longest
        return found, self._tensor(order)

    def _answer_groups(self, ways: Sequence[Places], dtype: Any) -> tuple[list[_Group], Any]:
        """Bring answers together whose ways are of like length."""
        most = _KEYS_AT_ONCE[self.device.type]
        found, order, begun = [], np.empty(len(ways), dtype=np.int64), 0
        places = sorted(range(len(ways)), key=lambda one: -len(ways[one]))
        while begun < len(places):
            keys = len(ways[places[begun]])
            part = places[begun : begun + max(1, most // keys)]
            own = [ways[one] for one in part]
            queries = np.array([[one[-1]] for one in own])
            starts = np.array([len(one) - 1 for one in own])
            found.append(self._group(queries, starts, own, dtype))
            order[part] = begun + np.arange(len(part))
            begun += len(part)
        return found, self._tensor(order)

    def _group(self, queries: Places, starts: Places, ways: Sequence[Places], dtype: Any) -> _Group:
        import torch

        keys = np.zeros((len(ways), max(map(len, ways))), dtype=np.int64)
        for row, way in enumerate(ways):
            keys[row, : len(way)] = way
        ends = self._tensor(starts[:, None] + np.arange(queries.shape[1]))
        after = torch.arange(keys.shape[1], device=self.device) > ends[:, :, None]
        mask = torch.zeros(after.shape, dtype=dtype, device=self.device)
        mask = mask.masked_fill_(after, -torch.inf)
        config = self.model.config
        each = config.num_attention_heads // config.num_key_value_heads
        shape = (len(ways), 1, each * queries.shape[1], keys.shape[1])
        spread = mask[:, None, None].expand(-1, -1, each, -1, -1).reshape(shape)
        return _Group(self._tensor(queries), self._tensor(keys), spread)

    def _tensor(self, values: Places) -> Any:
        import torch

        return torch.from_numpy(values).to(self.device)


def find_tree_pass(model: Any) -> TreePass | str:
    """Find the layers of a model, if its kind is known.

    Parameters
    ----------
    model : transformers.PreTrainedModel or peft.PeftModel

    Returns
    -------
    TreePass or str
        In words for which models there is none.
    """
    found = known_layers(model)
    if isinstance(found, str):
        return found
    inner = innermost(model)
    config = inner.config
    slides = "sliding_attention" in (getattr(config, "layer_types", None) or ["sliding_attention"])
    window = getattr(config, "sliding_window", None) if slides else None
    return TreePass(inner, found, window)


def _turned(heads: Any, cosines: Any, sines: Any) -> Any:
    """Turn halves of each head by the angles of its position (RoFormer, arXiv 2104.09864)."""
    half = heads.shape[-1] // 2
    first, second = heads[..., :half], heads[..., half:]
    turned = heads * cosines
    turned[..., :half].addcmul_(second, sines[..., :half], value=-1)
    turned[..., half:].addcmul_(first, sines[..., half:])
    return turned


def _attended(group: _Group, queries: Any, keys: Any, values: Any, scale: float) -> Any:
    """Attend, the heads that share keys side by side; shape (rows * longest, width of all)."""
    import torch

    rows, longest = group.queries.shape
    served, width = keys.shape[1:]

    def gathered(which: Any, of: Any) -> Any:
        return of.index_select(0, which.flatten()).view(rows, which.shape[1], -1, width)

    asking = gathered(group.queries, queries).unflatten(2, (served, -1)).permute(0, 2, 3, 1, 4)
    each = asking.shape[2]
    found = torch.nn.functional.scaled_dot_product_attention(
        asking.reshape(rows, served, each * longest, width),
        gathered(group.keys, keys).transpose(1, 2),
        gathered(group.keys, values).transpose(1, 2),
        attn_mask=group.mask,
        scale=scale,
    )
    apart = found.view(rows, served, each, longest, width).permute(0, 3, 1, 2, 4)
    return apart.reshape(rows * longest, served * each * width)


def _after_attention(layer: Layer, hidden: Any, attended: Any) -> Any:
    import torch

    hidden = hidden + layer.outward(attended)
    gate, up = layer.gated(layer.module.post_attention_layernorm(hidden)).chunk(2, -1)
    return hidden + layer.down(torch.nn.functional.silu(gate).mul_(up))


def _alike(lengths: Sequence[int], ways: Sequence[int], most_keys: int) -> int:
    """Count the first rows, longest first, of about one length whose keys can be gathered."""
    keys = 0
    for rows, (length, way) in enumerate(zip(lengths, ways, strict=True)):
        keys = max(keys, way)
        if rows and (length < 0.75 * lengths[0] - 4 or keys * (rows + 1) > most_keys):
            return rows
    return len(lengths)
