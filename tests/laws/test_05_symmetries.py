"""Law 5: order carries no meaning: of classes, of samples, and of pixels or axes."""

import itertools

import numpy as np
import pytest

from .scenes import (
    IGNORED,
    SCENES,
    cases,
    everything,
    losses,
    make,
    takes_weights,
    value_and_gradient,
    value_of,
    weights,
)

SEVERAL = [scene for scene in SCENES if scene.channels > 2]


def _same(found, expected):
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-11)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-8, atol=1e-13)


def _relabel(labels, order):
    """Labels after channel `order[k]` has become channel k."""
    new = np.argsort(order)
    return np.where(labels == IGNORED, IGNORED, new[np.where(labels == IGNORED, 0, labels)])


@pytest.mark.parametrize(("spec", "scene"), cases(scenes=SEVERAL))
def test_permuting_classes(spec, scene):
    logits, labels, weight = scene.logits(), scene.labels(), weights(spec, scene)
    foreground = [(0, *rest) for rest in itertools.permutations(range(1, scene.channels))]
    everywhere = list(itertools.permutations(range(scene.channels)))
    weighted = takes_weights(spec) and len(weight) == scene.channels
    kinds = [({}, foreground)] if spec.background_special else [({}, foreground), (everything(spec), everywhere)]
    for base, orders in kinds:
        options = {**base, "weight": weight} if weighted else base
        expected = value_and_gradient(make(spec, **options), logits, labels)
        for order in map(list, orders):
            shuffled = {**base, "weight": [weight[k] for k in order]} if weighted else base
            moved = labels[:, order] if scene.mode == "multilabel" else _relabel(labels, order)
            value, gradient = value_and_gradient(make(spec, **shuffled), logits[:, order], moved)
            _same((value, gradient[:, np.argsort(order)]), expected)


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_permuting_samples(spec, scene):
    logits, labels = scene.logits(), scene.labels()
    value, gradient = value_and_gradient(make(spec), logits[::-1].copy(), labels[::-1].copy())
    _same((value, gradient[::-1]), value_and_gradient(make(spec), logits, labels))


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_flips_and_transposes(spec, scene):
    logits, labels = scene.logits(), scene.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    axes = len(scene.space)
    for axis in range(1, axes + 1):
        value, gradient = value_and_gradient(make(spec), np.flip(logits, -axis).copy(), np.flip(labels, -axis).copy())
        _same((value, np.flip(gradient, -axis)), expected)
    for order in itertools.permutations(range(axes)):
        z_order = [0, 1, *(2 + k for k in order)]
        y_order = z_order if scene.mode == "multilabel" else [0, *(1 + k for k in order)]
        turned = logits.transpose(z_order).copy(), labels.transpose(y_order).copy()
        value, gradient = value_and_gradient(make(spec), *turned)
        _same((value, gradient.transpose(np.argsort(z_order))), expected)


@pytest.mark.parametrize(("spec", "scene"), cases(lambda spec: not spec.neighbours))
def test_permuting_pixels(spec, scene):
    logits, labels = scene.logits(), scene.labels()
    order = np.random.default_rng(2).permutation(int(np.prod(scene.space)))

    def shuffle(x, by):
        flat = x.reshape(*x.shape[: x.ndim - len(scene.space)], -1)
        return flat[..., by].reshape(x.shape)

    value, gradient = value_and_gradient(make(spec), shuffle(logits, order), shuffle(labels, order))
    _same((value, shuffle(gradient, np.argsort(order))), value_and_gradient(make(spec), logits, labels))


@pytest.mark.parametrize(("spec", "scene"), cases(lambda spec: not spec.batchwise))
def test_a_batch_is_the_mean_of_its_samples(spec, scene):
    logits, labels = scene.logits(), scene.labels(ignored=0)
    alone = [value_and_gradient(make(spec), logits[n : n + 1], labels[n : n + 1])[0] for n in range(scene.samples)]
    np.testing.assert_allclose(value_and_gradient(make(spec), logits, labels)[0], np.mean(alone), rtol=1e-11)


@pytest.mark.parametrize("spec", losses(lambda spec: spec.batchwise))
def test_a_batchwise_loss_is_not_the_mean_of_its_samples(spec):
    differs = []
    for case in cases(lambda other: other is spec):
        scene = case.values[1]
        logits, labels = scene.logits(), scene.labels(ignored=0)
        whole = value_of(make(spec), logits, labels)
        alone = [value_of(make(spec), logits[n : n + 1], labels[n : n + 1]) for n in range(scene.samples)]
        differs.append(abs(whole - np.mean(alone)) > 1e-9)
    assert any(differs)  # else the fact in its spec would be wrong
