"""`check` on every configuration of PaddleSeg's repository: no false alarm, and what is made wrong is mended."""

import inspect
import json
import re

import pytest
import yaml

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from paddleseg_losses.paddleseg.checking import check
from paddleseg_losses.paddleseg.checking.outputs import outputs_of
from tests import tiny
from tests.paddleseg.collect_configs import STORED

CONFIGS = json.loads(STORED.read_text(encoding="utf-8"))
EXPORTS, BASE = "configs/pp_humanseg_lite/pp_humanseg_lite_export_398x224.yml", "configs/smrt/base_cfg.yml"
WRONG = {
    EXPORTS: "There is no loss section",
    BASE: "There is no loss section",
    "configs/pssl/stdc1_seg_pssl.yml": "STDCSeg has 4 outputs while it trains, but types has length 1 and coef 3",
}
NEWER = {  # than the wheel: what that lacks
    "configs/pidnet/": "OhemCrossEntropyLoss has no option 'weight'",
    "configs/stfpm/stfpm_resnet18_mvtec.yml": "no loss 'DistillationLoss'.*the PaddleSeg that is installed lacks it",
}


def _first_file(config):
    return config["files"][0]


def _expected(config, table):
    """What `check` has to say, if anything."""
    newest = "weight" in inspect.signature(table["OhemCrossEntropyLoss"]).parameters
    known = {**WRONG, **({} if newest else NEWER)}
    return next((phrase for file, phrase in known.items() if config["files"][0].startswith(file)), None)


def test_all_of_them_are_stored():
    """As many as the repository had after its last commit, of October 2024; without those in configs/_base_."""
    files = [file for config in CONFIGS for file in config["files"]]
    assert len(files) == len(set(files)) == 206
    assert all(any(file.startswith(known) for file in files) for known in {**WRONG, **NEWER})


@pytest.mark.parametrize("config", CONFIGS, ids=_first_file)
def test_what_paddleseg_trains_is_right(config, tmp_path, losses_table):
    report, wrong = check(tiny.write(tmp_path / "config.yml", config)), _expected(config, losses_table)
    assert report.right == (wrong is None), str(report)
    assert re.search(wrong or "", " ".join(str(report).split()))


@pytest.mark.parametrize("config", [each for each in CONFIGS if outputs_of(each.get("model", {}))], ids=_first_file)
def test_a_wrong_number_of_outputs_is_mended(config, tmp_path, losses_table):
    """One number too many, and a single loss with a wrong number: what is printed instead is right."""
    if _expected(config, losses_table):
        pytest.skip("`check` says more of it than of its outputs: the test above has looked at it")
    types, coef = config["loss"]["types"], config["loss"]["coef"]
    for wrong in (
        {"types": types, "coef": [*coef, 1]},
        {"types": types[:1], "coef": [1] if len(coef) > 1 else [1, 1]},
    ):
        report = check(tiny.write(tmp_path / "config.yml", {**config, "loss": wrong}))
        assert report.mistakes
        mended = yaml.safe_load(report.yaml)["loss"]
        again = check(tiny.write(tmp_path / "config.yml", {**config, "loss": mended}))
        assert again.right, f"{report}\n{again}"
