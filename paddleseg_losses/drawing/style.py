"""What all pictures share: matplotlib, brought in when one is drawn; colours; equal bytes for equal numbers."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from ..errors import MissingDependencyError
from ..i18n import _
from .letters import use_fonts

# Paddle shows what any library notes, also that this one has made its list of fonts.
logging.getLogger("matplotlib.font_manager").setLevel(logging.WARNING)

INK, FAINT = "#22252b", "#d9dce1"
# Okabe and Ito: the colour-blind can tell them apart.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
DIVERGING = "RdBu_r"  # white at 0: red lowers the probability, blue raises it
DPI = 110


def without_matplotlib(error: ImportError) -> MissingDependencyError:
    """What to say where there is none."""
    return MissingDependencyError(
        _("{package} cannot be imported ({error}).", package="matplotlib", error=error),
        _("matplotlib, for pictures"),
        'pip install "paddleseg-losses[demo]"',
    )


def new_figure(width: float, height: float) -> Any:
    """A figure of its own: it needs no display and touches nobody's pyplot."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise without_matplotlib(error) from error
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def quiet(axis: Any) -> None:
    """A grid in the background and no frame."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(FAINT)
    axis.grid(color=FAINT, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.tick_params(colors=INK, labelsize=8, length=0)


def save(figure: Any, path: str | Path, numbers: str | None = None) -> Path:
    """Write a PNG without a date, so that equal numbers give equal bytes; `numbers` is kept in the file as text."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"Software": None} if numbers is None else {"Software": None, "Numbers": numbers}
    use_fonts(figure)
    figure.savefig(path, dpi=DPI, metadata=metadata)
    return path
