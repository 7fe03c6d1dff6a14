"""Broken loss sections, what `check` must say of them, and what is right instead."""

OURS = "paddleseg_losses."
TVERSKY = {"type": "TverskyLoss"}
RAMP = {"kind": "linear", "start": 0, "end": 1, "steps": 10}

# name: loss section, changes of the file, phrases of the findings in their order, corrected section (None: uncertain)
MISTAKES = {
    "unknown loss": (
        {"types": [{"type": "TverskiLoss", "alpha": 0.3}], "coef": [1]},
        {},
        [r"loss.types\[0\].type: There is no loss 'TverskiLoss'.*did you mean TverskyLoss"],
        {"types": [{**TVERSKY, "alpha": 0.3}], "coef": [1]},
    ),
    "unknown dotted loss": (
        {"types": [{"type": OURS + "LovaszSoftmxLoss"}], "coef": [1]},
        {},
        [r"did you mean paddleseg_losses\.LovaszSoftmaxLoss"],
        {"types": [{"type": OURS + "LovaszSoftmaxLoss"}], "coef": [1]},
    ),
    "nothing like it": ({"types": [{"type": "Quux"}], "coef": [1]}, {}, ["There is no loss 'Quux'"], None),
    "unknown option": (
        {"types": [{**TVERSKY, "alfa": 0.3, "nonsense": 1}], "coef": [1]},
        {},
        [r"types\[0\].alfa: TverskyLoss has no option 'alfa'.*did you mean alpha", "remove 'nonsense'"],
        {"types": [{**TVERSKY, "alpha": 0.3}], "coef": [1]},
    ),
    "option given twice": (
        {"types": [{**TVERSKY, "alpha": 0.3, "alfa": 0.4}], "coef": [1]},
        {},
        ["remove 'alfa': alpha is given too"],
        {"types": [{**TVERSKY, "alpha": 0.3}], "coef": [1]},
    ),
    "words of other libraries": (
        {"types": [{**TVERSKY, "class_weights": [1, 2, 3], "to_onehot_y": True, "do_bg": False}], "coef": [1]},
        {},
        [
            r"types\[0\].class_weights: TverskyLoss has no option 'class_weights'.*from smp: it is called weight",
            "to_onehot_y: .*from MONAI: leave it out",
            "do_bg: .*from PaddleSeg, nnU-Net: it is called include_background",
        ],
        {"types": [{**TVERSKY, "weight": [1, 2, 3], "include_background": False}], "coef": [1]},
    ),
    "a word of another library given twice": (
        {"types": [{**TVERSKY, "class_weights": [1, 2, 3], "weight": [1, 1, 1]}], "coef": [1]},
        {},
        ["remove 'class_weights': weight is given too"],
        {"types": [{**TVERSKY, "weight": [1, 1, 1]}], "coef": [1]},
    ),
    "probabilities of a model that gives logits": (
        {"types": [{**TVERSKY, "from_logits": False}], "coef": [1]},
        {"model.type": "PPHumanSegLite"},
        [r"types\[0\].from_logits: .*leave from_logits=True"],
        {"types": [TVERSKY], "coef": [1]},
    ),
    "a loss of another library": (
        {"types": [{"type": "SoftDiceLoss"}], "coef": [1]},
        {},
        ["There is no loss 'SoftDiceLoss'.*from nnU-Net: DiceLoss, which is its value plus 1"],
        None,
    ),
    "bad value": (
        {"types": [{**TVERSKY, "alpha": -1, "beta": 0.5}], "coef": [1]},
        {},
        [r"types\[0\].alpha: TverskyLoss: alpha=-1.*a number >= 0"],
        {"types": [{**TVERSKY, "beta": 0.5}], "coef": [1]},
    ),
    "contradiction": (
        {"types": [{"type": OURS + "DiceLoss", "sync": True}], "coef": [1]},
        {},
        [r"types\[0\].sync: .*set batch=True"],
        {"types": [{"type": OURS + "DiceLoss"}], "coef": [1]},
    ),
    "not one number": (
        {"types": [{**TVERSKY, "reduction": "none"}], "coef": [1]},
        {},
        [r"types\[0\].reduction: .*leave reduction out"],
        {"types": [TVERSKY], "coef": [1]},
    ),
    "coef too short": (
        {"types": [TVERSKY, {"type": "ComboLoss"}], "coef": [0.5]},
        {},
        [r"loss.coef: coef has length 1, but types has length 2.*MixedLoss"],
        {"types": [TVERSKY, {"type": "ComboLoss"}], "coef": [0.5, 1]},
    ),
    "coef too long": (
        {"types": [TVERSKY, TVERSKY], "coef": [1, 0.4, 0.4]},
        {},
        [r"coef has length 3, but types has length 2"],
        {"types": [TVERSKY, TVERSKY], "coef": [1, 0.4]},
    ),
    "coef missing": ({"types": [TVERSKY]}, {}, ["loss.coef: it is missing"], {"types": [TVERSKY], "coef": [1]}),
    "coef misspelt": (
        {"types": [TVERSKY], "coefs": [2]},
        {},
        ["loss.coefs: unknown key 'coefs'.*write coef"],
        {"types": [TVERSKY], "coef": [2]},
    ),
    "coef one number": ({"types": [TVERSKY], "coef": 2}, {}, ["it is 2"], {"types": [TVERSKY], "coef": [2]}),
    "coef a text": (
        {"types": [TVERSKY], "coef": ["1e-1"]},
        {},
        [r"loss.coef\[0\]: '1e-1' is not a number"],
        {"types": [TVERSKY], "coef": [0.1]},
    ),
    "types missing": ({"coef": [1]}, {}, ["loss.types: it is missing"], None),
    "types misspelt": ({"typs": [TVERSKY], "coef": [1]}, {}, ["write types"], {"types": [TVERSKY], "coef": [1]}),
    "one loss, not a list": (
        {"types": TVERSKY, "coef": [1]},
        {},
        ["loss.types: it is .*a list of losses"],
        {"types": [TVERSKY], "coef": [1]},
    ),
    "no types at all": (TVERSKY, {}, ["one loss without `types`"], {"types": [TVERSKY], "coef": [1]}),
    "names instead of mappings": (
        {"types": ["TverskyLoss"], "coef": [1]},
        {},
        [r"loss.types\[0\]: it is 'TverskyLoss'.*write - type: TverskyLoss"],
        {"types": [TVERSKY], "coef": [1]},
    ),
    "type misspelt": (
        {"types": [{"typ": "TverskyLoss"}], "coef": [1]},
        {},
        ["did you mean type instead of typ"],
        {"types": [TVERSKY], "coef": [1]},
    ),
    "not a mapping": ("DiceLoss", {}, ["loss: it is 'DiceLoss'"], None),
    "weight too short": (
        {"types": [{"type": OURS + "CrossEntropyLoss", "weight": [1, 2]}], "coef": [1]},
        {},
        [r"types\[0\].weight: CrossEntropyLoss: weight has 2 numbers.*3 numbers, one for each class"],
        {"types": [{"type": OURS + "CrossEntropyLoss"}], "coef": [1]},
    ),
    "two wrong lists": (
        {"types": [{"type": OURS + "FocalLoss", "alpha": 0.25, "weight": [1, 2]}], "coef": [1]},
        {},
        [r"types\[0\].weight: .*2 numbers", r"types\[0\].alpha: .*multiclass problem with 3 classes"],
        {"types": [{"type": OURS + "FocalLoss"}], "coef": [1]},
    ),
    "a class too many": (
        {"types": [{**TVERSKY, "classes": [1, 3]}], "coef": [1]},
        {},
        [r"types\[0\].classes: .*with 3 channel"],
        {"types": [TVERSKY], "coef": [1]},
    ),
    "ignore_index of the default": (
        {"types": [{**TVERSKY, "ignore_index": 0}], "coef": [1]},
        {},
        [r"types\[0\].ignore_index: ignore_index is 0, but 255 in the dataset"],
        {"types": [{**TVERSKY, "ignore_index": 255}], "coef": [1]},
    ),
    "ignore_index of the file": (
        {"types": [{**TVERSKY, "ignore_index": 255}], "coef": [1]},
        {"train_dataset.ignore_index": 254},
        ["ignore_index is 255, but 254 in the dataset"],
        {"types": [{**TVERSKY, "ignore_index": 254}], "coef": [1]},
    ),
    "several ignored labels, of which PaddleSeg takes one": (
        {"types": [{**TVERSKY, "ignore_index": [254, 255]}], "coef": [1]},
        {},
        [r"ignore_index is \[254, 255\], but 255 in the dataset.*store every ignored pixel as 255 in the masks"],
        {"types": [{**TVERSKY, "ignore_index": 255}], "coef": [1]},
    ),
    "ignore_index contradicts itself": (
        {"types": [TVERSKY], "coef": [1]},
        {"train_dataset.ignore_index": 254, "val_dataset.ignore_index": 255},
        ["ignore_index: it is 254 in train_dataset, 255 in val_dataset"],
        None,
    ),
    "num_classes contradicts itself": (
        {"types": [TVERSKY], "coef": [1]},
        {"model.num_classes": 4},
        ["num_classes: it is 4 in model, 3 in train_dataset, 3 in val_dataset"],
        None,
    ),
    "not for one class": (
        {"types": [{"type": OURS + "LovaszSoftmaxLoss"}], "coef": [1]},
        {"classes": 1},
        [r"loss.types\[0\]: .*LovaszSoftmaxLoss does not support binary problems"],
        None,
    ),
    "inside a MixedLoss": (
        {
            "types": [
                {
                    "type": "MixedLoss",
                    "losses": [{**TVERSKY, "alfa": 1}, {"type": "ComboLos"}],
                    "coef": [1],
                    "smooth": 1,
                }
            ],
            "coef": [1, 0.4],
        },
        {},
        [
            r"types\[0\].smooth: MixedLoss has no option 'smooth'",
            r"types\[0\].losses\[0\].alfa: ",
            r"types\[0\].losses\[1\].type: There is no loss 'ComboLos'",
            r"types\[0\].coef: coef has length 1, but losses has length 2",
        ],
        {
            "types": [
                {"type": "MixedLoss", "losses": [{**TVERSKY, "alpha": 1}, {"type": "ComboLoss"}], "coef": [1, 1]}
            ],
            "coef": [1, 0.4],
        },
    ),
    "inside a weighted sum": (
        {
            "types": [
                {
                    "type": "WeightedSumLoss",
                    "losses": [
                        {**TVERSKY, "alfa": 1},
                        {"type": OURS + "WeightedSumLoss", "losses": ["ComboLos"], "coef": [1, 2]},
                    ],
                    "ignore_index": 7,
                }
            ],
            "coef": [1],
        },
        {},
        [
            r"types\[0\].losses\[0\].alfa: TverskyLoss has no option 'alfa'.*did you mean alpha",
            r"types\[0\].losses\[1\].losses\[0\]: it is 'ComboLos'",
            r"types\[0\].losses\[1\].losses\[0\].type: There is no loss 'ComboLos'",
            r"types\[0\].losses\[1\].coef: coef has length 2, but losses has length 1",
            r"types\[0\].ignore_index: ignore_index is 7, but 255 in the dataset",
        ],
        None,
    ),
    "of a weighted sum": (
        {
            "types": [
                {
                    "type": "WeightedSumLoss",
                    "losses": [{**TVERSKY, "ignore_index": 255}, {"type": OURS + "DiceLoss"}],
                    "coef": [1, 0.5],
                    "ignore_index": 7,
                    "modes": None,
                }
            ],
            "coef": [1],
        },
        {},
        [
            r"types\[0\].modes: WeightedSumLoss has no option 'modes'.*did you mean mode",
            r"types\[0\].ignore_index: ignore_index is 7, but 255 in the dataset",
        ],
        {
            "types": [
                {
                    "type": "WeightedSumLoss",
                    "losses": [{**TVERSKY, "ignore_index": 255}, {"type": OURS + "DiceLoss"}],
                    "coef": [1, 0.5],
                    "mode": None,
                    "ignore_index": 255,
                }
            ],
            "coef": [1],
        },
    ),
    "terms that cannot be added": (
        {
            "types": [
                {
                    "type": "WeightedSumLoss",
                    "losses": [{"type": "BinaryCrossEntropyLoss"}, {"type": OURS + "LovaszSoftmaxLoss"}],
                }
            ],
            "coef": [1],
        },
        {},
        [r"BinaryCrossEntropyLoss does not support multiclass problems"],
        None,
    ),
}

