"""Mathematics as docstrings write it, as TeX: `(2 TP + s) / (P + G + s)` becomes a fraction."""

from __future__ import annotations

import re
from dataclasses import dataclass

from paddleseg_losses.formula import FUNCTIONS, NAME, TOKEN

GREEK = {"alpha", "beta", "gamma", "delta", "epsilon", "lambda", "mu", "phi", "sigma", "Phi"}
UNKNOWN_TO_TEX = {"mean", "softmax", "sigmoid"}
SIGNS = {"<=": r"\le", ">=": r"\ge", "in": r"\in", "*": r"\ast", "...": r"\dots", **{sign: sign for sign in "=<>,+-"}}
CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|"}
BARS = {"|": (r"\lvert ", r" \rvert"), "{": ("", "")}


@dataclass(frozen=True)
class Piece:
    """A part of a formula; `bare` is that of brackets without them, which a fraction does not need."""

    tex: str
    bare: str
    operator: bool = False  # a sign or a function: TeX knows the space beside it


def tex(math: str) -> str:
    """The TeX of a formula."""
    reader = _Reader(math)
    text = _joined(reader.row())
    if reader.token():
        raise reader.wrong()
    return text


class _Reader:
    def __init__(self, math: str) -> None:
        self.math, self.tokens = math, TOKEN.findall(math)[::-1]

    def token(self) -> str:
        """The next one; nothing at the end."""
        return self.tokens[-1] if self.tokens else ""

    def wrong(self) -> SystemExit:
        """An error that says where."""
        return SystemExit(f"The formula {self.math!r} cannot be read from here on: {' '.join(self.tokens[::-1])!r}.")

    def row(self, end: str = "") -> list[Piece]:
        """What stands before a closing bracket, or the end."""
        pieces: list[Piece] = []
        while self.token() and self.token() != end:
            if self.token() == "/" and pieces:
                self.tokens.pop()
                over, under = pieces.pop(), self._raised()
                pieces.append(_plain(rf"\frac{{{over.bare}}}{{{under.bare}}}"))
            else:
                pieces.append(self._raised())
        return pieces

    def _raised(self) -> Piece:
        """The next thing, with what is raised beside it."""
        piece = self._piece()
        if self.token() != "^":
            return piece
        self.tokens.pop()
        text = f"{piece.tex}^{{{self._piece().bare}}}"
        return Piece(text, text, piece.operator)

    def _piece(self) -> Piece:
        token = self.token()
        name = NAME.fullmatch(token)
        if not (name or token in SIGNS or token in CLOSING or token.replace(".", "").isdigit()):
            raise self.wrong()
        self.tokens.pop()
        if token in CLOSING:
            return self._group(token)
        if name and name[1] in FUNCTIONS:
            return self._function(name[1], name[2])
        if token in SIGNS:
            return Piece(SIGNS[token], SIGNS[token], operator=True)
        return _plain(_lowered(_letters(name[1]), name[2]) if name else token)

    def _group(self, opening: str) -> Piece:
        pieces = self.row(CLOSING[opening])
        if self.token() != CLOSING[opening]:
            raise self.wrong()
        self.tokens.pop()
        bare = _joined(pieces)
        if opening == "(" and len(pieces) == 1 and bare.startswith(r"\frac"):
            return _plain(bare)
        left, right = BARS.get(opening, (opening, CLOSING[opening]))
        if opening != "{" and re.search(r"\\frac|\\sum", bare):
            left, right = rf"\left{opening} ", rf" \right{CLOSING[opening]}"
        text = left + bare + right
        return Piece(text, text if opening == "|" else bare)

    def _function(self, name: str, below: str | None) -> Piece:
        if name in ("sqrt", "floor"):
            inside = self._piece().bare
            return _plain(rf"\sqrt{{{inside}}}" if name == "sqrt" else rf"\lfloor {inside} \rfloor")
        word = rf"\operatorname*{{{name}}}" if name in UNKNOWN_TO_TEX else rf"\{name}"
        return Piece(_lowered(word, below), "", operator=True)


def _plain(text: str) -> Piece:
    return Piece(text, text)


def _lowered(text: str, below: str | None) -> str:
    return f"{text}_{{{tex(below)}}}" if below else text


def _letters(name: str) -> str:
    if name in GREEK:
        return rf"\{'var' * (name == 'epsilon')}{name}"
    return name if len(name) == 1 else rf"\mathrm{{{name}}}"


def _joined(pieces: list[Piece]) -> str:
    """Side by side; with a thin space between factors of more than a letter, and between a name and brackets."""
    text = ""
    for left, right in zip([None, *pieces], pieces):
        bracket = right.tex.startswith(("(", "[", r"\l"))
        if left and left.operator:
            thin = bracket and "operatorname" in left.tex
        else:
            thin = left and not bracket and not right.operator and len(left.tex) + len(right.tex) > 2
        text += (r"\," if thin else " " if left else "") + right.tex
    return text
