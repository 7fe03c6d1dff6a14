"""The page about the experiment: the survey's table, what is impossible in it, and what was measured here."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from paddleseg_losses.evidence import TASKS, Finding, evidence
from paddleseg_losses.experiment.archive import read_archive
from paddleseg_losses.experiment.results import TaskResults
from paddleseg_losses.experiment.study import stored
from paddleseg_losses.experiment.tables import TITLES, grid, markdown
from paddleseg_losses.i18n import speaking
from paddleseg_losses.registry import names

from . import dial
from .dial import failures
from .language import DOCS, Language, links_to, read
from .markup import filled, generated, link
from .partial_labels import partial_labels

NAME, TABLES = "evidence", "evidence_tables"
ROUNDING = 0.0005  # of the numbers in the survey's table
IMPOSSIBLE = "LogCoshDiceLoss"
SHOWN = 3  # losses beside the recommended ones


def experiment(language: Language) -> str:
    """The page in a language."""
    t, text = language, read(f"{NAME}/page.yml")
    parts = [generated(NAME), f"# {filled(text['title'], t)}"]
    parts.append(" · ".join([*links_to(t, NAME), f"[{t('Choose by symptom')}](choose{t.suffix}.md)"]))
    study = evidence()
    losses = {name for of_task in study.findings.values() for name in of_task if name in names()}
    parts.append(filled(text["intro"], t, {"losses": len(losses), "tasks": len(study.findings), "seeds": study.seeds}))
    for name, (body, numbers) in _sections(text, t).items():
        words = {key: number for key, number in numbers.items() if f"{{{key}}}" in text[name]["text"]["en"]}
        parts += [f"## {filled(text[name]['title'], t)}", filled(text[name]["text"], t, words)]
        parts += [body] if body else []
        if "after" in text[name]:
            parts.append(filled(text[name]["after"], t, numbers))
    return "\n\n".join(parts) + "\n"


def tables(language: Language) -> str:
    """Every number of every finished task, with a table at one learning rate for all."""
    t = language
    links = [*links_to(t, TABLES), f"[{t('the experiment')}]({NAME}{t.suffix}.md)"]
    with speaking(t.code):
        text = markdown(_finished())
    return "\n\n".join([generated(NAME), f"# {t('Every number of the experiment')}", " · ".join(links), text])


@cache
def _finished() -> list[TaskResults]:
    """The same numbers for every language."""
    study = stored(DOCS / NAME)
    archive = read_archive(study, DOCS / NAME)
    return [each for task in study.tasks if (each := TaskResults(study, archive, task)).complete]


def cited(symptom: str, losses: Sequence[str], t: Language, sums: Sequence[str] = ()) -> str:
    """What the experiment says about the recommendations for a symptom, and about sums of them with other losses."""
    study = evidence()
    columns = list(dict.fromkeys(key for loss in losses for key in study.of(symptom, loss)))
    if not columns:
        return t("**Evidence**: none; these are arguments.")
    sums = [name for name in sums if any(name in study.findings[task] for task, _ in columns)]
    others = [loss for loss in _best_first(*columns[0]) if loss not in (*losses, *sums)][:SHOWN]
    head = [t("loss"), *(f"{t.of(TASKS[task])}, {t.of(TITLES[metric])}" for task, metric in columns)]
    rows = [[_name(name, t), *(_beside(name, *column) for column in columns)] for name in (*losses, *sums, *others)]
    words = t(
        "**Evidence**: difference to {control} with its 95% interval, from [the experiment]({page}), with default "
        "options; (n): so many of {seeds} trainings failed. The last {count} are not recommended above: there they did "
        "best.",
        control=link(study.control, t),
        page=f"{NAME}{t.suffix}.md",
        count=len(others),
        seeds=study.seeds,
    )
    return f"{words}\n\n{grid(head, rows)}"


def _sections(text: dict[str, Any], t: Language) -> dict[str, tuple[str, dict[str, Any]]]:
    """The tables of the page, and the numbers in its sentences."""
    study = evidence()
    sections: dict[str, tuple[str, dict[str, Any]]] = {
        "survey": _survey(t),
        "tasks": (_tasks(text["tasks"]["about"], t), {}),
    }
    if "heads" in study.findings:
        sections["nine"] = (_nine(t), {})
    sections.update(all=(_all(t), {"seeds": study.seeds}), overall=(_overall(t), {}), verdict=(_verdict(t), {}))
    if dial.is_known():
        alt = t("Dice of each loss over the share of the discs")
        sections["dial"] = (f"![{alt}](images/{dial.PICTURE.name})", dial.gaps())
    sections["partial"] = (partial_labels(t), {})
    about = {**study.about, "commits": _commits(t), "versions": "; ".join(study.about["versions"])}
    rates = [each.rate for of_task in study.findings.values() for each in of_task.values()]
    return {**sections, "made": ("", {**about, "choices": len(rates), "edge": rates.count(max(rates))})}


def _commits(t: Language) -> str:
    """Each with the tasks whose trainings were made with it."""
    tasks_of: dict[str, list[str]] = {}
    for task, commits in evidence().commits.items():
        for commit in commits:
            tasks_of.setdefault(commit[:7], []).append(t.of(TASKS[task]))
    return t.join(t("{commit} ({tasks})", commit=commit, tasks=t.join(tasks)) for commit, tasks in tasks_of.items())


def _survey(t: Language) -> tuple[str, dict[str, str]]:
    rows, shares, printed = [], [], read(f"{NAME}/survey.yml")
    for name, (dice, sensitivity, specificity) in printed.items():
        low, high = share_of_foreground(dice, sensitivity, specificity)
        possible = dice - ROUNDING <= most_dice(sensitivity)
        shares += [(low, high)] if possible else []
        share = f"{low:.1%}–{high:.1%}" if possible else t("impossible")
        row = [f"{dice:.3f}", f"{sensitivity:.3f}", f"{specificity:.3f}", f"{most_dice(sensitivity):.4f}", share]
        rows.append([link(name, t), *row])
    head = [t("loss"), *(t.of(TITLES[name]) for name in ("dice", "sensitivity", "specificity"))]
    head += [t("most Dice possible"), t("share of the foreground")]
    shares.sort()
    bounds = {
        "bound": f"{most_dice(printed[IMPOSSIBLE][1]):.4f}",
        "low": f"{shares[0][0]:.1%}–{shares[0][1]:.1%}",
        "high": f"{shares[-1][0]:.1%}–{shares[-1][1]:.1%}",
    }
    return grid(head, rows), bounds


def most_dice(sensitivity: float) -> float:
    """Of a prediction without false positives, with the sensitivity rounded in its favour."""
    most = sensitivity + ROUNDING
    return 2 * most / (1 + most)


def share_of_foreground(dice: float, sensitivity: float, specificity: float) -> tuple[float, float]:
    """The smallest and the largest share that three rounded numbers of the same pixels allow."""
    corners = itertools.product((-ROUNDING, ROUNDING), repeat=3)
    shares = [_share(dice + a, sensitivity + b, specificity + c) for a, b, c in corners]
    return min(shares), max(shares)


def _share(dice: float, sensitivity: float, specificity: float) -> float:
    """From false positives: `f (2s/D - s - 1)` by Dice and sensitivity, `(1 - f)(1 - specificity)` by the third."""
    false_positives = 2 * sensitivity / dice - sensitivity - 1
    return (1 - specificity) / (false_positives + 1 - specificity)


def _tasks(about: dict[str, Any], t: Language) -> str:
    study = evidence()
    rows = [
        [
            t("{name}: {text}", name=t.of(TASKS[task]), text=filled(about[task], t)),
            study.data[task]["masks"],
            study.images[task],
        ]
        for task in study.findings
    ]
    return grid([t("task"), t("images to train on"), t("images scored")], rows)


def _nine(t: Language) -> str:
    findings = evidence().findings["heads"]
    printed = [name for name in read(f"{NAME}/survey.yml") if name in findings]
    metrics = ("dice", "sensitivity", "specificity", "hd95")
    rows = [
        [link(name, t), *(_score(findings[name], metric) for metric in metrics), _beside(name, "heads", "dice")]
        for name in sorted(printed, key=lambda name: -(findings[name].scores["dice"][0] or -1))
    ]
    return grid([t("loss"), *(t.of(TITLES[metric]) for metric in metrics), t("Dice, difference")], rows)


def _all(t: Language) -> str:
    findings = evidence().findings
    losses = dict.fromkeys([*names(), *(name for of_task in findings.values() for name in of_task)])
    rows = [[_name(name, t), *(_cell(findings[task].get(name)) for task in findings)] for name in losses]
    return grid([t("loss"), *(t.of(TASKS[task]) for task in findings)], rows)


def _name(name: str, t: Language) -> str:
    """Of a loss, which has a page, or of a sum of losses."""
    return link(name, t) if name in names() else name


def _cell(finding: Finding | None) -> str:
    if finding is None:
        return "-"
    mean = finding.scores["dice"][0]
    number = "-" if mean is None else f"{mean:.3f}"
    beside = finding.differences.get("dice")
    if beside and beside.is_clear:
        number = f"**{number}**" if beside.low > 0 else f"*{number}*"
    return number + _failed(finding)


def _failed(finding: Finding) -> str:
    failed = finding.runs - finding.succeeded
    return f" ({failed})" if failed else ""


def _overall(t: Language) -> str:
    """Each loss over the tasks that it was trained on, the best first."""
    rows = []
    for name in dict.fromkeys(name for of_task in evidence().findings.values() for name in of_task):
        trained = [of_task[name] for of_task in evidence().findings.values() if name in of_task]
        beside = [f.differences["dice"] for f in trained if "dice" in f.differences]
        better, worse = sum(d.low > 0 for d in beside), sum(d.high < 0 for d in beside)
        runs = sum(f.runs for f in trained)
        failed = runs - sum(f.succeeded for f in trained)
        if name != _control():
            rows.append(
                (worse - better, failed / runs, [_name(name, t), len(trained), better, worse, f"{failed}/{runs}"])
            )
    head = [t("loss"), t("tasks"), t("better"), t("worse"), t("failed trainings")]
    return grid(head, [row for *_, row in sorted(rows, key=lambda each: each[:2])])


def _verdict(t: Language) -> str:
    rows = []
    for task, of_task in evidence().findings.items():
        beside = [f.differences["dice"] for f in of_task.values() if "dice" in f.differences and f.loss != _control()]
        better, worse = sum(d.low > 0 for d in beside), sum(d.high < 0 for d in beside)
        failed, runs = failures(of_task.values())
        rows.append([t.of(TASKS[task]), better, len(beside) - better - worse, worse, f"{failed}/{runs}"])
    return grid([t("task"), t("better"), t("not to be told apart"), t("worse"), t("failed trainings")], rows)


def _best_first(task: str, metric: str) -> Iterator[str]:
    """Losses by what they scored, those with a failed run last."""
    sign = 1 if metric == "hd95" else -1
    known = [each for each in evidence().findings[task].values() if each.scores[metric][0] is not None]
    known.sort(key=lambda each: (each.succeeded < each.runs, sign * each.scores[metric][0]))
    return (each.loss for each in known)


def _beside(loss: str, task: str, metric: str) -> str:
    finding = evidence().findings[task].get(loss)
    if loss == _control():
        return _score(finding, metric) if finding else "-"
    beside = finding.differences.get(metric) if finding else None
    if beside is None:
        return "-" + (_failed(finding) if finding else "")
    digits = 2 if metric == "hd95" else 3
    low, high = (f"{number:+.{digits}f}" for number in (beside.low, beside.high))
    text = f"{beside.value:+.{digits}f} [{low}, {high}]"
    return (f"**{text}**" if beside.is_clear else text) + _failed(finding)


def _score(finding: Finding, metric: str) -> str:
    mean, deviation = finding.scores[metric]
    digits = 2 if metric == "hd95" else 3
    if mean is None:
        return "-"
    return f"{mean:.{digits}f}" + (f" ± {deviation:.{digits}f}" if deviation is not None else "") + _failed(finding)


def _control() -> str:
    return evidence().control
