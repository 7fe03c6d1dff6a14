"""The formula of a loss: its equations as the docstring writes them, and what every symbol in them means.

A section `Formula` is a list of lines `mathematics: words`, the first of which is the loss itself. Mathematics is
text such as `(2 TP + s) / (P + G + s)`: `/` takes what stands right before and after it, `_` and `^` lower and raise.
Words may hold mathematics or an option, between backticks. What a section leaves out is said by SHARED, or is an
option of that name. `show` prints these lines as they are; the pages of the site turn them into TeX.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FUNCTIONS = {"sum", "mean", "max", "min", "log", "ln", "exp", "sqrt", "cosh", "tanh", "floor", "softmax", "sigmoid"}
INDICES = set("ijkcnr")  # w_c explains w_{y_i} too, but d_p not d_g
TOKEN = re.compile(r"[A-Za-z]+(?:_(?:\{[^}]*\}|[A-Za-z0-9]+))?|\d+(?:\.\d+)?|\.\.\.|[<>]=|\S")
NAME = re.compile(r"([A-Za-z]+)(?:_\{?([^}]*)\}?)?")
SHARED = """
D: Dice loss, see DiceLoss
CE: cross entropy, see CrossEntropyLoss
CE_i: cross entropy of pixel `i`: `-log p` of its true label
TP = sum_i p_i g_i: true positives
FP = sum_i p_i (1 - g_i): false positives
FN = sum_i (1 - p_i) g_i: false negatives
TN = sum_i (1 - p_i) (1 - g_i): true negatives
P = sum_i p_i: sum of the probabilities
G = sum_i g_i: number of pixels of the class
p: predicted probability: softmax over the channels, sigmoid for one channel or multilabel
g: label of a class: 1 in its pixels, 0 elsewhere
y: true label of the pixel
z: logits
s: smoothing term, option `smooth`
i: a valid pixel, one that is not ignored
n: a sample
c: a class
C: number of classes
V: number of valid pixels
"""


@dataclass(frozen=True)
class Line:
    """Mathematics, and the words that explain it; `option` is the option whose help these words are."""

    math: str
    words: str = ""
    option: str = ""

    @property
    def explains(self) -> list[str]:
        """The symbols that it explains: `T_p` of `T_p = ...`, and both of `S_p, S_g`."""
        left = self.math.partition(" = ")[0]
        return [part.split()[0].partition("(")[0] for part in re.split(r", (?![^{(]*[})])", left)]


def read(section: str) -> list[Line]:
    """The lines of a section; one that is indented continues the one above."""
    lines = re.sub(r"\n +", " ", section.strip()).splitlines()
    return [Line(math, words) for math, _, words in (line.partition(": ") for line in lines)]


def complete(section: str, options: Mapping[str, str]) -> list[Line]:
    """The lines of a section, and those that explain the rest of its symbols; `options` are names and their help."""
    lines = read(section)
    for line in lines:  # it grows: what explains a symbol may hold others
        for symbol in used(line, options):
            _explain(symbol, lines, options)
    return lines


def unexplained(lines: Iterable[Line], options: Iterable[str]) -> list[str]:
    """The symbols in these lines that none of them explains."""
    lines = list(lines)
    return [symbol for line in lines for symbol in used(line, options) if not _is_explained(symbol, lines)]


def used(line: Line, options: Iterable[str]) -> list[str]:
    """The symbols of a line, also those in its words."""
    inline = [piece for piece in line.words.split("`")[1::2] if is_math(piece, options)]
    return [symbol for math in (line.math, *inline) for symbol in symbols(math)]


def is_math(piece: str, options: Iterable[str]) -> bool:
    """Whether what stands between backticks is mathematics, not an option or its value such as `batch=True`."""
    return piece.partition("=")[0] not in options


def symbols(math: str) -> list[str]:
    """The symbols in mathematics, with their subscripts; of `sum_i` only the i."""
    names = []
    for token in TOKEN.findall(math):
        name = NAME.fullmatch(token)
        if name and name[1] in FUNCTIONS:
            names += symbols(name[2] or "")
        elif name and token != "in":
            names.append(token)
    return names


def _explain(symbol: str, lines: list[Line], options: Mapping[str, str]) -> None:
    """Add what explains a symbol: an option of this name, or a line of SHARED; else those of its parts."""
    if _is_explained(symbol, lines):
        return
    base, below = _parts(symbol)
    if symbol in options:
        lines.append(Line(symbol, options[symbol], symbol))
    elif shared := [line for line in read(SHARED) if symbol in line.explains]:
        lines.extend(shared)
    elif below:
        for part in (base, *symbols(below)):
            _explain(part, lines, options)


def _is_explained(symbol: str, lines: list[Line]) -> bool:
    """Explained as it stands; or it is an explained symbol whose subscripts are explained, such as p and i of p_i."""
    known = [name for line in lines for name in line.explains]
    base, below = _parts(symbol)
    if symbol in known or not below:
        return symbol in known
    bases = [name for name, subscript in map(_parts, known) if set(symbols(subscript)) <= INDICES]
    return base in bases and all(_is_explained(part, lines) for part in symbols(below))


def _parts(symbol: str) -> tuple[str, str]:
    """A symbol without its subscript, and this."""
    match = NAME.fullmatch(symbol)
    return (match[1], match[2] or "") if match else (symbol, "")
