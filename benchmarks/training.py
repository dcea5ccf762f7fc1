"""Items a second of fine-tuning: ours against TRL's SFTTrainer, on one thread.

Both train the same LoRA adapter (rank 8, all linear layers, the same first weights) on the same
tokens with the same updates' size, learning rate, schedule and epochs, by cross-entropy of the
answer's tokens. TRL gets its data tokenized beforehand and without gradient checkpointing; ours
encodes its prompts within the time that is measured, as it does to shuffle options anew.

Prompts have the lengths of CHIP 2018's as released: a profile of ten attributes and questions with
three options, in Chinese; every word is made up. Answers depend on one attribute, with noise.
What is compared: items a second, the loss of the first and last tenth of the updates, and the log
loss of the answers of people who did not train, computed by one function for both. "ours, one a
row" computes every prompt whole: the same training without packing. On a CPU time is the process's
CPU seconds, so that what else runs there does not count.

Run it with: python benchmarks/training.py [--json] [--people 160] [--questions 8] [--seeds 1]
On a GPU: python benchmarks/training.py --device cuda --dtype bfloat16 --parameters 100M
It needs the extra local, and trl and datasets.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

try:
    import torch
except ImportError:
    print("skipped: training needs torch (extra local)")
    raise SystemExit(0) from None

from made_up import FIELDS, SHAPES, made_up

from alignsurvey.randomness import generator
from alignsurvey.simulators.local.loading import Loading, load_model
from alignsurvey.tasks.queries import Message
from alignsurvey.testing import tiny_model
from alignsurvey.training.encoding import Example, encode
from alignsurvey.training.examples import Exchange
from alignsurvey.training.loop import train
from alignsurvey.training.lora import Lora, with_lora
from alignsurvey.training.losses import Sft
from alignsurvey.training.packing import answer_logits, make_batch
from alignsurvey.training.settings import Settings

HELD_OUT = 40


def exchanges(people: range, questions: int) -> list[Exchange]:
    """Make the prompts and answers; the fifth attribute has three values and decides."""
    names = [made_up(n, "field", place) for place, n in enumerate(FIELDS)]
    kinds = [made_up(2, "kind", place) for place in range(3)]
    found = []
    for person in people:
        lot = generator("person", person)
        kind = int(lot.integers(3))
        values = [made_up(int(lot.integers(1, 7)), "value", person, one) for one in names]
        values[4] = kinds[kind]
        profile = "\n".join(f"{one}: {value}" for one, value in zip(names, values, strict=True))
        head = f"{made_up(26, 'h')}。\n{made_up(6, 'you')}：\n{profile}\n\n{made_up(4, 'ask')}：\n"
        for item in range(questions):
            texts = [made_up(2 + place, "option", item, place) for place in range(3)]
            listed = "\n".join(f"{one}. {text}" for one, text in zip("ABC", texts, strict=True))
            asked = made_up(16 + 2 * (item % 5), "question", item)
            text = f"{head}{asked}？\n{made_up(2, 'o')}：\n{listed}\n\n{made_up(9, 'end')}："
            place = (kind + item) % 3 if lot.random() < 0.85 else int(lot.integers(3))
            found.append(Exchange((Message("user", text),), f"{'ABC'[place]}. {texts[place]}",
                                  person, f"q{item}"))  # fmt: skip
    return found


@dataclass(frozen=True)
class Exchanges:
    """Exchanges that are encoded when they are needed."""

    exchanges: Sequence[Exchange]
    chat: Any

    def __len__(self) -> int:
        return len(self.exchanges)

    @property
    def respondents(self) -> list[Any]:
        return [one.respondent for one in self.exchanges]

    @property
    def sizes(self) -> list[int]:
        return [one.size for one in self.exchanges]

    def encoded(self, places: Sequence[int], epoch: int) -> list[Example]:
        return encode([self.exchanges[place] for place in places], self.chat)


@dataclass(frozen=True)
class Setup:
    """What all ways have in common."""

    folder: Path
    device: str
    dtype: str
    settings: Settings
    learning: Sequence[Exchange] = field(repr=False)
    held: Sequence[Exchange] = field(repr=False)

    def model(self) -> Any:
        loaded = load_model(Loading(str(self.folder), dtype=self.dtype, device=self.device))
        loaded.model.requires_grad_(False)
        return loaded.chat, with_lora(loaded.model, Lora())

    def held_loss(self, model: Any, chat: Any) -> float:
        """Mean log loss of answer tokens of people who did not train, in nats."""
        model.eval()
        examples = encode(self.held, chat)
        total = tokens = 0.0
        with torch.no_grad():
            for start in range(0, len(examples), 16):
                batch = make_batch([[one] for one in examples[start : start + 16]], 0, self.device)
                with torch.autocast(self.device, torch.bfloat16, self.dtype == "bfloat16"):
                    logits = answer_logits(model, batch)
                total += float(Sft()(logits, batch)) * len(batch.answers)
                tokens += len(batch.answers)
        return total / tokens


def ours(setup: Setup, **changed: Any) -> tuple[list[float], float, float]:
    chat, model = setup.model()
    settings = Settings(**{**vars(setup.settings), **changed})
    started = _now(setup.device)
    trained = train(model, Exchanges(setup.learning, chat), settings, Sft())
    seconds = _now(setup.device) - started
    return list(trained.losses), seconds, setup.held_loss(model, chat)


def trls(setup: Setup) -> tuple[list[float], float, float]:
    from datasets import Dataset, disable_progress_bars
    from trl import SFTConfig, SFTTrainer

    disable_progress_bars()
    chat, model = setup.model()
    rows = [
        {
            "input_ids": [*one.prompt_ids.tolist(), *one.answer_ids.tolist()],
            "completion_mask": [0] * len(one.prompt_ids) + [1] * len(one.answer_ids),
        }
        for one in encode(setup.learning, chat)
    ]
    settings = setup.settings
    steps = -(-len(rows) // settings.effective_batch) * settings.epochs
    with tempfile.TemporaryDirectory() as out:
        config = SFTConfig(
            output_dir=out, per_device_train_batch_size=settings.effective_batch,
            num_train_epochs=settings.epochs, learning_rate=settings.learning_rate,
            lr_scheduler_type="cosine", warmup_steps=int(np.ceil(settings.warmup_share * steps)),
            gradient_checkpointing=False, bf16=setup.dtype == "bfloat16",
            use_cpu=setup.device == "cpu", logging_steps=1, save_strategy="no", report_to="none",
            disable_tqdm=True, completion_only_loss=True, max_length=2048, seed=settings.seed,
            dataloader_pin_memory=False,
        )  # fmt: skip
        trainer = SFTTrainer(
            model, args=config, train_dataset=Dataset.from_list(rows),
            processing_class=chat.tokenizer,
        )  # fmt: skip
        trainer.remove_callback(_printer())
        started = _now(setup.device)
        trainer.train()
        seconds = _now(setup.device) - started
        losses = [one["loss"] for one in trainer.state.log_history if "loss" in one]
    return losses, seconds, setup.held_loss(trainer.model, chat)


def _printer() -> Any:
    from transformers import PrinterCallback

    return PrinterCallback


def _now(device: str) -> float:
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def report(setup: Setup, seeds: int) -> dict[str, Any]:
    """Run every way with every seed; medians, and the spread of the held-out loss."""
    items = len(setup.learning) * setup.settings.epochs
    ways: dict[str, Callable[[Setup], tuple[list[float], float, float]]] = {
        "TRL SFTTrainer": trls,
        "ours, one a row": lambda one: ours(one, pack=1),
        "ours": ours,
    }
    found: dict[str, Any] = {}
    for name, way in ways.items():
        runs = []
        for seed in range(seeds):
            own = Settings(**{**vars(setup.settings), "seed": 42 + seed})
            runs.append(way(Setup(**{**vars(setup), "settings": own})))
            _, seconds, held = runs[-1]
            rate = items / seconds
            print(f"{name}, seed {seed}: {rate:.1f}/s, held out {held:.4f}", file=sys.stderr)
        tenth = max(1, len(runs[0][0]) // 10)
        found[name] = {
            "items_per_second": round(items / statistics.median(one[1] for one in runs), 1),
            "first_loss": round(statistics.mean(np.mean(one[0][:tenth]) for one in runs), 4),
            "last_loss": round(statistics.mean(np.mean(one[0][-tenth:]) for one in runs), 4),
            "held_out": [round(one[2], 4) for one in runs],
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=160)
    parser.add_argument("--questions", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--parameters", choices=SHAPES, default="1.6M")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    learning = exchanges(range(options.people), options.questions)
    held = exchanges(range(options.people, options.people + HELD_OUT), options.questions)
    with tempfile.TemporaryDirectory() as made:
        # The tokenizer learns from signs in random order, so that it has about a token a sign and
        # a half, as real ones have.
        corpus = [made_up(200, "corpus", place) for place in range(400)]
        tokens = 2048 if options.parameters != "100M" else 8192
        folder = tiny_model(
            corpus, Path(made) / "model", tokens=tokens, **SHAPES[options.parameters]
        )
        settings = Settings(epochs=options.epochs, learning_rate=2e-3, tokens_at_once=16384)
        setup = Setup(folder, options.device, options.dtype, settings, learning, held)
        found = report(setup, options.seeds)
        chat, _ = setup.model()
        lengths = [one.length for one in encode(learning[:80], chat)]
    about = {**{k: v for k, v in vars(options).items() if k != "json"},
             "tokens_per_item": round(statistics.mean(lengths), 1)}  # fmt: skip
    if options.json:
        print(json.dumps({"about": about, "ways": found}, indent=1))
        return
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    slowest = found["TRL SFTTrainer"]["items_per_second"]
    for name, one in found.items():
        print(
            f"{name:<16} {one['items_per_second']:>8,.1f} items/s  "
            f"x{one['items_per_second'] / slowest:.2f}  loss {one['first_loss']:.3f} -> "
            f"{one['last_loss']:.3f}  held out {one['held_out']}"
        )


if __name__ == "__main__":
    main()
