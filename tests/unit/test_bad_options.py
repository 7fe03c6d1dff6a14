"""Bad options: each error names what was found, what was expected and the cure."""

import pytest

import paddleseg_losses as pl
from paddleseg_losses import errors

BAD_OPTIONS = {
    "unknown": (pl.DiceLoss, {"smoth": 1}, ["no option 'smoth'", "did you mean smooth?"]),
    "of another family": (pl.HausdorffDTLoss, {"smooth": 1}, ["no option 'smooth'", "spacing"]),
    "text for a number": (pl.DiceLoss, {"smooth": "much"}, ["smooth='much'", "a number >= 0", "default 1.0"]),
    "truth for a number": (pl.DiceLoss, {"smooth": True}, ["smooth=True", "a number >= 0"]),
    "negative": (pl.TverskyLoss, {"alpha": -1}, ["alpha=-1", ">= 0", "false positives"]),
    "not finite": (pl.TverskyLoss, {"alpha": float("nan")}, ["alpha=nan", ">= 0"]),
    "not whole": (pl.DiceLoss, {"ignore_index": 0.5}, ["ignore_index=0.5", "whole number"]),
    "outside an interval": (pl.ComboLoss, {"alpha": 1.5}, ["alpha=1.5", "[0, 1]"]),
    "an unknown word": (pl.DiceLoss, {"reduction": "average"}, ["'average'", "'mean', 'sum', 'none'"]),
    "nothing to reduce": (pl.LogCoshDiceLoss, {"reduction": "none"}, ["reduction='none'", "'mean'"]),
    "nothing to reduce in a compound": (pl.ComboLoss, {"reduction": "sum"}, ["reduction='sum'", "'mean'"]),
    "an unknown class word": (pl.DiceLoss, {"classes": "foreground"}, ["'foreground'", "'present'"]),
    "a repeated class": (pl.DiceLoss, {"classes": [1, 1]}, ["[1, 1]", "different"]),
    "no class": (pl.DiceLoss, {"classes": []}, ["classes=[]", "list of different"]),
    "a negative weight": (pl.DiceLoss, {"weight": [1, -1]}, ["[1, -1]", ">= 0"]),
    "no spacing": (pl.HausdorffDTLoss, {"spacing": 0}, ["spacing=0", "> 0"]),
    "text for a flag": (pl.DiceLoss, {"batch": "yes"}, ["batch='yes'", "true or false"]),
    "a list for a flag": (pl.DiceLoss, {"batch": [1]}, ["batch=[1]", "true or false"]),
    "ranks without batch": (pl.DiceLoss, {"sync": True}, ["sync=True", "batch=True"]),
    "a mode it has not": (pl.LovaszSoftmaxLoss, {"mode": "binary"}, ["binary", "multiclass"]),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_bad_options(case):
    cls, options, fragments = BAD_OPTIONS[case]
    with pytest.raises(errors.LossError) as caught:
        cls(**options)
    for fragment in [cls.__name__, "expected:", "what to do:", *fragments]:
        assert fragment in str(caught.value)


def test_options_go_by_name():
    with pytest.raises(errors.OptionError, match=r"write for example DiceLoss\(smooth=0.5\)"):
        pl.DiceLoss(0.5)


def test_unknown_losses_are_refused_with_the_nearest_name():
    with pytest.raises(errors.UnknownLossError, match=r"did you mean TverskyLoss\?"):
        pl.build("TverskiLoss")
    with pytest.raises(errors.UnknownLossError, match=r"did you mean DiceLoss\?"):
        pl.build("dice")
    with pytest.raises(errors.UnknownLossError, match="list"):
        pl.build("qqqqqq")
    with pytest.raises(errors.OptionError, match="type: DiceLoss"):
        pl.build({"name": "DiceLoss"})


@pytest.mark.parametrize(
    ("name", "options"),
    [("HausdorffCVLoss", {"radii": []}), ("HausdorffCVLoss", {"radii": None}), ("DiceLoss", {"smooth": 10**400}),
     ("DiceLoss", {"ignore_index": 1e308}), ("AsymmetricSimilarityLoss", {"beta": 1e308})],
)  # fmt: skip
def test_extreme_options_are_refused(name, options):
    with pytest.raises(errors.OptionError):
        pl.build(name, **options)
