"""Items a second of four ways to ask a local model closed questions, on one thread.

- generate, one by one: `model.generate(..., max_new_tokens=8, do_sample=False)` for each prompt, as
  a user would write it; the letter is read off the reply. A reply is an option's letter and words,
  which are about 8 tokens: fewer would cut options off. --reply-tokens 1 asks for the letter alone.
- generate, batched: the same, 32 prompts at a time, sorted by length.
- label logits, batched: transformers' own forward pass over whole prompts, 32 at a time, sorted by
  length, logits at the last place alone; the letters' tokens are compared.
- ours: `alignsurvey.simulators.local`; what prompts share is computed once. --no-onednn multiplies
  matrices as torch does for the others, to see what the tree alone brings.

Prompts have the lengths of CHIP 2018's as released: a profile of ten attributes, five questions a
person with three options each, in Chinese; every word of them is made up. Models have random
weights, which changes no time. All four must choose the same option: generation is held to the
letters at its first token. Each way is timed in turn, --repeats times, and medians are taken; on a
CPU it is the seconds of the one thread, so that what else runs there does not count.

Run it with: python benchmarks/likelihood.py [--json] [--people 40] [--repeats 3]
On a GPU: python benchmarks/likelihood.py --device cuda --dtype bfloat16 --parameters 100M
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from made_up import FIELDS, SHAPES, made_up

from alignsurvey.randomness import generator
from alignsurvey.simulators.endpoints import Parameters
from alignsurvey.simulators.local import Loading, LocalModel
from alignsurvey.simulators.local.labels import label_tokens
from alignsurvey.tasks.queries import Message, Query, Shown, Task
from alignsurvey.testing import tiny_model

BATCH, QUESTIONS = 32, 5
Way = Callable[[], list[str]]


def queries(people: int, orders: int) -> list[Query]:
    """Make the prompts: instruction and profile, then one of five questions."""
    names = [made_up(n, "field", place) for place, n in enumerate(FIELDS)]
    asked = [made_up(16 + 3 * item, "question", item) for item in range(QUESTIONS)]
    texts = [[made_up(2 + place, "option", item, place) for place in range(3)]
             for item in range(QUESTIONS)]  # fmt: skip
    found = []
    for person in range(people):
        lot = generator("person", person)
        values = [made_up(int(lot.integers(1, 7)), "value", person, one) for one in names]
        profile = "\n".join(f"{one}: {value}" for one, value in zip(names, values, strict=True))
        head = (
            f"{made_up(26, 'head')}。\n{made_up(6, 'you')}：\n{profile}\n\n{made_up(4, 'ask')}：\n"
        )
        for item in range(QUESTIONS):
            for turn in range(orders):
                places = [(turn + one) % 3 for one in range(3)]
                shown = tuple(
                    Shown(letter, texts[item][place], place)
                    for letter, place in zip("ABC", places, strict=True)
                )
                listed = "\n".join(f"{one.letter}. {one.text}" for one in shown)
                text = (
                    f"{head}{asked[item]}？\n{made_up(2, 'o')}：\n{listed}\n\n{made_up(9, 'end')}："
                )
                found.append(
                    Query(person, f"q{item}", Task.RESPONSE, (Message("user", text),), shown, turn)
                )
    return found


class Letters:
    """Holds the first token of a reply to the options' letters."""

    def __init__(self, allowed: Sequence[int], begun: int) -> None:
        self._allowed, self._begun = torch.tensor(allowed), begun

    def __call__(self, ids: Any, scores: Any) -> Any:
        if ids.shape[1] > self._begun:
            return scores
        held = torch.full_like(scores, -torch.inf)
        at = self._allowed.to(scores.device)
        held[:, at] = scores[:, at]
        return held


