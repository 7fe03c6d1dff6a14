"""How many outputs each of PaddleSeg's models has while it trains: `coef` needs a number for each of them.

A test builds the models and counts; those of the newest code that the wheel lacks are here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OWN = 0  # the model adds its losses up itself, whatever `coef` is
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Outputs:
    """Of one model: some always, others by an option.

    Attributes:
        always: those that no option changes.
        switches: options that add outputs, whether they do by default, and how many.
        listed: an option that has an item for each output, or is their number, and how many its default has.
        choices: an option whose value decides, its default, and the numbers.
        special: outputs that are no map of the classes, by their place, with the loss of PaddleSeg's that reads them.
    """

    always: int = 0
    switches: Mapping[str, tuple[bool, int]] = field(default_factory=dict)
    listed: tuple[str, int] | None = None
    choices: tuple[str, str, Mapping[str, int]] | None = None
    special: Mapping[int, Entry] = field(default_factory=dict)

    def count(self, model: Mapping[str, Any]) -> int | None:
        """For the options in a file; None if they cannot be read."""
        total = self.always + sum(more for name, (on, more) in self.switches.items() if model.get(name, on))
        try:
            if self.listed:
                name, usual = self.listed
                items = model.get(name, usual)
                total += items if isinstance(items, int) else len(items)
            if self.choices:
                name, default, numbers = self.choices
                total += numbers[model.get(name, default)]
        except (TypeError, KeyError):
            return None
        return total


@dataclass(frozen=True)
class ModelOutputs:
    """Those of the model of a file."""

    name: str
    count: int
    special: Mapping[int, Entry]


def _auxiliary(default: bool = True, more: int = 1, option: str = "enable_auxiliary_loss") -> Outputs:
    return Outputs(1, {option: (default, more)})


_EDGE = {"type": "BCELoss", "weight": "dynamic", "edge_label": True}
_ENCODED, _DETAIL = {"type": "SECrossEntropyLoss"}, {"type": "DetailAggregateLoss"}
_ONE, _TWO, _SEVEN = Outputs(1), Outputs(2), Outputs(7)
TABLE: dict[str, Outputs] = {
    "ANN": _auxiliary(),
    "AttentionUNet": _ONE,
    "BiSeNetV2": Outputs(5),
    "BiseNetV1": Outputs(3),
    "CCNet": _auxiliary(),
    "DANet": Outputs(4),
    "DDRNet_23": _auxiliary(default=False),
    "DMNet": _TWO,
    "DNLNet": _auxiliary(),
    "DecoupledSegNet": Outputs(4, special={2: _EDGE, 3: {"type": "OhemEdgeAttentionLoss"}}),
    "DeepLabV3": _ONE,
    "DeepLabV3P": _ONE,
    "EMANet": _auxiliary(),
    "ENCNet": Outputs(2, {"use_se_loss": (True, 1)}, special={2: _ENCODED}),
    "ENet": _ONE,
    "ESPNetV1": _ONE,
    "ESPNetV2": _TWO,
    "EfficientFormerSeg": _ONE,
    "FCN": _ONE,
    "FastFCN": Outputs(1, {"aux_loss": (True, 1), "use_se_loss": (True, 1)}, special={2: _ENCODED}),
    "FastSCNN": _auxiliary(),
    "GCNet": _auxiliary(),
    "GINet": _auxiliary(),
    "GSCNN": Outputs(4, special={1: {"type": "EdgeAttentionLoss"}, 2: _EDGE}),
    "GloRe": _auxiliary(),
    "HRNetW48Contrast": Outputs(2, special={1: {"type": "PixelContrastCrossEntropyLoss"}}),
    "HarDNet": _ONE,
    "ISANet": _auxiliary(),
    "KNet": Outputs(1, {"enable_auxiliary_loss": (False, 1)}, listed=("num_stages", 3)),
    "LPSNet": _ONE,
    "LRASPP": _ONE,
    "LinearSegmenter": _ONE,
    "MLATransformer": _TWO,
    "MaskFormer": Outputs(OWN),
    "MaskSegmenter": _ONE,
    "MobileSeg": Outputs(listed=("arm_out_chs", 3)),
    "MscaleOCRNet": Outputs(4),
    "OCRNet": _TWO,
    "PFPNNet": _auxiliary(default=False),
    "PIDNet": Outputs(4, special={2: _EDGE}),
    "PPHumanSegLite": _ONE,
    "PPLiteSeg": Outputs(listed=("arm_out_chs", 3)),
    "PPMobileSeg": _ONE,
    "PSPNet": _auxiliary(),
    "PointRend": Outputs(2, special={1: {"type": "PointCrossEntropyLoss"}}),
    "PortraitNet": _ONE,
    "RTFormer": _auxiliary(option="use_aux_head"),
    "SFNet": _auxiliary(default=False, more=3),
    "SINet": _ONE,
    "STDCSeg": Outputs(
        3,
        {"use_boundary_2": (False, 1), "use_boundary_4": (False, 1), "use_boundary_8": (True, 1)},
        special={3: _DETAIL, 4: _DETAIL, 5: _DETAIL},
    ),
    "SeaFormerSeg": _ONE,
    "SegFormer": _ONE,
    "SegNeXt": _ONE,
    "SegNet": _ONE,
    "SegmentationTransformer": Outputs(choices=("head", "naive", {"naive": 4, "pup": 5, "mla": 5})),
    "TopFormer": _ONE,
    "U2Net": _SEVEN,
    "U2Netp": _SEVEN,
    "UNet": _ONE,
    "UNet3Plus": Outputs(1, {"is_deepsup": (False, 4)}),
    "UNetPlusPlus": _ONE,
    "UPerNet": _auxiliary(default=False),
    "UPerNetCAE": _auxiliary(),
    "UPerNetViTAdapter": _auxiliary(option="aux_loss"),
    "paddleseg_losses.UNet": _ONE,
}


def outputs_of(model: Mapping[str, Any]) -> ModelOutputs | None:
    """Those of the model of a file; None if nothing is known, or if it adds its losses up itself."""
    name = str(model.get("type"))
    known = TABLE.get(name)
    count = known.count(model) if known else None
    return ModelOutputs(name, count, known.special) if known and count else None
