"""What a comparison is of: tasks, losses, seeds and learning rates, and the runs that they mean, in their order."""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import registry
from ..errors import ConfigError, OptionError
from ..i18n import _, listed
from ..paddleseg import config as configs
from ..registry import PREFIX

RATES = (3e-3, 1e-2, 3e-2)
TUNING_SEED = 0  # never reported; the reported seeds are 1, 2, ...
_TABLE_KEYS = ("tasks", "losses", "seeds", "rates", "iters", "control")


@dataclass(frozen=True)
class Task:
    """One problem: a whole PaddleSeg configuration, and its place on a curve if it is one step of a dial."""

    name: str
    config: Mapping[str, Any]
    curve: str | None = None
    at: float | None = None

    @property
    def num_classes(self) -> int:
        """Channels of the model."""
        sections = (self.config.get(key) or {} for key in ("model", "train_dataset"))
        return int(next((s["num_classes"] for s in sections if "num_classes" in s), 2))


@dataclass(frozen=True)
class Candidate:
    """One loss of the comparison: its name in the table, and its section in YAML."""

    name: str
    section: Mapping[str, Any]

    def takes(self, task: Task) -> bool:
        """Whether the loss is defined for a task. A loss for two classes takes a model of two channels."""
        if self._spec is None:
            return True
        most = self._spec.most_classes
        if task.num_classes == 1:
            return "binary" in self._spec.modes
        if "multiclass" in self._spec.modes:
            return most is None or task.num_classes <= most
        return task.num_classes == 2

    @property
    def joins_channels(self) -> bool:
        """Whether two channels have to become one: the loss knows no softmax."""
        return self._spec is not None and "multiclass" not in self._spec.modes

    @property
    def _spec(self) -> registry.LossSpec | None:
        """What is known of a loss of ours; nothing of PaddleSeg's own."""
        kind = str(self.section["type"])
        return registry.get(kind.removeprefix(PREFIX)) if kind.startswith(PREFIX) else None


@dataclass(frozen=True)
class Run:
    """One training and its scores."""

    task: str
    loss: str
    rate: float
    seed: int
    tuning: bool = False  # scored on the tuning images, to choose the learning rate

    @property
    def name(self) -> str:
        """The name of its files."""
        stage = "tuning" if self.tuning else f"seed{self.seed}"
        return f"{self.task}-{self.loss}-{self.rate!r}-{stage}"


@dataclass(frozen=True)
class Study:
    """A whole comparison."""

    tasks: tuple[Task, ...]
    losses: tuple[Candidate, ...]
    seeds: int = 5
    rates: tuple[float, ...] = RATES
    control: str = "DiceCELoss"

    def of(self, task: Task) -> list[Candidate]:
        """The losses that a task can be trained with."""
        return [loss for loss in self.losses if loss.takes(task)]

    def tuning_runs(self) -> Iterator[Run]:
        """Every loss at every learning rate; nothing is to be chosen from one rate."""
        if len(self.rates) > 1:
            for task in self.tasks:
                for loss in self.of(task):
                    yield from (Run(task.name, loss.name, rate, TUNING_SEED, tuning=True) for rate in self.rates)

    def reported_runs(self, chosen: Mapping[tuple[str, str], float]) -> Iterator[Run]:
        """Every loss at its own rate, then at that of the control, for the table with one rate for all.

        Seeds are outermost, so that an interrupted study has every loss equally often.
        """
        for own in (True, False):
            for seed in range(1, self.seeds + 1):
                for task in self.tasks:
                    common = chosen[task.name, self.control]
                    for loss in self.of(task):
                        rate = chosen[task.name, loss.name]
                        if own or rate != common:
                            yield Run(task.name, loss.name, rate if own else common, seed)

    def as_dict(self) -> dict[str, Any]:
        """For the file in the folder of results."""
        return {
            "tasks": {t.name: {"config": t.config, "curve": t.curve, "at": t.at} for t in self.tasks},
            "losses": {loss.name: loss.section for loss in self.losses},
            "seeds": self.seeds,
            "rates": list(self.rates),
            "control": self.control,
        }

    def require_same(self, stored: Mapping[str, Any], where: Path) -> None:
        """Refuse to go on with a study whose finished runs would mean something else now.

        More tasks, losses or seeds are welcome.
        """
        now = json.loads(json.dumps(self.as_dict()))
        then = copy.deepcopy(dict(stored))
        for table in ("tasks", "losses"):
            common = then[table].keys() & now[table].keys()
            for study in (then, now):
                study[table] = {name: study[table][name] for name in sorted(common)}
        for study in (then, now):
            study.pop("seeds"), study.pop("control")
        before, after = (json.dumps(study, indent=1, sort_keys=True).splitlines() for study in (then, now))
        if before != after:
            changes = difflib.unified_diff(before, after, "stored", "given", n=2, lineterm="")
            raise ConfigError(
                _("{folder} contains runs of another study:\n{changes}", folder=where, changes="\n".join(changes)),
                _("the tasks, learning rates and options with which it was begun"),
                _("undo the change, or give another folder as --out"),
            )


def stored(folder: Path) -> Study:
    """The study of a folder, as `as_dict` has written it there: losses that were added since are not in it."""
    known = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    return Study(
        tuple(Task(name, **facts) for name, facts in known["tasks"].items()),
        tuple(Candidate(name, section) for name, section in known["losses"].items()),
        known["seeds"],
        tuple(known["rates"]),
        known["control"],
    )


