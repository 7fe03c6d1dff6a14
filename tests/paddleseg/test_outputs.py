"""How many outputs PaddleSeg's models have: the table beside the models, and `check` beside `train`."""

import inspect
import re

import pytest
import yaml

from paddleseg_losses.paddleseg.checking import check
from paddleseg_losses.paddleseg.checking.outputs import TABLE, outputs_of
from paddleseg_losses.paddleseg.registration import register
from paddleseg_losses.paddleseg.shims import fixed
from paddleseg_losses.registry import PREFIX
from tests import tiny

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
manager = pytest.importorskip("paddleseg.cvlibs").manager
CLASSES = 7
SIZE = (32, 32)  # the smallest that every model takes: its outputs are as many at any size
HRNET, RESNET, STDC = "HRNet_W18_Small_V1", "ResNet18_vd", "STDC1"
DEEP = "ResNet50_vd"  # whose channels some models expect
MOBILE = "MobileNetV2_x0_25"
FOUR = {"backbone_indices": [0, 1, 2, 3]}
# model: backbone, options of each build; None: nothing small makes it
BUILDS = {
    "BiSeNetV2": (None, [{}]),
    "ENet": (None, [{}]),
    "ESPNetV2": (None, [{}]),
    "FCN": (HRNET, [{"backbone_indices": [-1]}]),
    "FastSCNN": (None, [{}, {"enable_auxiliary_loss": False}]),
    "HarDNet": (None, [{}]),
    "LPSNet": (None, [{"depths": [1, 3, 3, 10, 10], "channels": [8, 24, 48, 96, 96], "scale_ratios": [1.0, 0.25]}]),
    "MobileSeg": (MOBILE, [{}]),
    "PPHumanSegLite": (None, [{}]),
    "PPLiteSeg": (STDC, [{}, {"arm_out_chs": [32, 64, 128], "seg_head_inter_chs": [32, 64, 64]}]),
    "SINet": (None, [{}]),
    "TopFormer": ("TopTransformer_Tiny", [{}]),
    "UNet": (None, [{}]),
    PREFIX + "UNet": (None, [{}]),
}
SLOW = {
    "OCRNet": (HRNET, [{"backbone_indices": [0]}]),
    "U2Netp": (None, [{}]),
    "STDCSeg": (STDC, [{}, {"use_boundary_2": True, "use_boundary_4": True}, {"use_boundary_8": False}]),
    "DDRNet_23": (None, [{}, {"enable_auxiliary_loss": True}]),
    "ANN": (RESNET, [{}, {"enable_auxiliary_loss": False}]),
    "AttentionUNet": (None, [{}]),
    "BiseNetV1": (RESNET, [{}]),
    "CCNet": (RESNET, [{}, {"enable_auxiliary_loss": False}]),
    "DANet": (RESNET, [{"backbone_indices": [2, 3]}]),
    "DMNet": (RESNET, [{}]),
    "DNLNet": (DEEP, [{}]),
    "DecoupledSegNet": (RESNET, [{}]),
    "DeepLabV3": (RESNET, [{}]),
    "DeepLabV3P": (RESNET, [{}]),
    "EMANet": (DEEP, [{}, {"enable_auxiliary_loss": False}]),
    "ENCNet": (RESNET, [{}, {"use_se_loss": False}]),
    "FastFCN": (RESNET, [{}]),
    "GCNet": (RESNET, [{}, {"enable_auxiliary_loss": False}]),
    "GINet": (DEEP, [{}]),
    "GSCNN": (RESNET, [{}]),
    "GloRe": (RESNET, [{}, {"enable_auxiliary_loss": False}]),
    "ISANet": (DEEP, [{}]),
    "LRASPP": ("MobileNetV3_large_x1_0", [{}]),
    "MscaleOCRNet": (HRNET, [{"backbone_indices": [0]}]),
    "PFPNNet": (DEEP, [{**FOUR, "channels": 256, "enable_auxiliary_loss": on} for on in (True, False)]),
    "PPMobileSeg": ("MobileSeg_Tiny", [{}]),
    "PSPNet": (RESNET, [{}, {"enable_auxiliary_loss": False}]),
    "PointRend": (RESNET, [{**FOUR, "fpn_inplanes": [64, 128, 256, 512]}]),
    "RTFormer": (None, [{}, {"use_aux_head": False}]),
    "SFNet": (RESNET, [{**FOUR, "enable_auxiliary_loss": on} for on in (True, False)]),
    "SegFormer": ("MixVisionTransformer_B0", [{"embedding_dim": 64}]),
    "SegNet": (None, [{}]),
    "U2Net": (None, [{}]),
    "UNet3Plus": (None, [{}, {"is_deepsup": True}]),
    "UNetPlusPlus": (None, [{"in_channels": 3}]),
    "UPerNet": (RESNET, [{**FOUR, "enable_auxiliary_loss": on} for on in (True, False)]),
}