PADDLESEGS = {
    "the terms of a weighted sum": (
        {
            "types": [
                {
                    "type": "WeightedSumLoss",
                    "losses": [
                        {"type": "OhemCrossEntropyLoss", "tresh": 0.7},
                        {"type": "MixedLoss", "losses": [{"type": "CrossEntropyLoss"}], "coef": [1]},
                        {"type": "KLLoss"},
                    ],
                }
            ],
            "coef": [1],
        },
        {},
        ["OhemCrossEntropyLoss has no option 'tresh'.*did you mean thresh", "KLLoss compares with something other"],
        None,
    ),
    "a term that compares with something else": (
        {"types": [{"type": "WeightedSumLoss", "losses": [{"type": "DiceLoss"}, {"type": "KLLoss"}]}], "coef": [1]},
        {},
        ["WeightedSumLoss: KLLoss compares with something other than labels"],
        None,
    ),
    "a schedule of PaddleSeg's own": (
        {
            "types": [
                {
                    "type": "WeightedSumLoss",
                    "losses": [{"type": OURS + "DiceLoss"}, {"type": "OhemCrossEntropyLoss", "schedule": RAMP}],
                }
            ],
            "coef": [1],
        },
        {},
        [r"losses\[1\].schedule: PaddleSeg's own OhemCrossEntropyLoss has no schedule"],
        {
            "types": [
                {
                    "type": "WeightedSumLoss",
                    "losses": [
                        {"type": OURS + "DiceLoss"},
                        {"type": "WeightedSumLoss", "losses": [{"type": "OhemCrossEntropyLoss"}], "schedule": RAMP},
                    ],
                }
            ],
            "coef": [1],
        },
    ),
    "a schedule of a mixture": (
        {
            "types": [{"type": "MixedLoss", "losses": [{"type": OURS + "DiceLoss"}], "coef": [2], "schedule": RAMP}],
            "coef": [1],
        },
        {},
        [r"types\[0\].schedule: PaddleSeg's own MixedLoss has no schedule"],
        {
            "types": [
                {
                    "type": "WeightedSumLoss",
                    "losses": [{"type": "MixedLoss", "losses": [{"type": OURS + "DiceLoss"}], "coef": [2]}],
                    "schedule": RAMP,
                }
            ],
            "coef": [1],
        },
    ),
    "a schedule where ours can stand in": (
        {"types": [{"type": "DiceLoss", "schedule": RAMP}], "coef": [1]},
        {},
        ["PaddleSeg's own DiceLoss has no option 'schedule'; that of this package has"],
        {"types": [{"type": OURS + "DiceLoss", "schedule": RAMP}], "coef": [1]},
    ),
    "an option that only ours has": (
        {"types": [{"type": "DiceLoss", "squared_pred": True}], "coef": [1]},
        {},
        ["PaddleSeg's own DiceLoss has no option 'squared_pred'; that of this package has"],
        {"types": [{"type": OURS + "DiceLoss", "squared_pred": True}], "coef": [1]},
    ),
    "a word of another library for PaddleSeg's own": (
        {"types": [{"type": "DiceLoss", "squared_prediction": True, "to_onehot_y": True}], "coef": [1]},
        {},
        ["remove 'squared_prediction'", f"from MONAI: leave it out.*this holds for type: {OURS}DiceLoss, not"],
        {"types": [{"type": "DiceLoss"}], "coef": [1]},
    ),
    "weight of PaddleSeg's own": (
        {"types": [{"type": "CrossEntropyLoss", "weight": [1, 2]}], "coef": [1]},
        {},
        [r"types\[0\].weight: CrossEntropyLoss: weight has 2 numbers.*the file has 3 classes"],
        {"types": [{"type": "CrossEntropyLoss"}], "coef": [1]},
    ),
    "PaddleSeg's own inside one of ours that takes ours alone": (
        {"types": [{"type": "BlobLoss", "loss": {"type": "DiceLos"}}], "coef": [1]},
        {},
        [r"loss.types\[0\].loss.type: There is no loss 'DiceLos'", f"DiceLoss is not a loss of.*type: {OURS}DiceLoss"],
        {"types": [{"type": "BlobLoss", "loss": {"type": OURS + "DiceLoss"}}], "coef": [1]},
    ),
    "option of PaddleSeg's own": (
        {"types": [{"type": "OhemCrossEntropyLoss", "treshold": 0.7, "min_kep": 10}], "coef": [1]},
        {},
        ["OhemCrossEntropyLoss has no option 'treshold'", "did you mean min_kept"],
        None,
    ),
    "an option is missing": (
        {"types": [{"type": "BootstrappedCrossEntropyLoss", "min_K": 10}], "coef": [1]},
        {},
        ["BootstrappedCrossEntropyLoss needs 'loss_th'"],
        None,
    ),
    "a constructor that fails": (
        {"types": [{"type": "CrossEntropyLoss", "weight": ["a", "b", "c"]}], "coef": [1]},
        {},
        [r"loss.types\[0\]: CrossEntropyLoss cannot be created"],
        None,
    ),
    "ignore_index of a typed dataset": (
        {"types": [{**TVERSKY, "ignore_index": 0}], "coef": [1]},
        {"train_dataset": {"type": "Cityscapes"}, "val_dataset": None, "model.num_classes": 19},
        ["ignore_index is 0, but 255 in the dataset"],
        {"types": [{**TVERSKY, "ignore_index": 255}], "coef": [1]},
    ),
    "num_classes of a typed dataset": (
        {"types": [TVERSKY], "coef": [1]},
        {"train_dataset": {"type": "Cityscapes"}, "val_dataset": None},
        ["num_classes: it is 3 in model, 19 in Cityscapes"],
        None,
    ),
}

