"""Reading YAML as PaddleSeg reads it, with errors that say where and what to do."""

import pytest

from paddleseg_losses.errors import ConfigError
from paddleseg_losses.paddleseg.config import load
from tests import tiny


def _write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text)
    return folder / "top.yml"


BASES = {
    "top": "_base_: middle.yml\nbatch_size: 2\nmodel: {num_classes: 3}\nloss: {_inherited_: False, coef: []}\n",
    "middle": "_base_: [bottom.yml]\nmodel: {type: FastSCNN, align_corners: False}\niters: 10\n",
    "bottom": "iters: 5\nmodel: {type: UNet, pretrained: null}\nloss: {types: [], coef: [1], other: 1}\n",
}


def test_bases_are_merged(tmp_path):
    assert load(_write(tmp_path, **BASES)) == {
        "batch_size": 2,
        "iters": 10,
        "model": {"type": "FastSCNN", "align_corners": False, "pretrained": None, "num_classes": 3},
        "loss": {"coef": []},
    }


def test_paddleseg_reads_the_same(tmp_path):
    config = pytest.importorskip("paddleseg.cvlibs.config", reason="PaddleSeg is not installed")
    path = _write(tmp_path, **BASES)
    assert load(path) == config.parse_from_yaml(str(path))
    dataset = tmp_path / "data"
    whole = tiny.write_config(tmp_path / "whole.yml", dataset, {"type": "DiceLoss"})
    assert load(whole) == config.parse_from_yaml(str(whole))


BROKEN = {
    "missing": ({}, "There is no file", "look in"),
    "missing, but near": ({"tops": "a: 1\n"}, "There is no file", "did you mean"),
    "missing base": ({"top": "_base_: bas.yml\n", "base": "a: 1\n"}, "(a `_base_` of", "base.yml"),
    "circle": ({"top": "_base_: top.yml\n"}, "is its own `_base_`", "remove one `_base_` line"),
    "list": ({"top": "- a\n- b\n"}, "contains a list", "configs/"),
    "empty": ({"top": ""}, "is empty", "configs/"),
    "bracket": ({"top": "a: [1\nb: 2\n"}, "top.yml, line 2, column 2", "'b: 2'"),
    "tab": ({"top": "a:\n\tb: 1\n"}, "line 2, column 1", "not tabs"),
}


@pytest.mark.parametrize("case", list(BROKEN))
def test_broken_files_are_explained(case, tmp_path):
    files, found, cure = BROKEN[case]
    with pytest.raises(ConfigError) as caught:
        load(_write(tmp_path, **files))
    assert found in str(caught.value.found)
    assert cure in str(caught.value.cure)


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(ConfigError, match="is a folder") as caught:
        load(tmp_path)
    assert str(caught.value.cure) == "give a file in it"
    _write(tmp_path, top="a: 1")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert str(caught.value.cure) == f"give one of {tmp_path / 'top.yml'}"


def test_not_utf8(tmp_path):
    (tmp_path / "top.yml").write_bytes(b"a: \xff\xfe\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        load(tmp_path / "top.yml")
