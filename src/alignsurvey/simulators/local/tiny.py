"""A language model of some million parameters, made on the spot; it knows nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignsurvey.errors import InputError
from alignsurvey.randomness import stable_hash
from alignsurvey.tasks.queries import letters

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

__all__ = ["CHAT_TEMPLATE", "tiny_model"]

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}"
    "{% else %}{{ message['content'] + eos_token }}{% endif %}{{ '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
"""Turns between marks of their own; what the assistant says is marked for training on it alone."""

_PAD, _BOS, _EOS = "<|pad|>", "<|begin|>", "<|end|>"
_SPECIAL = [_PAD, _BOS, _EOS, "<|system|>", "<|user|>", "<|assistant|>"]
_PROBE = "About you:\nage: 64\n\nA. yes\nB. no\nAA. 是的，完全同意 ½ — ok 10 1"
_LABELS = "".join(f"{letter} {letter}\n" for letter in letters(26))
"""Each label is one token, alone and after a space, as in the tokenizers of real models."""
_SHAPE = {
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
}


def tiny_model(
    corpus: Iterable[str], folder: str | Path, *, tokens: int = 2048, seed: int = 0, **shape: float
) -> Path:
    """Make a Llama-type model with a tokenizer trained on a corpus, and save it.

    Weights are random: the model writes nonsense, but a real model's nonsense, with
    log-probabilities that add up, and it can be trained. It needs the extra ``local``.

    Parameters
    ----------
    corpus : iterable of str
        What the tokenizer learns from: prompts and answers as they will be.
    folder : str or Path
        Where ``AutoModelForCausalLM`` and ``AutoTokenizer`` find it then; made anew.
    tokens : int
        Size of the vocabulary at most.
    seed : int
        Of the weights.
    **shape : int or float
        Of `transformers.LlamaConfig`, such as ``hidden_size``; about 1.8 million parameters
        otherwise.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        The folder holds something, the vocabulary is too small, torch or transformers are not
        installed, or the saved tokenizer gives other tokens than the one that was trained.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder}: the folder holds something; name a new one")
    try:
        import torch
        from transformers import AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM
        from transformers.utils import logging
    except ImportError as error:
        raise InputError(
            f"a tiny model needs {error.name}; install it with pip install 'alignsurvey[local]'"
        ) from None
    tokenizer = _trained_tokenizer(corpus, tokens)
    ids = {"pad_token_id": tokenizer.pad_token_id, "bos_token_id": tokenizer.bos_token_id,
           "eos_token_id": tokenizer.eos_token_id}  # fmt: skip
    config = LlamaConfig(
        vocab_size=len(tokenizer), tie_word_embeddings=True, **ids, **{**_SHAPE, **shape}
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stable_hash(seed, "tiny model") % 2**63)
        model = LlamaForCausalLM(config)
    # Otherwise 50 tokens at most are drawn from, which no log-probability would show.
    model.generation_config = GenerationConfig(do_sample=True, top_k=0, top_p=1.0, **ids)
    folder.mkdir(parents=True, exist_ok=True)
    has_bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    model.save_pretrained(folder)
    if has_bar:
        logging.enable_progress_bar()
    tokenizer.save_pretrained(folder)
    _check_reloaded(tokenizer, AutoTokenizer.from_pretrained(folder), folder)
    return folder


def _trained_tokenizer(corpus: Iterable[str], tokens: int) -> PreTrainedTokenizerFast:
    """Train byte-level pair encoding, so that no text is unknown."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    if tokens < 256 + len(_SPECIAL):
        raise InputError(f"tokens={tokens}: 256 bytes and {len(_SPECIAL)} marks need more")
    learned = Tokenizer(models.BPE())
    learned.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learned.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=tokens,
        special_tokens=_SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    learned.train_from_iterator(chain([_LABELS] * 1000, corpus), trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=learned,
        pad_token=_PAD,
        bos_token=_BOS,
        eos_token=_EOS,
        extra_special_tokens=_SPECIAL[3:],
        model_max_length=_SHAPE["max_position_embeddings"],
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _check_reloaded(trained: Any, reloaded: Any, folder: Path) -> None:
    """Compare token ids: a saved tokenizer may come back as one of another kind, unsaid."""
    turns = [{"role": "system", "content": "…"}, {"role": "user", "content": _PROBE}]
    for text in (_PROBE, trained.apply_chat_template(turns, tokenize=False)):
        before, after = trained(text)["input_ids"], reloaded(text)["input_ids"]
        if before != after or reloaded.decode(after) != text:
            raise InputError(f"{folder}: the saved tokenizer gives other tokens when it is loaded")
    if reloaded.chat_template != trained.chat_template:
        raise InputError(f"{folder}: the saved tokenizer lost its chat template")
