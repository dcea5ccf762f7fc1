"""Models and words that mean nothing, for prompts as long as released ones."""

from __future__ import annotations

from alignsurvey.randomness import generator

SHAPES: dict[str, dict[str, int]] = {
    "1.6M": {"hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 3,
             "num_attention_heads": 6, "num_key_value_heads": 2},
    "5M": {"hidden_size": 320, "intermediate_size": 864, "num_hidden_layers": 4,
           "num_attention_heads": 10, "num_key_value_heads": 2},
    "100M": {"hidden_size": 768, "intermediate_size": 2304, "num_hidden_layers": 14,
             "num_attention_heads": 12, "num_key_value_heads": 4},
}  # fmt: skip
SIGNS = "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因很给名法间斯知世什两次使身者被高已亲其进此话常与活正感"  # noqa: E501
FIELDS = (6, 4, 4, 6, 4, 6, 5, 8, 9, 38)
"""Characters of the attributes' names as released; their values have up to eight."""
WORDS = [SIGNS[place : place + 1 + place % 3] for place in range(len(SIGNS) - 2)]
"""Words of one to three signs, so that a tokenizer finds about as many tokens as in real text."""


def made_up(n: int, *key: object) -> str:
    """Give n signs in words that mean nothing, the same for the same key."""
    lots = generator(*(str(one) for one in key)).integers(len(WORDS), size=n)
    return "".join(WORDS[one] for one in lots)[:n]
