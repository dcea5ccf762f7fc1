"""Training from a file: the stages one after another, each continuing the adapter before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.simulators.local.folders import HEAD, check_base, fingerprint, model_folder
from alignsurvey.simulators.local.loading import Loaded, Loading, load_model, placed
from alignsurvey.tasks.canonical import digest
from alignsurvey.tasks.corpora import read_rows
from alignsurvey.tasks.records import Record
from alignsurvey.tasks.records.nouns import GroupRow
from alignsurvey.training.board import NOT_THERE, open_board
from alignsurvey.training.config import TrainingFile
from alignsurvey.training.examples import RecordSource, read_sources
from alignsurvey.training.folder import file_hash, is_finished, write_result
from alignsurvey.training.guards import refuse_overlap
from alignsurvey.training.head import head_scores, headed
from alignsurvey.training.judged import held_out_judges, judge, option_log_shares_of
from alignsurvey.training.loop import Progress, Trained, train
from alignsurvey.training.lora import Lora, check_head, continue_adapter, save_memory, with_lora
from alignsurvey.training.losses import Loss, Sft
from alignsurvey.training.packing import answer_logits
from alignsurvey.training.record import settled, stage_record
from alignsurvey.training.settings import Settings
from alignsurvey.training.world import ALONE, World

Tell = Callable[[str, Progress], None]
"""Called with a stage's name and where it stands."""


@dataclass(frozen=True)
class Planned:
    """A stage that will be trained.

    Parameters
    ----------
    name : str
        "stage1", "stage2", or "stage2 TASK".
    data : tuple of Path
    epochs : int
    folder : Path
        Where its adapter goes.
    after : Path, optional
        Adapter that it continues.
    """

    name: str
    data: tuple[Path, ...]
    epochs: int
    folder: Path
    after: Path | None


@dataclass(frozen=True)
class Finished:
    """A stage that was trained, or had been.

    Parameters
    ----------
    planned : Planned
    trained : Trained, optional
        None where its result was there already.
    notes : tuple of str
    """

    planned: Planned
    trained: Trained | None
    notes: tuple[str, ...] = ()


def plan_stages(file: TrainingFile, out: Path) -> list[Planned]:
    """Say which stages there are, and where each adapter goes.

    The last stage's adapter is the result and lies in the folder itself; that of stage I before
    it lies in ``stage1``. With an adapter a task, each has a folder by its data file's name.
    """
    planned: list[Planned] = []
    after = file.adapter
    if file.stage1 is not None:
        folder = out / "stage1" if file.stage2 is not None else out
        epochs = file.stage1.epochs or _epochs(file, 1)
        planned.append(Planned("stage1", file.stage1.data, epochs, folder, after))
        after = folder
    if file.stage2 is not None:
        epochs = file.stage2.epochs or _epochs(file, 2)
        if file.stage2.per == "mixed":
            planned.append(Planned("stage2", file.stage2.data, epochs, out, after))
        else:
            names = [one.stem for one in file.stage2.data]
            if len(set(names)) < len(names):
                raise InputError("stage2: two files have one name; rename one, since adapters do")
            planned += [
                Planned(f"stage2 {one.stem}", (one,), epochs, out / one.stem, after)
                for one in file.stage2.data
            ]
    return planned


def _epochs(file: TrainingFile, stage: int) -> int:
    from alignsurvey.training.config import PRESETS

    return int(PRESETS[file.preset][f"stage{stage}_epochs"])


def run_training(
    file: TrainingFile,
    out: Path,
    tell: Tell | None = None,
    world: World = ALONE,
) -> list[Finished]:
    """Train the stages of a file; a stage that is finished is left as it is.

    Everything is read and checked before anything is trained. Running it again after an
    interruption goes on from the last checkpoint to the same weights.

    Parameters
    ----------
    file : TrainingFile
    out : Path
        Folder of the result.
    tell : callable, optional
    world : World
        Devices that share the work.

    Returns
    -------
    list of Finished

    Raises
    ------
    InputError
        Something in the data, the model or the settings is wrong; or somebody is held out and
        would train.
    """
    stages = plan_stages(file, out)
    loss = find_loss(file.loss)
    unread: dict[tuple[Path, ...], list[str]] = {one.data: [] for one in stages}
    records = {one.data: read_sources(one.data, unread[one.data]) for one in stages}
    for stage in stages:
        check_options(file, stage, records[stage.data])
    _guard(file, [one for found in records.values() for one in found])
    base = model_folder(file.model)
    key = digest({"base": fingerprint(base), "file": settled(file)})
    done: list[Finished] = []
    for stage in stages:
        key_of = digest([key, stage.name, stage.epochs, [file_hash(one) for one in stage.data]])
        if stage.after is not None and not done:
            key_of = digest([key_of, fingerprint(stage.after)])
        elif stage.after is not None:
            key_of = digest([key_of, "continued"])
        if is_finished(stage.folder, key_of):
            done.append(Finished(stage, None))
            continue
        trained = _train_stage(file, stage, records[stage.data], loss, key_of, tell, world)
        done.append(replace(trained, notes=(*unread[stage.data], *trained.notes)))
    return done