# Facts of a file of MedicalSeg that a PaddleSeg file does not have.
MEDICAL = {
    "data_root": "data/",
    "train_dataset": {"type": "LungCoronavirus"},
    "val_dataset": {"type": "LungCoronavirus"},
}
DICE, CROSS = {"type": OURS + "DiceLoss"}, {"type": "CrossEntropyLoss"}
_MIXED = {"type": "MixedLoss", "coef": [1, 1]}
_PLAN = {"type": "MultipleLoss", "plan_path": "plans.pkl", "stage": 0}

# The same, for MedicalSeg: what its loops cannot train or evaluate.
MEDICALSEGS = {
    "no Dice": (
        {"types": [{**CROSS, "weight": None}], "coef": [1]},
        MEDICAL,
        [r"loss.types\[0\]: CrossEntropyLoss gives no Dice.*type: paddleseg_losses.CrossEntropyLoss"],
        {"types": [{"type": OURS + "CrossEntropyLoss", "weight": None}], "coef": [1]},
    ),
    "a loss without a counterpart": (
        {"types": [{"type": "BCELoss"}], "coef": [1]},
        MEDICAL,
        ["BCELoss gives no Dice"],
        None,
    ),
    "their Dice alone": (
        {"types": [{"type": "DiceLoss"}], "coef": [1, 0.5]},
        MEDICAL,
        ["MedicalSeg's own DiceLoss takes no ignore_index.*type: paddleseg_losses.DiceLoss"],
        {"types": [DICE], "coef": [1, 0.5]},
    ),
    "nnU-Net's loss without its wrapper": (
        {"types": [{"type": "DC_and_CE_loss", "do_bg": False}], "coef": [1]},
        MEDICAL,
        ["MedicalSeg's own DC_and_CE_loss takes no ignore_index"],
        {"types": [{"type": OURS + "DiceCELoss"}], "coef": [1]},
    ),
    "nnU-Net's loss in a mixture": (
        {"types": [{**_MIXED, "losses": [{"type": "DC_and_CE_loss"}, DICE]}], "coef": [1]},
        MEDICAL,
        ["MedicalSeg's MixedLoss cannot add DC_and_CE_loss"],
        {"types": [{**_MIXED, "losses": [{"type": OURS + "DiceCELoss"}, DICE]}], "coef": [1]},
    ),
    "a mixture without a Dice": (
        {"types": [{**_MIXED, "losses": [CROSS, {"type": "BCELoss"}]}], "coef": [1]},
        MEDICAL,
        [r"MixedLoss gives no Dice.*\[\.\.\., \{type: paddleseg_losses.DiceLoss\}\]"],
        None,
    ),
    "a later mixture takes the Dice away": (
        {"types": [DICE, {**_MIXED, "losses": [CROSS, CROSS]}], "coef": [1, 0.4]},
        MEDICAL,
        [r"loss.types\[1\]: MixedLoss gives no Dice"],
        None,
    ),
    "two losses under deep supervision": (
        {"types": [{**_PLAN, "losses": [DICE, {"type": "BoundaryLoss"}], "coef": [1, 0.1]}], "coef": [1]},
        {**MEDICAL, "train_dataset": {"type": "MSDDataset"}},
        ["MultipleLoss uses the first of its losses and no other"],
        {
            "types": [
                {
                    **_PLAN,
                    "losses": [
                        {"type": "WeightedSumLoss", "losses": [DICE, {"type": "BoundaryLoss"}], "coef": [1, 0.1]}
                    ],
                    "coef": [1],
                }
            ],
            "coef": [1],
        },
    ),
    "no plan": (
        {"types": [{"type": "MultipleLoss", "losses": [DICE], "coef": [1]}], "coef": [1]},
        {**MEDICAL, "train_dataset": {"type": "MSDDataset"}},
        ["MultipleLoss needs 'plan_path'"],
        None,
    ),
    "a mixture does not get the ignore_index": (
        {"types": [{**_MIXED, "losses": [DICE, TVERSKY]}], "coef": [1]},
        {**MEDICAL, "train_dataset": {"type": "LungCoronavirus", "ignore_index": 0}},
        [
            r"losses\[0\].ignore_index: it is missing: the loss keeps 255, the dataset has 0",
            r"losses\[1\].ignore_index",
        ],
        {"types": [{**_MIXED, "losses": [{**DICE, "ignore_index": 0}, {**TVERSKY, "ignore_index": 0}]}], "coef": [1]},
    ),
    "two numbers for three axes": (
        {"types": [{"type": "BoundaryLoss", "spacing": [1, 2]}], "coef": [1]},
        MEDICAL,
        [r"spacing: BoundaryLoss: spacing=\[1.0, 2.0\] for an image with 3 spatial axes"],
        {"types": [{"type": "BoundaryLoss"}], "coef": [1]},
    ),
}
