"""Paddle's log of operators and gradients, read as bytes: every operator reads its inputs and writes its outputs."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

BYTES = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "int16": 2, "bool": 1, "int8": 1, "uint8": 1}
# Operators that only look at memory in another way; a tensor that is transposed or cut is copied by what reads it next.
VIEWS = {
    "reshape", "squeeze", "unsqueeze", "flatten", "transpose", "slice", "split", "split_with_num", "unbind", "detach",
    "strided_slice", "as_strided", "view_shape", "view_slice", "share_data",
}  # fmt: skip
_PARTS = {"slice", "split", "split_with_num", "unbind", "strided_slice"}
_STRIDED = {"transpose", *_PARTS}
_OF_PARTS = {f"{part}_grad" for part in _PARTS}  # no views: the whole is written
# Gradients that ask an input for its shape alone.
_UNREAD = {
    "where_grad": "xy", "add_grad": "xy", "subtract_grad": "xy", "sum_grad": "x", "mean_grad": "x", "expand_grad": "x",
    "concat_grad": "x", "gather_grad": "x", "gather_nd_grad": "x", "cast_grad": "x", "argsort_grad": "x",
    "pad_grad": "x", "cumsum_grad": "x", "slice_grad": ("input",), "strided_slice_grad": "x",
    "take_along_axis_grad": ("arr",),
}  # fmt: skip
# Operators that touch as many elements as they pick, or put in place, however many there are.
_PICKING, _PUTTING = {"take_along_axis", "gather", "gather_nd", "index_select"}, {"put_along_axis_"}
_OVERWRITING = {"scatter_"}  # indices and what is written are read; what was there is not
_TENSOR = re.compile(
    r"^\( (\w+) , |^\tInitialized: (\d),\n\tTensor_Ptr: ?\S+,\n\tTensor_Impl_Ptr: ?(\S+),\n\tTensorInfo: \{([^}]*)\}",
    re.M,
)
_MEETING = re.compile(r"Found pending node: (\S+) \n.*?grad_output_tensor info Place\(\w+\),(\w+), \(([^)]*)\)", re.S)


class Seen(NamedTuple):
    """A tensor in the log; its address alone may be that of a tensor which is gone."""

    memory: str
    shape: str
    bytes: int


@dataclass
class Traffic:
    """Of one pass."""

    launches: int = 0
    bytes: int = 0
    by_operator: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, size: int) -> None:
        """One kernel that reads and writes so many bytes."""
        self.launches += 1
        self.bytes += size
        self.by_operator[name] += size

    def largest(self, most: int = 3) -> list[tuple[str, int]]:
        """The operators that move most."""
        return self.by_operator.most_common(most)


def read_log(path: Path) -> dict[tuple[str, str], Traffic]:
    """By loss and pass, `forward` or `backward`."""
    text = path.read_text(errors="replace")
    passes = {}
    for part in text.split("\n@@" if not text.startswith("@@") else "@@"):
        title, _, body = part.removeprefix("@@").partition("\n")
        if title:
            name, _, direction = title.rpartition(" ")
            passes[name, direction] = _read_pass(body)
    return passes


def _read_pass(text: str) -> Traffic:
    traffic, strided = Traffic(), set[Seen]()
    text = _flat(text)
    kernels = {*re.findall(r"\] (\w+) API kernel key", text)}
    for name, given, made in _operators(text):
        anew = {each.memory for each in made}
        strided = {each for each in strided if each.memory not in anew}
        stem = name if name in _OF_PARTS else name.removesuffix("_grad")
        if name.removesuffix("_") not in kernels and stem not in VIEWS | _OF_PARTS:
            continue  # a PyLayer: what it calls is in the log
        copied = [each for each in given if each in strided]
        if stem in VIEWS:
            if stem in _STRIDED or (copied and stem in ("unsqueeze", "squeeze", "detach")):
                strided |= {*made}
            elif copied:
                traffic.add("contiguous copy", 2 * sum(each.bytes for each in copied))
            continue
        for each in copied:
            traffic.add("contiguous copy", 2 * each.bytes)
        traffic.add(name, _moved(name, given, made))
    for size in _sums_of_gradients(text):
        traffic.add("sum of gradients", 3 * size)
    return traffic


def _moved(name: str, given: list[Seen], made: list[Seen]) -> int:
    """What is read and written: all of the inputs and outputs, if not only what is picked of them."""
    if name in _PICKING:
        return sum(each.bytes for each in (*given[1:], *made, *made))
    if name in _PUTTING:  # indices and values are read, and so many elements are read and written
        return sum(each.bytes for each in (*given[1:], *given[2:], *given[2:]))
    if name in _OVERWRITING:
        return sum(each.bytes for each in (*given[1:], *given[2:]))
    return sum(each.bytes for each in (*given, *made))


def _flat(text: str) -> str:
    """What happens inside a PyLayer is indented: every entry of the log is moved to the left margin."""
    entries = re.split(r"^(?=\t*[IWE]\d{4} )", text, flags=re.M)
    tabs = (len(entry) - len(entry.lstrip("\t")) for entry in entries)
    return "".join(re.sub(rf"^\t{{{n}}}", "", entry, flags=re.M) if n else entry for n, entry in zip(tabs, entries))


def _operators(text: str) -> Iterator[tuple[str, list[Seen], list[Seen]]]:
    """Name, inputs and outputs of every operator, in the order of their end."""
    blocks = []
    for block in re.finditer(
        r"^Forward Debug Info \{\s*API_Name: (\w+)(.*?)(?=^Forward Debug Info|\Z)", text, re.M | re.S
    ):
        blocks.append((block.start(), re.sub(r"\d+$", "", block[1]), block[2]))
    for block in re.finditer(r"Running_AD_API_GRAD: (\w+)=+\n(.*?)Finish_AD_API_GRAD", text, re.S):
        inside = block[2].rsplit("{ Input: [", 1)
        if len(inside) == 2:
            blocks.append((block.start(), block[1], inside[1]))
    for _place, name, block in sorted(blocks):
        given, separator, made = _halves(block)
        if separator:
            yield name, _tensors(given, name), _tensors(made, "")


def _halves(block: str) -> tuple[str, bool, str]:
    """What stands before `Output:` and after it, to the next line of the log."""
    halves = re.split(r"^\s*Output: \[", block, maxsplit=1, flags=re.M)
    if len(halves) < 2:
        return block, False, ""
    return halves[0], True, re.split(r"^\t*[IWE]\d{4} ", halves[1], maxsplit=1, flags=re.M)[0]


def _tensors(text: str, operator: str) -> list[Seen]:
    tensors, called = [], ""
    for match in _TENSOR.finditer(text):
        if match[1]:
            called = match[1]
        elif match[2] == "1" and called not in _UNREAD.get(operator, ()):
            kind, shape = re.search(r"Dtype: (\w+)", match[4]), re.search(r"Shape: ([^\n]*)", match[4])
            if kind and shape:
                tensors.append(Seen(match[3], shape[1], _size(kind[1], shape[1])))
    return tensors


def _sums_of_gradients(text: str) -> Iterator[int]:
    """Gradients that meet at a node are added outside of any operator."""
    arrived: Counter[str] = Counter()
    for node, kind, shape in _MEETING.findall(text):
        arrived[node] += 1
        if arrived[node] > 1:
            yield _size(kind, shape)


def _size(kind: str, shape: str) -> int:
    return BYTES.get(kind, 4) * math.prod(int(side) for side in re.findall(r"\d+", shape))