def _built(name, backbone, options):
    if backbone:
        facts = {"output_stride": 8} if backbone in (RESNET, DEEP) else {}
        if backbone == "MobileSeg_Tiny":
            facts = {"inj_type": "AAM", "out_feat_chs": [32, 64, 128]}
        options = {**options, "backbone": manager.BACKBONES.components_dict[backbone](**facts)}
    return manager.MODELS.components_dict[name](num_classes=CLASSES, **options)


def _count(name, backbone, options):
    import paddle

    register()
    with fixed(), paddle.no_grad():
        model = _built(name, backbone, options)
        model.train()
        outputs_of_model = model(paddle.randn([2, 3, *SIZE]))
    outputs = outputs_of({"type": name, **options})
    assert len(outputs_of_model) == outputs.count
    for place, output in enumerate(outputs_of_model):
        plain = paddle.is_tensor(output) and output.ndim == 4 and output.shape[1] == CLASSES
        # GSCNN's last output is a map of the classes, for a loss of its own that gives edges of it
        assert plain == (place not in outputs.special), place


@pytest.fixture
def constant_weights(monkeypatch):
    """Drawing weights takes most of a large model's time, and its outputs are as many without."""
    from paddle.nn import initializer

    for drawn in ("Normal", "TruncatedNormal", "KaimingNormal", "XavierUniform", "KaimingUniform"):
        monkeypatch.setattr(getattr(initializer, drawn), "__call__", initializer.Constant(0.01).__call__)


@pytest.mark.usefixtures("constant_weights")
@pytest.mark.parametrize("name", list(BUILDS))
def test_small_models_have_as_many_outputs_as_the_table_says(name):
    backbone, builds = BUILDS[name]
    for options in builds:
        _count(name, backbone, options)


@pytest.mark.slow
@pytest.mark.usefixtures("constant_weights")
@pytest.mark.filterwarnings("ignore:To copy construct from a tensor")  # EMANet
@pytest.mark.parametrize("name", list(SLOW))
def test_larger_models_have_as_many_outputs_as_the_table_says(name):
    backbone, builds = SLOW[name]
    for options in builds:
        _count(name, backbone, options)


def _parameters(name):
    """Those of the class, also where a function hands its own on."""
    made = manager.MODELS.components_dict[name]
    made = vars(inspect.getmodule(made))["DualResNet"] if name == "DDRNet_23" else made
    return inspect.signature(made).parameters


def test_every_model_of_the_wheel_is_in_the_table():
    register()
    models = manager.MODELS.components_dict.items()  # those of other tests may be among them
    assert {name for name, model in models if model.__module__.startswith("paddleseg")} <= set(TABLE)


@pytest.mark.parametrize("name", [name for name in TABLE if name in manager.MODELS.components_dict])
def test_the_options_of_the_table_are_those_of_the_model(name):
    """With the same defaults."""
    known, outputs = _parameters(name), TABLE[name]
    for option, (default, _more) in outputs.switches.items():
        assert known[option].default is default
    if outputs.listed:
        default = known[outputs.listed[0]].default
        assert (default if isinstance(default, int) else len(default)) == outputs.listed[1]
    if outputs.choices:
        assert known[outputs.choices[0]].default == outputs.choices[1]


