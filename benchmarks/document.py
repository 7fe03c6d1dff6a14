"""The documents that a run writes, docs/benchmarks.md and its Chinese twin: same figures, same order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .cases import INDEX, ONE_HOT, SHAPES, SOFT
from .peers import OURS, PEERS
from .phrases import chinese

LANGUAGES = {"en": "benchmarks.md", "zh": "benchmarks_cn.md"}
MARKS = {True: "✓", False: "✗", None: "–"}

TEXTS = {
    "title": ("# Benchmarks", "# 性能基准"),
    "other": ("[中文](benchmarks_cn.md)", "[English](benchmarks.md)"),
    "made": (
        "Written by `make bench`; every number below was measured in one run, under these conditions. Do not compare "
        "them with numbers of another machine or day: compare the columns.",
        "本页由 `make bench` 生成，所有数字都在同一次运行中、按下列条件测得。"
        "请横向比较各列，不要与其他机器或其他日期的数字比较。",
    ),
    "partial": ("**A part of the benchmark only.**", "**只运行了部分测试。**"),
    "versions": ("versions:", "版本："),
    "missing": ("Left out, as it could not be imported:", "无法导入、未参与比较："),
    "asked": ("## What is asked, and what was found", "## 目标与实测"),
    "asked_head": ("| | asked | loss | where | found |", "| | 目标 | 损失函数 | 输入 | 实测 |"),
    "count": (
        "{met} met, {missed} not met, {none} without a peer to compare with.",
        "达到 {met} 项，未达到 {missed} 项，{none} 项没有可比较的对象。",
    ),
    "times": ("## Forward and backward", "## 前向与反向"),
    "times_text": (
        "Medians in milliseconds. Implementations take turns in processes of their own, with the same number of "
        "threads (ours in its kernels, while Paddle's operators keep the one thread that is its default); whoever does "
        "not measure is stopped. *Fastest peer*: how many times faster ours is. *Roofline*: how "
        "many times longer than it takes to read logits and labels twice and write the gradient once, at the bandwidth "
        "of a triad measured beside it. *Memory*: peak extra memory of one step in a forked process, the gradient "
        "included. `composed` is this package without its kernels, `paddle` and `torch` what one writes by hand with "
        "their own functions. † no `ignore_index`: given labels without ignored pixels. ‡ computes something a little "
        "different (see `differs` in results.json).",
        "表中为中位数，单位毫秒。各实现在各自的进程中以相同的线程数轮流运行（本库的线程在内核中，"
        "Paddle 算子保持其默认的单线程），未轮到的进程处于暂停状态。"
        "“相对最快”指本库比最快的其他实现快多少倍；“相对下限”指耗时是理论下限的多少倍，下限为读两遍 logits 与标签、"
        "写一遍梯度所需的时间，带宽由同一次运行中的 triad 测得；“内存”为在 fork 出的进程中执行一步时新增内存的峰值，"
        "含梯度。`composed` 为本库关闭原生内核，`paddle` 与 `torch` 为用框架自带函数手写的实现。"
        "† 不支持 `ignore_index`，所用标签不含忽略像素。‡ 计算内容略有不同（见 results.json 的 `differs`）。",
    ),
    "times_head": (
        "loss|{peers}|fastest peer|roofline|memory, MiB|relative to Dice",
        "损失函数|{peers}|相对最快|相对下限|内存 (MiB)|相当于几个 Dice",
    ),
    "growth": ("## Growth", "## 规模增长"),
    "growth_text": (
        "Ours, in nanoseconds per pixel (C = 2) as the image grows, and per pixel and class (512²) as the classes do.",
        "本库的耗时（纳秒）：图像变大时按每像素计（C = 2），类别增多时按每像素每类计（512²）。",
    ),
    "threads": ("## Threads", "## 线程"),
    "threads_head": (
        "| loss | shape | 1 thread, ms | {n} threads, ms | ratio |",
        "| 损失函数 | 输入 | 1 线程 (ms) | {n} 线程 (ms) | 比值 |",
    ),
    "labels": ("## Forms of labels", "## 标签的写法"),
    "labels_text": (
        "Ours, forward and backward in milliseconds: the same labels as class indices, as one-hot labels (int64) and "
        "as soft targets (float32), with 5 % of the pixels ignored.",
        "本库前向与反向的耗时（毫秒）：同样的标签分别写成类别索引、one-hot（int64）与软标签（float32），"
        "其中 5% 的像素被忽略。",
    ),
    "labels_head": (
        "| loss | size | indices | one-hot | soft | one-hot, ratio | soft, ratio |",
        "| 损失函数 | 尺寸 | 类别索引 | one-hot | 软标签 | one-hot 比值 | 软标签比值 |",
    ),
    "colon": (": ", "："),
    "accuracy": ("## Accuracy", "## 精度"),
    "accuracy_text": (
        "float32 against float64 on the same numbers: relative error of the value (of the sums: the largest), and "
        "largest error of the gradient relative to its largest entry. *Composed*: that of Paddle's operators.",
        "同一输入下 float32 与 float64 之差：值的相对误差（各求和项取最大者），以及梯度的最大误差与梯度最大元素之比。"
        "*组合路径*：用 Paddle 算子组合时的梯度误差。",
    ),
    "accuracy_head": ("| loss | size | value | gradient | composed |", "| 损失函数 | 输入 | 值 | 梯度 | 组合路径 |"),
}
FACTS = {
    "date": ("date", "日期"),
    "processor": ("processor", "处理器"),
    "processors": ("processors", "可用核数"),
    "load_before": ("load before the run", "运行前的系统负载"),
    "system": ("system", "系统"),
    "python": ("Python", "Python"),
    "threads": ("threads of every implementation", "每种实现的线程数"),
    "kernels": ("kernels", "内核"),
    "minutes": ("minutes", "用时（分钟）"),
}


def document(results: dict[str, Any], rows: list[dict[str, Any]], language: str) -> str:
    """The whole page."""
    at = list(LANGUAGES).index(language)
    say = {name: texts[at] for name, texts in TEXTS.items()}
    parts = [say["title"], say["other"], say["made"], _conditions(results["conditions"], say, at)]
    parts += _asked(results["verdicts"], say, at)
    if rows:
        parts += [say["times"], say["times_text"], *_times(rows, say)]
    if results.get("growth"):
        parts += [say["growth"], say["growth_text"], *_growth(results["growth"])]
    if results.get("threads"):
        parts += [say["threads"], _threads(results["threads"], say)]
    if results.get("labels"):
        parts += [say["labels"], say["labels_text"], _labels(results["labels"], say)]
    if results.get("accuracy"):
        parts += [say["accuracy"], say["accuracy_text"], _accuracy(results["accuracy"], say)]
    return "\n\n".join(part for part in parts if part) + "\n"


def number(x: float | None) -> str:
    """Three figures that mean something."""
    if x is None:
        return ""
    return f"{x:.0f}" if abs(x) >= 100 else f"{x:.1f}" if abs(x) >= 10 else f"{x:.3g}"


def _lines(head: str, rows: Iterable[Iterable[str]]) -> str:
    return "\n".join([head, "|" + "---|" * (head.count("|") - 1), *("| " + " | ".join(row) + " |" for row in rows)])


def _conditions(found: dict[str, Any], say: dict[str, str], at: int) -> str:
    lines = [f"- {texts[at]}{say['colon']}{found[name]}" for name, texts in FACTS.items() if name in found]
    lines.append(
        f"- {say['versions']} " + ", ".join(f"{package} {version}" for package, version in found["versions"].items())
    )
    if found["missing"]:
        lines.append(f"- {say['missing']} " + ", ".join(f"{peer} ({why})" for peer, why in found["missing"].items()))
    return ("" if found["everything"] else say["partial"] + "\n\n") + "\n".join(lines)


def _asked(verdicts: list[dict[str, Any]], say: dict[str, str], at: int) -> list[str]:
    words = chinese if at else str
    judged = [verdict["met"] for verdict in verdicts]
    count = say["count"].format(met=judged.count(True), missed=judged.count(False), none=judged.count(None))
    ordered = sorted(verdicts, key=lambda v: (v["met"] is not False, v["asked"]))
    rows = (
        [MARKS[v["met"]], words(v["asked"]), f"`{v['loss']}`", words(v["where"]), words(v["found"])] for v in ordered
    )
    return [say["asked"], count, _lines(say["asked_head"], rows)]


def _times(rows: list[dict[str, Any]], say: dict[str, str]) -> list[str]:
    parts = []
    for shape in dict.fromkeys(row["shape"] for row in rows):
        here = [row for row in rows if row["shape"] == shape]
        peers = [peer for peer in PEERS if any(row["peer"] == peer for row in here)]
        head = "| " + say["times_head"].format(peers="|".join(peers)).replace("|", " | ") + " |"
        lines = []
        for loss in dict.fromkeys(row["loss"] for row in here):
            found = {row["peer"]: row for row in here if row["loss"] == loss}
            ours = found.get(OURS, {})
            beside = ours.get("of_fastest")
            last = (
                1 / beside if beside else None,
                ours.get("of_roofline"),
                ours.get("extra_mib"),
                _relative_to_dice(ours),
            )
            cells = [_cell(found.get(peer)) for peer in peers]
            lines.append([f"`{loss}`", *cells, *(number(x) for x in last)])
        parts += [f"### {shape} {SHAPES[shape].axes}", _lines(head, lines)]
    return parts


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    if "ms" not in row:
        return "✗"
    marks = ("" if row.get("ignores", True) else "†") + ("‡" if row.get("differs") else "")
    return number(row["ms"]) + marks


def _relative_to_dice(row: dict[str, Any]) -> float | None:
    return row["ms"] / row["dice_ms"] if "dice_ms" in row and "ms" in row else None


def _growth(rows: list[dict[str, Any]]) -> list[str]:
    parts = []
    for along in dict.fromkeys(row["along"] for row in rows):
        here = [row for row in rows if row["along"] == along]
        sizes = list(dict.fromkeys(tuple(row["size"]) for row in here))
        head = "| | " + " | ".join(f"C={s[1]}" if along == "classes" else f"{s[2]}²" for s in sizes) + " |"
        lines = []
        for loss in dict.fromkeys(row["loss"] for row in here):
            found = {tuple(row["size"]): row["ns"] for row in here if row["loss"] == loss}
            lines.append([f"`{loss}`", *(number(found.get(size)) for size in sizes)])
        parts.append(_lines(head, lines))
    return parts


def _threads(rows: list[dict[str, Any]], say: dict[str, str]) -> str:
    lines = (
        [
            f"`{r['loss']}`",
            r["shape"],
            number(r["one_ms"]),
            number(r["several_ms"]),
            number(r["one_ms"] / r["several_ms"]),
        ]
        for r in rows
    )
    return _lines(say["threads_head"].format(n=rows[0]["threads"]), lines)


def _labels(rows: list[dict[str, Any]], say: dict[str, str]) -> str:
    lines = []
    for row in rows:
        found = row.get("ms", {})
        ratios = (found[form] / found[INDEX] if form in found else None for form in (ONE_HOT, SOFT))
        times = ["✗" if "error" in row else number(found.get(form)) for form in (INDEX, ONE_HOT, SOFT)]
        size = "[" + ",".join(map(str, row["size"])) + "]"
        lines.append([f"`{row['loss']}`", size, *times, *map(number, ratios)])
    return _lines(say["labels_head"], lines)


def _accuracy(rows: list[dict[str, Any]], say: dict[str, str]) -> str:
    def cells(r: dict[str, Any]) -> list[str]:
        found = (r.get(of) for of in ("value", "gradient", "composed"))
        return [f"`{r['loss']}`", str(r["size"]), *("" if x is None else f"{x:.1e}" for x in found)]

    lines = (cells(r) for r in rows)
    return _lines(say["accuracy_head"], lines)
