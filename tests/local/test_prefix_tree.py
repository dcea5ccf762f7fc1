"""Prefix trees: each sequence is found again, and nothing that is shared is in them twice."""

from __future__ import annotations

from itertools import takewhile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.simulators.local.prefix_tree import common_tokens, prefix_tree

tokens = st.lists(st.integers(0, 2), min_size=1, max_size=9).map(tuple)


@given(st.lists(tokens, max_size=12))
def test_each_sequence_is_found_again_and_each_beginning_is_there_once(sequences):
    tree = prefix_tree(sequences)
    for place, one in enumerate(sequences):
        way = tree.way(place)
        assert tuple(tree.ids[way]) == one
        assert np.array_equal(tree.positions[way], np.arange(len(one)))
    beginnings = {one[:end] for one in sequences for end in range(1, len(one) + 1)}
    assert len(tree.ids) == len(beginnings) == sum(tree.lengths)


@given(tokens, tokens)
def test_common_tokens_are_those_of_the_longest_common_beginning(one, other):
    alike = takewhile(lambda both: both[0] == both[1], zip(one, other, strict=False))
    assert common_tokens(one, other) == len(list(alike))