def read(path: str | Path, **given: Any) -> Study:
    """A study from a file: of its own if it has `tasks`, else one task from a PaddleSeg configuration.

    Args:
        path: the YAML file.
        given: `losses`, `seeds`, `rates`, `iters`, `control`; None leaves what the file says, or the default.

    Raises:
        ConfigError: the file or what is given cannot be used.
    """
    path = Path(path)
    config = configs.load(path)
    table = config if "tasks" in config else {"tasks": {path.stem: {"config": config}}}
    _require_known(path, table)
    facts = {**{k: table[k] for k in _TABLE_KEYS if k in table}, **{k: v for k, v in given.items() if v is not None}}
    tasks = tuple(_task(path, name, task, facts.get("iters")) for name, task in table["tasks"].items())
    losses = list(_candidates(facts.get("losses", "all")))
    control = facts.get("control", "DiceCELoss")
    if control not in {loss.name for loss in losses}:
        losses += _candidates([control])
    rates = tuple(sorted({float(rate) for rate in facts.get("rates", RATES)}))
    study = Study(tasks, tuple(losses), int(facts.get("seeds", 5)), rates, control)
    _require_usable(study)
    return study


def _require_known(path: Path, table: Mapping[str, Any]) -> None:
    unknown = set(table) - set(_TABLE_KEYS)
    if unknown or not isinstance(table["tasks"], dict) or not table["tasks"]:
        raise ConfigError(
            _("{path} has {keys}.", path=path, keys=listed(sorted(map(str, unknown or {"tasks"})))),
            _("a mapping of tasks, and beside it {keys}", keys=listed(_TABLE_KEYS[1:])),
            _("write `tasks: {NAME: {config: FILE}}`"),
        )


def _task(path: Path, name: Any, task: Any, iters: int | None) -> Task:
    task = {"config": task} if isinstance(task, str) else task
    if not isinstance(task, dict) or not isinstance(task.get("config"), (str, dict)):
        raise ConfigError(
            _("{path}: task {name} is {value!r}.", path=path, name=name, value=task),
            _("a PaddleSeg file under `config`"),
            _("write `{name}: {{config: FILE}}`", name=name),
        )
    config = task["config"]
    if isinstance(config, str):
        config = configs.load(path.parent / config)
    config = configs.merge(dict(task.get("change") or {}), config)
    if iters is not None:
        config = {**config, "iters": int(iters)}
    for key in ("train_dataset", "model", "optimizer", "iters"):
        if key not in config:
            raise ConfigError(
                _("Task {name} has no {key}.", name=name, key=key),
                _("a whole configuration, as for a training"),
                _("add it to its file, or give --iters") if key == "iters" else _("add it to its file"),
            )
    return Task(str(name), config, task.get("curve"), task.get("at"))


def _candidates(given: str | Iterable[Any]) -> Iterator[Candidate]:
    """From names, of which `all` means every loss, or from sections such as `{name: no background, type: ..., ...}`."""
    for each in given.split(",") if isinstance(given, str) else given:
        if isinstance(each, str) and each.strip() == "all":
            yield from _candidates(registry.names())
        elif isinstance(each, str):
            spec = registry.get(each.strip().removeprefix(PREFIX))
            yield Candidate(spec.name, {"type": PREFIX + spec.name, **copy.deepcopy(dict(spec.example))})
        elif isinstance(each, Mapping) and "type" in each:
            section = {key: value for key, value in each.items() if key != "name"}
            kind = str(section["type"])
            if not kind.startswith(PREFIX) and kind in registry.names():
                section["type"] = PREFIX + kind  # the name of a loss means ours, as everywhere in this package
            yield Candidate(str(each.get("name", kind.removeprefix(PREFIX))), section)
        else:
            raise OptionError(
                _("losses has {value!r}.", value=each),
                _("names of losses, or sections with a `type`"),
                _("write for example `losses: [DiceLoss, {name: focal 3, type: FocalLoss, gamma: 3}]`"),
            )


def _require_usable(study: Study) -> None:
    names = [loss.name for loss in study.losses]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise OptionError(
            _("losses has {names} more than once.", names=listed(twice)),
            _("one name per loss"),
            _("give one of them another `name`"),
        )
    for name in (*names, *(task.name for task in study.tasks)):
        if set(name) & set('/\\:*?"<>|'):
            raise OptionError(
                _("A task or a loss is named {name!r}.", name=name),
                _("names that can be part of a file's name"),
                _("leave out slashes, colons, quotes and the like"),
            )
    _require_numbers(study.rates, study.seeds)
    for task in study.tasks:
        if study.control not in {loss.name for loss in study.of(task)}:
            raise OptionError(
                _("{control} cannot be trained on the task {task}.", control=study.control, task=task.name),
                _("a control that every task can be trained with"),
                _("give another one as --control"),
            )


def _require_numbers(rates: Sequence[float], seeds: int) -> None:
    if not rates or min(rates) <= 0 or seeds < 1:
        raise OptionError(
            _("The learning rates are {rates}, the number of seeds is {seeds}.", rates=list(rates), seeds=seeds),
            _("positive learning rates and at least one seed"),
            _("change --rates or --seeds"),
        )
