"""Scores of trained weights: beside PaddleSeg's own, and beside counting by hand."""

import csv
import json
import pickle

import numpy as np
import paddle
import pytest
from PIL import Image

from paddleseg_losses.after_training import evaluate, write_evaluation
from paddleseg_losses.after_training.evaluation import Evaluation
from paddleseg_losses.errors import ConfigError, DataError, OptionError
from paddleseg_losses.paddleseg import evaluation as paddlesegs
from paddleseg_losses.paddleseg.inference import Inference
from paddleseg_losses.paddleseg.restoring import restored
from tests import tiny

from .conftest import make, read, resize


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_pooled_scores_are_those_of_paddleseg(classes, tmp_path, losses_table):
    case = make(tmp_path, classes)
    with restored(case.config, case.weights, display=tiny.recorder()) as trained_model:
        dataset = trained_model.val_dataset()
        ours = evaluate(trained_model.model, dataset)
        theirs = paddlesegs.evaluate(trained_model.model, dataset)
    assert [str(name) for name in ours.names] == [str(each.name) for each in theirs.classes]
    for metric in ("dice", "iou"):
        expected = [np.nan if getattr(each, metric) is None else getattr(each, metric) for each in theirs.classes]
        np.testing.assert_allclose(ours.pooled[metric], expected, rtol=1e-12)


def test_images_of_other_sizes_and_windows(trained):
    for name in ("image1.png", "label1.png"):
        resize(trained.data / name, (56, 48))
    windows = Inference.of({"is_slide": True, "crop_size": [24, 24], "stride": [16, 16]})
    averaged = Inference.of({}, augment=True, scales=(0.5, 1.0), flip_horizontal=True)
    with restored(trained.config, trained.weights) as trained_model:
        for how in (Inference(), windows, averaged):
            result = evaluate(trained_model.model, trained_model.val_dataset(), how)
            pixels = sum(result.counts[name] for name in ("tp", "fp", "fn", "tn"))
            assert pixels[0, 0] == 30 * 40  # two rows are ignored
            assert pixels[1, 0] == 45 * 56


def test_labels_that_the_transforms_change(tmp_path, losses_table):
    """Classes 1 and 2 become the foreground of a model of one channel."""
    foreground = {"type": "paddleseg_losses.Foreground", "classes": [1, 2]}
    case = make(tmp_path, classes=3, channels=1, val={"transforms": [{"type": "Normalize"}, foreground]})
    with restored(case.config, case.weights) as trained_model:
        result = evaluate(trained_model.model, trained_model.val_dataset())
    assert [str(name) for name in result.names] == ["background", "foreground"]
    assert result.foreign == []
    truth = sum(int(np.isin(read(case.data / f"label{i}.png").values[2:], (1, 2)).sum()) for i in range(4))
    assert (result.counts["tp"] + result.counts["fn"])[:, 1].sum() == truth


def test_labels_that_do_not_exclude_each_other(tmp_path, losses_table):
    multilabel = {"type": "paddleseg_losses.Multilabel", "sets": [[1, 2], [2]]}
    case = make(
        tmp_path, classes=3, channels=2, val={"num_classes": 2, "transforms": [{"type": "Normalize"}, multilabel]}
    )
    how = Inference.of({}, use_multilabel=True)
    with restored(case.config, case.weights, use_multilabel=True) as trained_model:
        dataset = trained_model.val_dataset()
        result = evaluate(trained_model.model, dataset, how, auc_roc=True)
        write_evaluation(tmp_path / "scores", trained_model, dataset, how, result, each=1)
    assert len(result.names) == 2
    masks = np.stack([read(case.data / f"label{i}.png").values[2:] for i in range(4)])
    truth = [int(np.isin(masks, labels).sum()) for labels in ((1, 2), (2,))]
    assert (result.counts["tp"] + result.counts["fn"]).sum(axis=0).tolist() == truth
    assert len(list((tmp_path / "scores" / "pictures").iterdir())) == 2


def test_an_empty_class_has_no_score_and_is_left_out(tmp_path, losses_table):
    case = make(tmp_path, classes=5)
    for i in range(4):  # the labels hold the background alone
        _write(case.data / f"label{i}.png", np.zeros((32, 40), np.uint8))
    with restored(case.config, case.weights) as trained_model:
        trained_model.model.head.bias.set_value(paddle.to_tensor([0.0, 0.0, 0.0, 0.0, -1e9]))
        result = evaluate(trained_model.model, trained_model.val_dataset(), cldice=True)
    assert np.isnan(result.means["dice"][4])
    assert np.isnan(result.pooled["iou"][4])
    assert result.occurrences[4] == 0
    assert not np.isnan(list(result.rows())[-1][1]["dice"])
    assert json.dumps(result.as_dict()["images"]) == "4"


