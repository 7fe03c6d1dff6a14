"""Groups stay together, the same seed divides the same way, and rare classes reach every part."""

from pathlib import Path

import pytest

from paddleseg_losses.errors import DataError
from paddleseg_losses.start.naming import read_name
from paddleseg_losses.start.sources import Sample
from paddleseg_losses.start.splitting import group_samples, split


def _samples(*names):
    said = [read_name(Path(name), name) for name in names]
    return [
        Sample(each.name, each.path, f"mask of {each.name}", None, lambda: None, each.part, each.folder, each.key)
        for each in said
    ]


GROUPED = {
    "patients": ([f"images/patient{p}_slice{s}.png" for p in range(4) for s in range(5)], 4),
    "a folder for each case": ([f"case_{p}/img/{s}.png" for p in range(3) for s in range(4)], 3),
    "folders": ([f"images/town{chr(97 + p)}/{s}.png" for p in range(6) for s in range(3)], 6),
    "frames": ([f"images/walk{p}_{s:04d}.jpg" for p in range(6) for s in range(4)], 6),
    "frames with a word": ([f"images/walk{p}_frame_{s}.jpg" for p in range(5) for s in range(4)], 5),
    "Chinese": ([f"图像/患者{p}_{s}.png" for p in range(3) for s in range(4)], 3),
}
ALONE = {
    "numbers": [f"images/{n:03d}.png" for n in range(20)],
    "a word and a number": [f"images/img_{n}.png" for n in range(20)],
    "classes": [f"images/{kind}_{n}.png" for kind in ("cat", "dog") for n in range(9)],
    "a case for each image": [f"images/case{n}.png" for n in range(20)],
}


@pytest.mark.parametrize("case", GROUPED)
def test_groups_are_found_and_kept_together(case):
    names, count = GROUPED[case]
    samples = _samples(*names)
    groups = group_samples(samples)
    assert len(set(groups.values())) == count
    parts = split(samples, 0.25, 0.2, 0).parts
    assert set(parts) == {"train", "val", "test"}
    inside = [{groups[each.name] for each in part} for part in parts.values()]
    assert sum(map(len, inside)) == count
    assert sum(map(len, parts.values())) == len(names)


@pytest.mark.parametrize("case", ALONE)
def test_names_without_groups(case):
    assert group_samples(_samples(*ALONE[case])) == {}


def test_a_pattern_finds_groups():
    samples = _samples(*(f"images/{day}x{n}.png" for day in "abc" for n in range(4)))
    parts = split(samples, 0.3, 0, 0, r"/(\w)x").parts
    assert {each.name[7] for each in parts["val"]}.isdisjoint({each.name[7] for each in parts["train"]})
    with pytest.raises(DataError, match=r"finds nothing in images/ax0\.png"):
        split(samples, 0.3, 0, 0, "patient")
    with pytest.raises(DataError, match="not a regular expression"):
        split(samples, 0.3, 0, 0, "(")
    with pytest.raises(DataError, match="belong to one group"):
        split(samples, 0.3, 0, 0, "images")


def test_a_seed_is_a_split():
    samples = _samples(*ALONE["numbers"])
    first, same, other = (split(samples[::step], 0.2, 0, seed).parts for step, seed in ((1, 0), (-1, 0), (1, 1)))
    assert first == same != other
    assert {part: len(each) for part, each in first.items()} == {"train": 16, "val": 4}


def test_a_rare_class_reaches_both_parts():
    samples = _samples(*ALONE["numbers"])
    for seed in range(5):
        values = {
            each.mask_name: {0, 1} if each.name in ("images/003.png", "images/011.png") else {0} for each in samples
        }
        parts = split(samples, 0.3, 0, seed, values=values).parts
        assert all({0, 1} == set().union(*(values[each.mask_name] for each in part)) for part in parts.values())


def test_few_images():
    two = split(_samples("a.png", "b.png"), 0.2, 0.2, 0).parts
    assert {part: len(each) for part, each in two.items()} == {"train": 1, "val": 1}
    with pytest.raises(DataError, match="There is 1 image with a mask"):
        split(_samples("a.png"), 0.2, 0, 0)


def test_a_test_part_of_the_folder_stays():
    samples = _samples(*(f"train/images/{n}.png" for n in range(10)), *(f"test/images/{n}.png" for n in range(3)))
    parts = split(samples, 0.2, 0.3, 0).parts
    assert {part: len(each) for part, each in parts.items()} == {"train": 8, "val": 2, "test": 3}
    assert {each.part for each in parts["test"]} == {"test"}
