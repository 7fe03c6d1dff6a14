"""The benchmark measures every loss, on inputs that are what they say."""

import numpy as np
import pytest

from benchmarks import roofline
from benchmarks.cases import EDT, IGNORED, SHAPES, Shape, arrays, cases, masks, written
from benchmarks.peers import PEERS, composed, ours, paddle_primitives
from benchmarks.thresholds import COMPARED, REASONS
from paddleseg_losses import registry

NAMES = [EDT, *registry.names()]


def test_every_registered_loss_is_measured_on_a_large_and_on_the_tiny_shape():
    shapes_of = {}
    for loss, shape in cases(NAMES, list(SHAPES)):
        shapes_of.setdefault(loss, set()).add(shape.name)
    assert set(shapes_of) == set(NAMES)
    assert all(shapes & {"A", "B", "binary"} for loss, shapes in shapes_of.items() if loss != EDT)
    multiclass = {spec.name for spec in registry.specs(mode="multiclass") if spec.most_classes is None}
    assert all("tiny" in shapes_of[loss] for loss in multiclass)
    assert shapes_of[EDT] == {"maps", "volumes"}


@pytest.mark.parametrize("table", [ours.TABLE, composed.TABLE], ids=["ours", "composed"])
def test_our_tables_hold_every_loss(table):
    assert set(table) == set(NAMES)


def test_thresholds_and_reasons_name_losses_that_exist():
    assert set(NAMES) >= COMPARED | set(REASONS)


def test_peers_are_of_known_frameworks_and_have_modules_of_their_own():
    assert {peer.framework for peer in PEERS.values()} == {"ours", "paddle", "torch", "host"}
    assert len({peer.module for peer in PEERS.values()}) == len(PEERS)


@pytest.mark.parametrize("size", [(2, 5, 40, 24), (1, 1, 40, 24), (1, 3, 20, 17, 9)])
def test_arrays_are_imperfect_and_partly_ignored(size):
    made = arrays(size)
    classes = max(size[1], 2)
    assert made.logits.shape == size
    assert made.logits.dtype == np.float32
    assert made.labels.shape == (size[0], *size[2:])
    ignored = made.labels == IGNORED
    assert 0.02 < ignored.mean() < 0.1
    assert set(np.unique(made.whole)) <= set(range(classes))
    np.testing.assert_array_equal(made.labels[~ignored], made.whole[~ignored])
    guess = made.logits.argmax(1) if size[1] > 1 else (made.logits[:, 0] > 1).astype(int)
    assert 1 / classes < (guess == made.whole).mean() < 1


def test_labels_are_written_in_three_forms():
    labels = arrays((2, 3, 20, 24)).labels
    ignored = labels == IGNORED
    hot, soft = written(labels, 3, "one-hot"), written(labels, 3, "soft")
    assert written(labels, 3, "index") is labels
    assert (hot.dtype, soft.dtype) == (labels.dtype, np.float32)
    for targets in (hot, soft):
        moved = np.moveaxis(targets, 1, -1)
        assert (moved[ignored] == IGNORED).all()
        np.testing.assert_array_equal(moved[~ignored].argmax(-1), labels[~ignored])
        np.testing.assert_allclose(moved[~ignored].sum(-1), 1, rtol=1e-6)


def test_masks_have_both_sides():
    made = masks((1, 3, 100, 70))
    assert made.dtype == bool
    assert all(0 < mask.mean() < 1 for mask in made[0])


def test_the_roofline_counts_reads_and_writes():
    assert roofline.least_bytes((2, 3, 10, 10)) == 200 * (2 * 3 * 4 + 3 * 4 + 2 * 8)
    assert roofline.bandwidth(1, length=1 << 16, repeats=1) > 1e8


def test_what_is_written_by_hand_computes_the_same_number():
    import paddle

    for name, entry in paddle_primitives.TABLE.items():
        for shape in (Shape("many", (2, 3, 33, 20)), Shape("one", (2, 1, 33, 20))):
            if entry.takes(shape) and ours.TABLE[name].takes(shape):
                made = arrays(shape.size)
                given = paddle.to_tensor(made.logits), paddle.to_tensor(made.labels)
                actual, expected = (
                    float(table[name].make(shape)(*given)) for table in (paddle_primitives.TABLE, ours.TABLE)
                )
                assert actual == pytest.approx(expected, rel=1e-5), (name, shape.name)