class Asked:
    """A loaded model and prompts that are asked in four ways; each gives the letters chosen."""

    def __init__(self, simulator: LocalModel, plan: Sequence[Query], reply_tokens: int = 8) -> None:
        self.simulator, self.plan, self.reply_tokens = simulator, plan, reply_tokens
        self.loaded = simulator._loaded
        self.tokenizer = self.loaded.chat.tokenizer
        # For all four a letter is one token, so that they choose among the same three.
        self.letters = [self.tokenizer.convert_tokens_to_ids(letter) for letter in "ABC"]
        simulator._labels["A", "B", "C"] = label_tokens(
            self.tokenizer,
            "ABC",
            {letter: (one,) for letter, one in zip("ABC", self.letters, strict=True)},
        )

    def ways(self) -> dict[str, Way]:
        return {
            "generate, one by one": lambda: self.generated(1),
            "generate, batched": lambda: self.generated(BATCH),
            "label logits, batched": self.label_logits,
            "ours": self.ours,
        }

    def batches(self, size: int) -> Iterator[tuple[list[int], Any]]:
        """Encode, sort by length, and pad: what any careful script does."""
        ids = self.loaded.chat.encode([one.messages for one in self.plan])
        order = sorted(range(len(ids)), key=lambda one: len(ids[one]))
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            batch = self.tokenizer.pad({"input_ids": [ids[row] for row in rows]},
                                       return_tensors="pt")  # fmt: skip
            yield rows, batch.to(self.loaded.device)

    def generated(self, size: int) -> list[str]:
        from transformers import LogitsProcessorList

        letter = dict(zip(self.letters, "ABC", strict=True))
        chosen = [""] * len(self.plan)
        for rows, batch in self.batches(size):
            begun = batch["input_ids"].shape[1]
            with torch.inference_mode():
                out = self.loaded.model.generate(
                    **batch, max_new_tokens=self.reply_tokens, do_sample=False,
                    logits_processor=LogitsProcessorList([Letters(self.letters, begun)]),
                )  # fmt: skip
            for row, token in zip(rows, out[:, begun].tolist(), strict=True):
                chosen[row] = letter[token]
        return chosen

    def label_logits(self) -> list[str]:
        chosen = [""] * len(self.plan)
        for rows, batch in self.batches(BATCH):
            with torch.inference_mode():
                logits = self.loaded.model(**batch, logits_to_keep=1).logits[:, -1].float()
            best = logits[:, self.letters].argmax(1)
            for row, place in zip(rows, best.tolist(), strict=True):
                chosen[row] = "ABC"[place]
        return chosen

    def ours(self) -> list[str]:
        replies = {one.query: one for one in self.simulator.answer(self.plan)}
        return [(replies[one.id].text or "")[:1] for one in self.plan]


def timed(asked: Asked, repeats: int) -> dict[str, Any]:
    """Time the ways in turn; a first round warms up and gives the answers."""
    on_gpu = asked.loaded.device == "cuda"
    clock = time.perf_counter if on_gpu else time.process_time
    ways = asked.ways()
    chosen = {name: way() for name, way in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    wall: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            start, begun = clock(), time.perf_counter()
            way()
            if on_gpu:
                torch.cuda.synchronize()
            seconds[name].append(clock() - start)
            wall[name].append(time.perf_counter() - begun)
    rate = {name: len(asked.plan) / statistics.median(found) for name, found in seconds.items()}
    by_wall = {name: len(asked.plan) / statistics.median(found) for name, found in wall.items()}
    ours = np.array(chosen["ours"])
    return {
        "items_a_second": {name: round(one, 1) for name, one in rate.items()},
        "by_wall_clock": {name: round(one, 1) for name, one in by_wall.items()},
        "ours_over": {name: round(rate["ours"] / one, 2) for name, one in rate.items()},
        "same_answers": {
            name: float(np.mean(ours == np.array(one))) for name, one in chosen.items()
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--orders", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--parameters", nargs="+", choices=list(SHAPES), default=["1.6M", "5M"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--batch-tokens", type=int)
    parser.add_argument("--reply-tokens", type=int, default=8)
    parser.add_argument("--no-onednn", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.backends.mkldnn.enabled = not options.no_onednn
    results = []
    for size in options.parameters:
        with tempfile.TemporaryDirectory() as folder:
            corpus = (made_up(200, "text", one) + "\n" for one in range(500))
            path = tiny_model(corpus, Path(folder) / size, tokens=2048, **SHAPES[size])
            for orders in options.orders:
                results.append(measured(path, orders, options))
                if not options.json:
                    show(results[-1])
    if options.json:
        print(json.dumps(results, indent=1))
    return 0


def measured(path: Path, orders: int, options: argparse.Namespace) -> dict[str, Any]:
    """Time all ways on one model, each question in so many orders of its options."""
    loading = Loading(str(path), dtype=options.dtype, device=options.device,
                      batch_tokens=options.batch_tokens)  # fmt: skip
    simulator = LocalModel(loading, Parameters(by="likelihood"))
    asked = Asked(simulator, queries(options.people, orders), options.reply_tokens)
    ids = asked.loaded.chat.encode([one.messages for one in asked.plan])
    return {
        "parameters": sum(one.numel() for one in asked.loaded.model.parameters()),
        "device": device_name(asked.loaded.device),
        "dtype": asked.loaded.dtype,
        "orders": orders,
        "prompts": len(ids),
        "tokens_a_prompt": round(float(np.mean([len(one) for one in ids])), 1),
        **timed(asked, options.repeats),
    }


def device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else f"{device}, one thread"


def show(figures: dict[str, Any]) -> None:
    print(f"{figures['parameters']:,} parameters, {figures['dtype']}, {figures['device']}: "
          f"{figures['prompts']} prompts of {figures['tokens_a_prompt']} tokens, "
          f"orders of options: {figures['orders']}")  # fmt: skip
    for name, rate in figures["items_a_second"].items():
        over, same = figures["ours_over"][name], figures["same_answers"][name]
        print(f"  {name:24} {rate:9.1f} items/s   ours x{over:<6} same answers {same:.1%}"
              f"   by wall clock {figures['by_wall_clock'][name]:.1f}")  # fmt: skip
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