CROSS, DICE, FOCAL = {"type": "CrossEntropyLoss"}, {"type": PREFIX + "DiceLoss"}, {"type": PREFIX + "FocalLoss"}
SUM = {"type": "WeightedSumLoss", "losses": [CROSS, DICE], "coef": [1, 0.4]}
EDGES = {"type": "DetailAggregateLoss"}
STDC_MODEL = {"type": "STDCSeg", "backbone": {"type": "STDC1"}}
# name: model, loss section, phrase of the mistake, section that trains
MISFITS = {
    "one number for two outputs": (
        {"type": "FastSCNN"},
        {"types": [CROSS], "coef": [1]},
        r"loss.coef: FastSCNN has 2 outputs while it trains, but types has length 1 and coef 1.*write coef: \[1, 1\]",
        {"types": [CROSS], "coef": [1, 1]},
    ),
    "too many numbers": (
        {"type": "FastSCNN", "enable_auxiliary_loss": False},
        {"types": [CROSS], "coef": [1, 0.4]},
        "FastSCNN has 1 output while it trains",
        {"types": [CROSS], "coef": [1]},
    ),
    "losses of the one output": (
        {"type": "PPHumanSegLite"},
        {"types": [CROSS, DICE], "coef": [1, 0.4]},
        "types has length 2 and coef 2.*for the one output.*WeightedSumLoss",
        {"types": [SUM], "coef": [1]},
    ),
    "losses of PaddleSeg's": (
        {"type": "PPHumanSegLite"},
        {"types": [CROSS, {"type": "LovaszSoftmaxLoss"}], "coef": [1]},
        "types has length 2 and coef 1.*MixedLoss",
        {
            "types": [{"type": "MixedLoss", "losses": [CROSS, {"type": "LovaszSoftmaxLoss"}], "coef": [1, 1]}],
            "coef": [1],
        },
    ),
    "a sum for each output": (
        {"type": "FastSCNN"},
        {"types": [CROSS, DICE, FOCAL], "coef": [1, 0.4, 2]},
        "types has length 3 and coef 3",
        {
            "types": [{"type": "WeightedSumLoss", "losses": [CROSS, DICE, FOCAL], "coef": [1, 0.4, 2]}],
            "coef": [1, 1],
        },
    ),
    "the same loss too seldom": (
        {"type": "BiSeNetV2"},
        {"types": [DICE, DICE], "coef": [1, 0.4]},
        "BiSeNetV2 has 5 outputs",
        {"types": [DICE], "coef": [1, 0.4, 0.4, 0.4, 0.4]},
    ),
    "a loss for each output, numbers missing": (
        {"type": "FastSCNN"},
        {"types": [CROSS, DICE], "coef": [2]},
        "types has length 2 and coef 1",
        {"types": [CROSS, DICE], "coef": [2, 2]},
    ),
    "an output that is not of the classes": (
        STDC_MODEL,
        {"types": [DICE], "coef": [1, 1, 1, 1]},
        r"loss.types\[3\]: output 4 of STDCSeg is not a map of the classes.*DetailAggregateLoss",
        {"types": [DICE, DICE, DICE, EDGES], "coef": [1, 1, 1, 1]},
    ),
    "both": (
        STDC_MODEL,
        {"types": [CROSS, DICE], "coef": [1, 0.4]},
        "STDCSeg has 4 outputs",
        {"types": [SUM, SUM, SUM, EDGES], "coef": [1, 1, 1, 1]},
    ),
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return tiny.write_dataset(tmp_path_factory.mktemp("data") / "shapes", size=(64, 64))


def _report(dataset, folder, model, loss):
    path = tiny.write_config(folder / "config.yml", dataset, loss, model={**model, "num_classes": 3}, iters=1)
    return path, check(path)


@pytest.mark.parametrize("case", list(MISFITS))
def test_what_does_not_fit_the_outputs_is_corrected(case, dataset, tmp_path):
    model, loss, phrase, right = MISFITS[case]
    _path, report = _report(dataset, tmp_path, model, loss)
    (mistake,) = report.mistakes
    assert re.search(phrase, str(mistake).replace("\n", " ")), str(mistake)
    assert yaml.safe_load(report.yaml)["loss"] == right
    assert "&id" not in report.yaml  # each entry is written out
    _path, again = _report(dataset, tmp_path, model, right)
    assert again.right, str(again)


@pytest.mark.slow
@pytest.mark.parametrize("case", list(MISFITS))
def test_what_check_prints_instead_trains(case, dataset, tmp_path, quick_end):
    from paddleseg_losses.paddleseg.trainer import train

    model, _loss, _phrase, right = MISFITS[case]
    path, _ = _report(dataset, tmp_path, model, right)
    train(path, save_dir=str(tmp_path / "output"), seed=0)


def test_the_trainer_refuses_what_check_calls_wrong(dataset, tmp_path):
    """So `check` is right to."""
    from paddleseg_losses.errors import ConfigError
    from paddleseg_losses.paddleseg.trainer import train

    model, loss, _phrase, _right = MISFITS["one number for two outputs"]
    path, _ = _report(dataset, tmp_path, model, loss)
    with pytest.raises(ConfigError):
        train(path, save_dir=str(tmp_path / "output"), seed=0)


def test_of_an_unknown_model_nothing_is_claimed(dataset, tmp_path):
    _path, report = _report(dataset, tmp_path, {"type": "MyModel"}, {"types": [DICE], "coef": [1, 1]})
    assert report.right
