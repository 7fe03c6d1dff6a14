"""The home page of the site: what the package does, on one screen."""

from __future__ import annotations

import json
import statistics
from typing import Any, NamedTuple

from paddleseg_losses.evidence import evidence
from paddleseg_losses.registry import get, names

from .comparison import PEERS, RESULTS
from .gallery import SCENE, picture
from .language import Language

PLACE = "index.md"
SHOWN = (
    "CrossEntropyLoss",
    "FocalLoss",
    "TopKCrossEntropyLoss",
    "DiceLoss",
    "TverskyLoss",
    "LovaszSoftmaxLoss",
    "SoftCLDiceLoss",
    "BoundaryLoss",
    "HausdorffDTLoss",
    "BoundaryF1Loss",
    "BlobLoss",
)
# The same loss in both.
YAML = """
loss:
  types:
    - type: paddleseg_losses.DiceCELoss
      include_background: false
  coef: [1]
"""
PYTHON = """
from paddleseg_losses import DiceCELoss

loss = DiceCELoss(include_background=False)
value = loss(logits, labels)  # [N, C, H, W] and [N, H, W]
value.backward()
"""


class Figure(NamedTuple):
    """A number, what it says, and the command that measures it."""

    number: str
    words: str
    command: str


def home(t: Language) -> str:
    """The page in a language."""
    lead = t(
        "{count} segmentation losses for PaddlePaddle, for use with or without PaddleSeg, each checked against its "
        "paper.",
        count=len(names()),
    )
    buttons = [
        f"[{t('Install')}](readme.md){{ .md-button .md-button--primary }}",
        f"[{t('Choose by symptom')}](choose.md){{ .md-button }}",
        f"[{t('All losses')}](losses/index.md){{ .md-button }}",
    ]
    examples = [(t("In a PaddleSeg config"), "yaml", YAML), (t("In Python"), "python", PYTHON)]
    blocks = [f"**{title}**\n\n```{kind}\n{code.strip()}\n```" for title, kind, code in examples]
    about = t("What each loss does with the same prediction: red lowers the probability of the object, blue raises it.")
    intro = _block("intro", "# paddleseg-losses", lead, " ".join(buttons), _figures(t))
    parts = [
        "---\nhide: [navigation, toc]\n---",
        _block("home", intro, _block("gallery", _gallery(t), about)),
        _block("sides", *(_block("side", block) for block in blocks)),
    ]
    return "\n\n".join(parts) + "\n"


def figures(t: Language) -> list[Figure]:
    """Three numbers that commands of this repository have measured."""
    results, study = json.loads(RESULTS.read_text(encoding="utf-8")), evidence()
    ratios = faster(results["times"])
    error = max(row["value"] for row in results["accuracy"])
    trained = {name for of_task in study.findings.values() for name in of_task}
    return [
        Figure(
            f"{statistics.median(ratios):.1f}×",
            t(
                "as fast as the fastest of {peers} and {last} on a CPU, in the median of {count} cases",
                peers=t.join(PEERS[:-1]),
                last=PEERS[-1],
                count=len(ratios),
            ),
            "make bench",
        ),
        Figure(
            f"{error:.0e}".replace("e-0", "e-"),
            t("largest relative error of a value in float32, beside float64"),
            "make bench",
        ),
        Figure(
            f"{study.about['runs']}",
            t(
                "trainings that compare {count} losses and {sums} sums of losses, with {seeds} seeds",
                count=len(trained & set(names())),
                sums=len(trained - set(names())),
                seeds=study.seeds,
            ),
            "make experiment",
        ),
    ]


def faster(times: list[dict[str, Any]]) -> list[float]:
    """How many times longer the fastest of the other libraries takes, for each loss and shape that one of them has."""
    cases: dict[tuple[str, str], dict[str, float]] = {}
    for row in times:
        if "ms" in row:
            cases.setdefault((row["loss"], row["shape"]), {})[row["peer"]] = row["ms"]
    times_of = [
        (case["ours"], [case[peer] for peer in PEERS if peer in case]) for case in cases.values() if "ours" in case
    ]
    return [min(others) / ours for ours, others in times_of if others]


def _figures(t: Language) -> str:
    def shown(figure: Figure) -> str:
        return f"**{figure.number}** {t('{words} (`{command}`)', words=figure.words, command=figure.command)}"

    return _block("figures", *map(shown, figures(t)))


def _gallery(t: Language) -> str:
    scene = t("an object, drawn as a line, and a prediction with four errors")
    tiles = [f"<span>![{scene}]({picture(SCENE)}) {t('prediction')}</span>"]
    for name in SHOWN:
        alt = t("gradient map of {loss}", loss=name)
        tiles.append(f"[![{alt}]({picture(name)}) {t.of(get(name).title)}](losses/{name}.md)")
    return "\n".join(tiles)


def _block(name: str, *parts: str) -> str:
    return "\n\n".join([f'<div class="{name}" markdown>', *parts, "</div>"])
