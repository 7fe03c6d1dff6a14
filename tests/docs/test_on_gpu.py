"""The page about accelerators says what was measured on a card, good or bad."""

import copy

from docs.builder import on_gpu
from docs.builder.language import CHINESE, ENGLISH


def _page(change):
    check = copy.deepcopy(on_gpu.CHECK)
    change(check)
    return "\n".join(on_gpu.measured(ENGLISH, check))


def test_all_that_was_compared_was_right():
    assert on_gpu.CHECK["refused"] is None
    assert all(row["right"] for row in on_gpu.CHECK["agreement"])
    assert "80 of 80 comparisons" in _page(lambda check: None)


def test_a_comparison_that_fails_is_counted():
    assert "79 of 80 comparisons" in _page(lambda check: check["agreement"][0].update(right=False))


def test_tools_are_quoted():
    page = _page(lambda check: check.update(sanitizers={"memcheck": "Invalid __global__ read of size 4"}))
    assert "memcheck: Invalid __global__ read of size 4" in page
    assert "nothing found" not in page
    assert "nothing found" in _page(lambda check: None)


def test_goals_that_are_reached_are_not_called_missed():
    assert "Not reached, sums: 75% of the copy's speed; 60% at best." in _page(lambda check: None)
    assert "Not reached, sums" not in _page(lambda check: check["speed"][0]["sums"].update(of_copy=0.9))


def test_what_had_no_memory_is_a_dash():
    def without_memory(check):
        check["maps"][1].update(distances_times_faster=None)
        check["maps"][1]["maps"]["distances, torch"].update(ms=None, called_ms=None, peak=None)
        check["maps"][1]["losses"]["centerlines, torch"].update(ms=None, called_ms=None, peak=None)
        check["speed"][2].update(dice_times_faster=None)

    assert "| 11.06 | – |" in _page(without_memory)
    assert "6 : –" in _page(without_memory)


def test_kernels_that_have_changed_are_named():
    assert "`edt`" not in _page(lambda check: None)
    assert "`edt`" in _page(lambda check: check["code"].update(edt="another")).splitlines()[-1]


def test_both_languages_show_the_same_tables():
    tables = [[line for line in part.splitlines() if line.startswith("| [")] for part in on_gpu.measured(CHINESE)]
    assert tables == [
        [line for line in part.splitlines() if line.startswith("| [")] for part in on_gpu.measured(ENGLISH)
    ]
