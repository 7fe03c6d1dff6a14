"""The commands as a user types them; options are written as PaddleSeg's tools take them."""

import json

import paddle
import pytest

from .conftest import make


def _given(case):
    return "--config", case.config, "--model_path", case.weights


def test_evaluate(trained, call, tmp_path):
    windows = "--is_slide", "--crop_size", 24, 24, "--stride", 16, 16
    words = ["--aug_eval", "--scales", 0.5, 1.0, "--flip_horizontal", *windows]
    shown = call("evaluate", *_given(trained), *words, "--save_dir", tmp_path / "scores", "--cldice")
    assert shown.exit_code == 0, shown.output
    for word in ("surface Dice", "clDice", "mean without class 0", "index.html", "4-connected"):
        assert word in shown.output
    facts = json.loads(call("evaluate", *_given(trained), "--opts", "val_dataset.ignore_index=254", "--json").stdout)
    assert facts["images"] == 4
    assert facts["labels_of_no_class"] == [255]
    for written in (["--auc_roc"], ["--auc_roc", "True"]):
        facts = json.loads(call("evaluate", *_given(trained), *written, "--json").stdout)
        assert "auc_roc" in facts["classes"][0]["pooled"]
    assert {"mean_over_images", "pooled", "name", "images"} <= facts["classes"][0].keys()


def test_evaluate_names_classes_that_no_prediction_holds(trained, call):
    path = trained.weights / "model.pdparams"
    weights = paddle.load(str(path))
    last = [name for name, value in weights.items() if value.shape == [3]][-1]  # a number for each class
    weights[last] = paddle.to_tensor([1e3, 0.0, 0.0])
    paddle.save(weights, str(path))
    shown = call("evaluate", *_given(trained))
    assert shown.exit_code == 0, shown.output
    assert "the labels hold class 1, class 2, but no prediction does" in " ".join(shown.output.split())
    assert json.loads(call("evaluate", *_given(trained), "--json").stdout)["never_predicted"] == ["class 1", "class 2"]


def test_predict_names_what_is_broken_and_ends_with_1(trained, call, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.png").write_bytes((trained.data / "image0.png").read_bytes())
    out = tmp_path / "out"
    words = "predict", *_given(trained), "--image_path", folder, "--save_dir", out
    fine = call(*words, "--custom_color", 0, 0, 0, 255, 0, 0)
    assert fine.exit_code == 0, fine.output
    assert (out / "pseudo_color_prediction" / "a.png").is_file()
    (folder / "b.png").write_bytes(b"no picture")
    shown = call(*words)
    assert shown.exit_code == 1
    assert "b.png is passed over" in shown.stderr
    shown = call(*words, "--json")
    assert shown.exit_code == 1
    facts = json.loads(shown.stdout)
    assert (len(facts["images"]), len(facts["failed"])) == (1, 1)


def test_export(trained, call, tmp_path):
    shape = "--input_shape", -1, 3, 32, 32
    shown = call(
        "export", *_given(trained), *shape, "--output_op", "softmax", "--save_dir", tmp_path / "static", "--json"
    )
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout)["description"] == str(tmp_path / "static" / "deploy.yaml")


def test_mistakes_are_sentences(trained, call, tmp_path):
    for words in (
        ["evaluate", "--config", trained.config, "--model_path", tmp_path / "nothing.pdparams"],
        ["evaluate", *_given(trained), "--is_slide"],
        ["predict", *_given(trained), "--image_path", tmp_path / "nothing"],
        ["export", *_given(trained), "--input_shape", 3, 3],
        ["report", tmp_path],
    ):
        shown = call(*words)
        assert shown.exit_code == 1
        assert "what to do" in shown.stderr
        assert "Traceback" not in shown.stderr
    assert call("evaluate", *_given(trained), "--scales").exit_code == 2


def test_a_file_without_validation_data(tmp_path, call, losses_table):
    from tests import tiny

    case = make(tmp_path)
    tiny.write(case.config, {name: section for name, section in case.content.items() if name != "val_dataset"})
    for words in (["evaluate"], ["predict", "--image_path", case.data / "image0.png"]):
        shown = call(words[0], *_given(case), *words[1:])
        assert shown.exit_code == 1
        assert "has no val_dataset" in shown.stderr


@pytest.mark.parametrize("command", ["evaluate", "predict", "export", "report"])
def test_help_in_chinese(command, call):
    shown = call(command, "--help", "--lang", "zh")
    assert shown.exit_code == 0
    assert "示例" in shown.output
