"""Law 12: text rebuilds a loss; defaults work; unknown options are refused with the nearest name."""

import copy
import inspect
import pickle

import numpy as np
import pytest
import yaml

import paddleseg_losses
from paddleseg_losses import errors, registry
from paddleseg_losses.options import options_of

from .scenes import cases, losses, make


def _changed(spec):
    """Options of a spec, each with a value that is not its default, where one is easily found."""
    found = {}
    for name, option in options_of(spec.cls).items():
        if isinstance(option.default, bool) and "only" not in option.help:
            found[name] = not option.default
        elif isinstance(option.default, float):
            for value in (option.default / 2 + 0.1, option.default):
                try:
                    found[name] = option.parse(value, spec.name)
                    break
                except errors.OptionError:
                    continue
    found.pop("sync", None)  # valid only together with batch
    return found


@pytest.mark.parametrize("spec", losses())
@pytest.mark.parametrize("change", [False, True])
def test_text_rebuilds_it(spec, change):
    loss = make(spec, **(_changed(spec) if change else {}))
    assert eval(repr(loss), vars(paddleseg_losses)).options == loss.options
    assert pickle.loads(pickle.dumps(loss)).options == loss.options
    assert copy.deepcopy(loss).options == loss.options
    text = yaml.safe_dump(loss.to_config())
    assert registry.build(yaml.safe_load(text)).options == loss.options


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_defaults_run(spec, scene):
    import paddle

    loss = make(spec)(paddle.to_tensor(scene.logits()), paddle.to_tensor(scene.labels()))
    assert np.isfinite(float(loss))


@pytest.mark.parametrize("spec", losses())
def test_unknown_options_are_refused_with_the_nearest_name(spec):
    with pytest.raises(errors.UnknownOptionError, match="did you mean ignore_index"):
        make(spec, ignore_indx=0)
    with pytest.raises(errors.UnknownOptionError, match=r"one of .*ignore_index"):
        make(spec, zzzz=1)


@pytest.mark.parametrize("spec", losses())
def test_numbers_as_yaml_writes_them(spec):
    numeric = {n: o for n, o in options_of(spec.cls).items() if isinstance(o.default, float)}
    given = make(spec, **{name: f"{option.default:e}" for name, option in numeric.items()})
    assert given.options == make(spec).options


@pytest.mark.parametrize("spec", losses())
def test_the_signature_shows_every_option(spec):
    shown = inspect.signature(spec.cls).parameters
    assert {name: p.default for name, p in shown.items()} == {n: o.default for n, o in options_of(spec.cls).items()}