def find_loss(name: str) -> Loss:
    """Find a loss by name.

    Raises
    ------
    InputError
        There is none of the name.
    """
    from alignsurvey.training import losses

    known: dict[str, Any] = {"sft": Sft, **getattr(losses, "LOSSES", {})}
    if name not in known:
        from alignsurvey.errors import nearest

        raise InputError(f"loss: no loss '{name}'; {nearest(name, known)}")
    loss: Loss = known[name]()
    return loss


def check_options(file: TrainingFile, stage: Planned, records: Sequence[Record]) -> None:
    """Make sure that there are options with shares to learn, where the loss is about them.

    Raises
    ------
    InputError
        A record has none.
    """
    for one in records if file.loss != "sft" else ():
        if one.choice is None and not isinstance(one, GroupRow):
            files = ", ".join(str(path) for path in stage.data)
            raise InputError(
                f"{files}: row {one.row}: no option is the answer, and loss: {file.loss} learns "
                "options; leave the file out, or use loss: sft"
            )


def _guard(file: TrainingFile, records: Sequence[Record]) -> None:
    if file.hold_out is None:
        return
    for path in file.hold_out.data:
        held = read_rows(path).rows
        refuse_overlap(records, held, file.hold_out.by, f"the training data and {path}")


def _train_stage(
    file: TrainingFile,
    stage: Planned,
    records: Sequence[Record],
    loss: Loss,
    key: str,
    tell: Tell | None,
    world: World,
) -> Finished:
    settings = stage_settings(file, stage.epochs)
    loaded, model = _adapted(file, stage, world)
    cutoff = min(file.setting("cutoff"), loaded.longest or 10**9)
    with_labels = file.loss not in ("sft", HEAD)
    source = RecordSource(records, loaded.chat, cutoff, settings.seed, with_labels)
    pad = loaded.chat.tokenizer.pad_token_id or 0
    checkpoints = stage.folder / "checkpoint"
    board = open_board(stage.folder, settings.rate) if world.rank == 0 else None

    def told(progress: Progress) -> None:
        for one in (board, tell and partial(tell, stage.name)):
            if one is not None:
                one(progress)

    trained = train(
        model, source, settings, loss, pad_id=pad, folder=checkpoints, key=key, world=world,
        forward=head_scores if file.loss == HEAD else answer_logits,
        tell=told,
    )  # fmt: skip
    if board is not None:
        board.close(trained.validation)
    # Layers that are shared out are put together by all processes, or by none.
    if world.rank == 0 or world.shards:
        record = stage_record(file, stage, records, settings, trained, key, loaded)
        if stage.name != "stage1" or file.stage2 is None:
            judges = held_out_judges(file, record["trained_on"])
            logs = option_log_shares_of(model, loaded, judges, cutoff, settings.seed)
            judged = judge(judges, logs, records)
            record["fidelity"] = None if judged is None else judged.as_dict()
    if world.rank == 0:
        write_result(stage.folder, model, loaded.chat, record)
        for path in (*checkpoints.glob("*.safetensors"), checkpoints):
            path.rmdir() if path.is_dir() else path.unlink()
    world.wait()
    return Finished(stage, trained, (*loaded.notes, *(() if board else (NOT_THERE,))))


def stage_settings(file: TrainingFile, epochs: int) -> Settings:
    """Settings of a stage: the file's in place of the preset's."""
    names = set(Settings.__dataclass_fields__) - {"epochs"}
    chosen = {name: value for name in names if (value := file.setting(name)) is not None}
    return Settings(epochs=epochs, **chosen)


def _adapted(file: TrainingFile, stage: Planned, world: World) -> tuple[Loaded, Any]:
    """Load the base, and put the adapter on it that is trained."""
    device = file.setting("device", "auto")
    loading = Loading(file.model, dtype=file.setting("dtype", "auto"), device=device)
    if world.shards:
        # Whole on the CPU first, since it may not fit the device.
        device, dtype = placed(loading)
        loading = replace(loading, device="cpu", dtype=dtype)
    loaded = load_model(loading)
    if world.shards:
        loaded = replace(loaded, device=device)
    has_head = file.loss == HEAD
    if not has_head:
        check_head(loaded.model)
    loaded.model.requires_grad_(False)
    if not world.shards:
        loaded.model.to(world.device(loaded.device))
    if stage.after is not None:
        check_base(stage.after, model_folder(file.model))
        model = continue_adapter(loaded.model, stage.after, with_head=has_head)
    else:
        lora = Lora(
            rank=file.setting("rank"), alpha=file.setting("alpha"),
            dropout=file.setting("dropout"), targets=file.setting("targets", "all-linear"),
            seed=file.setting("seed"),
        )  # fmt: skip
        model = with_lora(loaded.model, lora)
    if world.shards:
        world.share_out(model, world.device(loaded.device))
    if file.setting("save_memory", False):
        save_memory(model)
    if has_head:
        model = headed(model, stage.after, loaded.chat.tokenizer, file.setting("seed"))
    return replace(loaded, model=model), model
