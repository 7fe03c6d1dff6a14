"""What an option takes, in Chinese, from what its declaration says in English."""

from __future__ import annotations

# The order matters.
_ACCEPTED = (
    ("None or a mapping such as ", "None，或映射，例如 "),
    ("None or a list of numbers", "None，或数的列表，各"),
    ("a list of at least one number", "非空的数的列表，各"),
    ("a list of at least one loss", "非空的损失列表"),
    (
        "None or a square matrix of numbers >= 0, 0 on the diagonal and not 0 everywhere",
        "None，或非负方阵：对角线为 0，且不全为 0",
    ),
    ("'all', 'present' or a list of different class indices", "'all'、'present'，或互不相同的类别序号的列表"),
    ("a whole number", "整数"),
    ("an odd number", "奇数"),
    ("a number", "数"),
    ("one of ", ""),
    (" in ", "，取自 "),
    (" or None", "，或 None"),
    ("true or false", "true 或 false"),
    ("，各 ", "，各数 "),
)


def accepted(english: str) -> str:
    """The Chinese of an option's `expected`."""
    for old, new in _ACCEPTED:
        english = english.replace(old, new)
    return english.removesuffix("，各")