def test_labels_of_no_class_are_named(trained):
    _write(trained.data / "label0.png", np.full((32, 40), 7, np.uint8))
    with restored(trained.config, trained.weights) as trained_model:
        assert evaluate(trained_model.model, trained_model.val_dataset()).foreign == [7]


def test_a_class_that_no_prediction_holds_is_named():
    """The first class is found, the second is held by the labels alone, the third by nothing."""
    counts = {"tp": [[5, 0, 0]], "fp": [[2, 0, 0]], "fn": [[1, 3, 0]], "tn": [[1, 5, 8]]}
    counts = {name: np.array(values) for name, values in counts.items()}
    result = Evaluation(["background", "crack", "hole"], ["a.png"], counts, 1)
    assert result.never_predicted == ["crack"]


def test_a_mask_of_another_size_is_named(trained):
    resize(trained.data / "label2.png", (20, 16))
    with restored(trained.config, trained.weights) as trained_model, pytest.raises(DataError, match=r"image2\.png"):
        evaluate(trained_model.model, trained_model.val_dataset())


def test_what_is_written(trained, tmp_path):
    with restored(trained.config, trained.weights) as trained_model:
        dataset = trained_model.val_dataset()
        result = evaluate(trained_model.model, dataset, cldice=True)
        write_evaluation(tmp_path / "scores", trained_model, dataset, Inference(), result, each=2)
        pictures = write_evaluation(tmp_path / "scores", trained_model, dataset, Inference(), result, each=1)
    assert sorted((tmp_path / "scores" / "pictures").iterdir()) == sorted(each.file for each in pictures)
    with (tmp_path / "scores" / "images.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * 3
    row = rows[4]
    assert (row["image"], row["class"]) == ("image1.png", "1")
    dice = result.by_image["dice"][1, 1]
    assert row["dice"] == ("" if np.isnan(dice) else f"{dice:.6g}")
    facts = json.loads((tmp_path / "scores" / "scores.json").read_text(encoding="utf-8"))
    assert facts["images"] == 4
    assert len(facts["classes"]) == 3
    assert facts["classes"][0]["pooled"]["dice"] == pytest.approx(result.pooled["dice"][0])
    page = (tmp_path / "scores" / "index.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == len(pictures) == 2
    assert "http" not in page
    ranked = result.ranking
    assert [picture.image for picture in pictures] == [f"image{ranked[-1]}.png", f"image{ranked[0]}.png"]


def test_the_area_under_the_curve_is_that_of_scikit_learn(trained):
    from sklearn.metrics import roc_auc_score

    with restored(trained.config, trained.weights) as trained_model:
        dataset = trained_model.val_dataset()
        result = evaluate(trained_model.model, dataset, auc_roc=True)
        pairs = []
        for i in range(len(dataset)):
            logits = Inference().logits(
                trained_model.model, paddle.to_tensor(dataset[i]["img"][None]), dataset[i]["trans_info"]
            )
            pairs.append((Inference().probabilities(logits)[1].ravel(), dataset[i]["label"].ravel()))
    guess, truth = map(np.concatenate, zip(*pairs))
    expected = roc_auc_score(truth[truth != 255] == 1, guess[truth != 255])
    assert result.pooled["auc_roc"][1] == pytest.approx(expected, abs=2e-4)


def test_weights_of_another_number_of_classes(trained):
    sections = ("model", "train_dataset", "val_dataset")
    four = {name: {**trained.content[name], "num_classes": 4} for name in sections}
    path = tiny.write(trained.folder / "four.yml", {**trained.content, **four})
    with pytest.raises(ConfigError, match="trained with 3 classes, the file says 4"), restored(path, trained.weights):
        pass


def test_weights_of_another_model(trained):
    path = tiny.write(
        trained.folder / "other.yml", {**trained.content, "model": {"type": "PPHumanSegLite", "num_classes": 3}}
    )
    with pytest.raises(ConfigError, match=r"lacks \d+ of the \d+ weights"), restored(path, trained.weights):
        pass


@pytest.mark.parametrize(
    "content", [b"", b"not a pickle", pickle.dumps([1, 2]), None], ids=["empty", "text", "list", "cut"]
)
def test_damaged_weights(content, trained):
    file = trained.weights / "model.pdparams"
    file.write_bytes(file.read_bytes()[:-200] if content is None else content)
    with pytest.raises(ConfigError, match=r"model\.pdparams"), restored(trained.config, trained.weights):
        pass


def test_weights_that_are_not_there(trained):
    with pytest.raises(ConfigError, match="best_model"), restored(trained.config, trained.folder / "best"):
        pass


@pytest.mark.parametrize(
    "given",
    [
        {"is_slide": True},
        {"is_slide": True, "crop_size": (8, 8), "stride": (9, 8)},
        {"augment": True, "scales": (0.0,)},
    ],
)
def test_windows_and_scales_that_cannot_be(given):
    with pytest.raises(OptionError):
        Inference.of({}, **given)


def _write(path, labels):
    Image.fromarray(labels).save(path)
