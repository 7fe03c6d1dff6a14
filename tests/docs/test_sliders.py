"""The site's sliders show the package's numbers, and what is known is not computed again."""

import base64
import json
import re

import numpy as np
import pytest

from docs.builder import counting, pictures, sliders, staging
from docs.builder import sources as of_pictures
from paddleseg_losses import drawing, registry

MOVED = {each.spec.name: each for each in sliders.sliders()}
SAMPLED = ["TverskyLoss", "FocalLoss", "WeightedSumLoss", "GeneralizedWassersteinDiceLoss", "BoundaryLoss"]


@pytest.mark.parametrize("name", SAMPLED)
def test_a_setting_holds_the_numbers_of_the_loss(name):
    moved = MOVED[name]
    setting = moved.settings[len(moved.settings) // 2]
    measured = sliders.measured(moved.spec, setting)
    loss = registry.build({"type": name, **moved.spec.example, **setting})
    curve, gradient = drawing.curve_of(loss, sliders.COARSE), drawing.gradient_on(loss)
    for kind in ("values", "slopes"):
        for side, line in getattr(curve, kind).items():
            points = measured[kind][side]["points"]
            np.testing.assert_allclose(points, line, atol=np.ptp(line) / sliders.FINE + 1e-12, rtol=1e-3)
    levels = np.frombuffer(base64.b64decode(measured["gradient"]), "int8").reshape(gradient.gradient.shape)
    assert measured["most"] == pytest.approx(np.abs(gradient.gradient).max(), rel=1e-3)
    np.testing.assert_allclose(levels / 127 * measured["most"], gradient.gradient, atol=measured["most"] / 200)
    assert measured["loss"] == pytest.approx(gradient.value, rel=1e-3)
    assert measured["shares"] == pytest.approx([gradient.share(region) for region in gradient.regions], rel=1e-3)


@pytest.mark.parametrize("name", SAMPLED)
def test_the_defaults_show_what_the_printed_pictures_show(name):
    moved = MOVED[name]
    setting = {option: values[i] for (option, values), i in zip(moved.options.items(), moved.defaults)}
    measured, printed = sliders.measured(moved.spec, setting), pictures.stored()[name]
    for kind in ("values", "slopes"):
        for side, line in printed[kind].items():
            points = measured[kind][side]["points"]
            atol = 2 * np.ptp(points) / sliders.FINE
            np.testing.assert_allclose(points[:: pictures.EVERY // 2], line, atol=atol, rtol=1e-4)


@pytest.mark.parametrize("name", [name for name, moved in MOVED.items() if moved.options])
def test_every_slider_moves_something(name):
    """By a hundredth at least, of the slopes or of the map."""
    moved = MOVED[name]
    usual = {option: values[i] for (option, values), i in zip(moved.options.items(), moved.defaults)}
    for option, values in moved.options.items():
        losses = [registry.build({"type": name, **moved.spec.example, **usual, option: value}) for value in values]
        # Few need the slopes: the map is one picture, they are a dozen.
        assert any(_change([show(loss) for loss in losses]) > 0.01 for show in (_map, _slopes)), option


def _map(loss):
    return drawing.gradient_on(loss).gradient


def _slopes(loss):
    return np.concatenate([*drawing.curve_of(loss, sliders.COARSE[::10]).slopes.values()])


def _change(levels):
    """The largest step away from the first, relative to the largest number."""
    return max(np.abs(other - levels[0]).max() for other in levels) / (np.abs(levels).max() or 1)


def test_a_loss_of_one_channel_has_sliders_too():
    assert MOVED["LovaszHingeLoss"].options


def test_the_order_of_the_settings_is_that_of_the_page():
    moved = MOVED["TverskyLoss"]
    (_, alphas), (_, betas) = moved.options.items()
    places = [3, 1]  # explore.js counts like this
    at = places[0] * len(betas) + places[1]
    assert moved.settings[at] == {"alpha": alphas[3], "beta": betas[1]}


def test_a_value_that_is_no_default_is_refused():
    with pytest.raises(SystemExit, match="the default has to stand once"):
        _ = sliders.Sliders(registry.get("FocalLoss"), {"gamma": [1, 3]}).defaults


def test_keys_change_with_code_and_values_alone(monkeypatch):
    moved = MOVED["DiceLoss"]
    files = {path.name for path in of_pictures.sources("paddleseg_losses.losses.region.dice")}
    assert {"dice.py", "base.py", "region.py", "inputs.py", "error_sums.cpp"} <= files
    assert "tversky.py" not in files
    assert sliders.Sliders(moved.spec, {"smooth": [1]}).key != moved.key
    before = moved.key
    real = of_pictures.code

    def changed(extra):
        monkeypatch.setattr(of_pictures, "code", lambda path: real(path) + (extra if path.name == "dice.py" else ""))
        return MOVED["DiceLoss"].key, MOVED["TverskyLoss"].key

    dice, tversky = changed(";")
    assert dice != before
    assert tversky == MOVED["TverskyLoss"].key
    assert changed("")[0] == before


def test_docstrings_are_not_code(tmp_path):
    texts = ['"""A."""\nx = 1\n', '"""B."""\nx = 1\n', '"""A."""\nx = 2\n']
    paths = [tmp_path / f"{i}.py" for i in range(3)]
    for path, text in zip(paths, texts):
        path.write_text(text)
    a, b, c = map(of_pictures.code, paths)
    assert a == b != c


def test_what_is_known_is_not_computed_again(tmp_path, monkeypatch, capsys):
    one = [MOVED["LovaszSoftmaxLoss"]]
    monkeypatch.setattr(sliders, "sliders", lambda: one)
    site, cache = tmp_path / "site", tmp_path / "cache"
    (tmp_path / "cache").mkdir()
    (cache / "LovaszSoftmaxLoss-0.json").write_text("{}")
    sliders.write(site, cache)
    assert capsys.readouterr().err == "[1/1] sliders: LovaszSoftmaxLoss\n"
    assert [path.name for path in cache.iterdir()] == [f"LovaszSoftmaxLoss-{one[0].key}.json"]
    script = (site / "LovaszSoftmaxLoss.js").read_text()
    data = json.loads(script.removeprefix("window.explored = ").removesuffix(";\n"))
    assert data["options"] == [{"name": "classes", "values": ["present", "[0]", "[1]"]}]
    assert len(data["settings"]) == 3
    sliders.write(site, cache)
    assert capsys.readouterr().err == ""


def test_progress_is_told_in_ten_lines(capsys):
    for count in range(1, 60):
        counting.report(count, 59, "name")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[-1] == "[59/59] name"


def test_the_words_of_the_kinds_of_error_are_translated():
    script = (staging.WEB / "explore.js").read_text(encoding="utf-8")
    chinese = re.search(r"regions: \[(.*)\]", script)[1].split(", ")
    assert len(chinese) == len(drawing.SCENE.regions)
