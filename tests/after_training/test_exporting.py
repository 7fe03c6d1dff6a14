"""A static model gives the prediction of the one it was made of."""

import subprocess
import sys

import numpy as np
import paddle
import pytest
import yaml

from paddleseg_losses import register
from paddleseg_losses.after_training import export
from paddleseg_losses.errors import OptionError
from paddleseg_losses.paddleseg.inference import Inference
from paddleseg_losses.paddleseg.restoring import restored

from .conftest import make

IMAGE = np.random.default_rng(0).normal(size=(1, 3, 36, 52)).astype("float32")


@pytest.mark.parametrize("output_op", ["argmax", "softmax", "none"])
@pytest.mark.parametrize(("classes", "multilabel"), [(3, False), (1, False), (2, True)])
def test_the_same_prediction(classes, multilabel, output_op, tmp_path, losses_table):
    case = make(tmp_path, classes)
    register("all")
    how = Inference.of({}, use_multilabel=multilabel)
    with restored(case.config, case.weights, use_multilabel=multilabel) as trained_model:
        files = export(trained_model, tmp_path / "static", output_op=output_op, use_multilabel=multilabel)
        logits = trained_model.model(paddle.to_tensor(IMAGE))[0]
        expected = {"argmax": how.labels(logits), "softmax": how.probabilities(logits), "none": logits.numpy()[0]}
    outputs = paddle.jit.load(str(files.params.with_suffix("")))(paddle.to_tensor(IMAGE))
    given = (outputs[0] if isinstance(outputs, (list, tuple)) else outputs).numpy()[0]
    assert given.shape == expected[output_op].shape
    np.testing.assert_allclose(given, expected[output_op], rtol=1e-4, atol=1e-5)
    described = yaml.safe_load(files.description.read_text())["Deploy"]
    assert (tmp_path / "static" / described["model"]).is_file()
    assert (tmp_path / "static" / described["params"]).is_file()
    assert described["output_dtype"] == ("int32" if output_op == "argmax" else "float32")


def test_a_process_without_this_package_can_load_it(trained):
    with restored(trained.config, trained.weights) as trained_model:
        files = export(trained_model, trained.folder / "static", input_shape=[1, 3, 36, 52])
        expected = trained_model.model(paddle.to_tensor(IMAGE))[0].argmax(axis=1).numpy()
    np.save(trained.folder / "image.npy", IMAGE)
    program = (
        "import sys, numpy, paddle\n"
        "model = paddle.jit.load(sys.argv[1])\n"
        "out = model(paddle.to_tensor(numpy.load(sys.argv[2])))\n"
        "assert 'paddleseg_losses' not in sys.modules\n"
        "numpy.save(sys.argv[3], (out[0] if isinstance(out, (list, tuple)) else out).numpy())\n"
    )
    result = trained.folder / "out.npy"
    arguments = [str(files.params.with_suffix("")), str(trained.folder / "image.npy"), str(result)]
    subprocess.run([sys.executable, "-W", "ignore", "-c", program, *arguments], check=True, capture_output=True)
    np.testing.assert_array_equal(np.load(result), expected)


def test_transforms_of_labels_are_not_deployed(tmp_path, losses_table):
    foreground = {"type": "paddleseg_losses.Foreground", "classes": 1}
    case = make(tmp_path, 1, val={"transforms": [{"type": "Normalize"}, foreground]})
    with restored(case.config, case.weights) as trained_model:
        files = export(trained_model, tmp_path / "static", for_fd=True)
    described = yaml.safe_load(files.description.read_text())["Deploy"]
    assert described["transforms"] == [{"type": "Normalize"}]
    assert files.description.name == "inference.yml"
    assert files.params.name == "inference.pdiparams"


def test_a_shape_has_four_numbers(trained):
    with restored(trained.config, trained.weights) as trained_model, pytest.raises(OptionError, match="four numbers"):
        export(trained_model, trained.folder / "static", input_shape=[3, 64, 64])
