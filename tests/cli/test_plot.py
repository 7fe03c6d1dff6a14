"""`plot`: which pictures it draws, of which losses."""

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

from paddleseg_losses import FocalLoss, TverskyLoss, drawing
from paddleseg_losses.cli.plot import build, file_name

PNG = b"\x89PNG\r\n"


def test_two_pictures_of_a_loss(call, tmp_path):
    result = call("plot", "TverskyLoss", "alpha=0.2", "beta=0.8", "--out", tmp_path)
    assert result.exit_code == 0
    files = [tmp_path / f"TverskyLoss_alpha=0.2_beta=0.8_{kind}.png" for kind in ("curve", "gradient")]
    assert result.output.split() == [str(file) for file in files]
    assert all(file.read_bytes().startswith(PNG) for file in files)


def test_what_matplotlib_notes_is_not_shown(shell, tmp_path):
    """It makes a list of all fonts at its first run, and says so at a level that Paddle shows."""
    code, out, err = shell("plot", "DiceLoss", "--picture", "curve", "--out", tmp_path, MPLCONFIGDIR=str(tmp_path))
    assert (code, len(out.splitlines()), err) == (0, 1, "")
    assert any(tmp_path.glob("fontlist*"))


def test_the_options_are_in_the_picture(call, call_json, tmp_path):
    code, printed = call_json("plot", "TverskyLoss", "alpha=0.2", "beta=0.8", "--out", tmp_path)
    assert code == 0
    (curve,) = printed["curves"].values()
    expected = drawing.curve_of(TverskyLoss(alpha=0.2, beta=0.8))
    assert curve["values"]["object"] == pytest.approx(expected.values["object"].tolist())
    assert curve["values"]["object"] != pytest.approx(drawing.curve_of(TverskyLoss()).values["object"].tolist())
    (gradient,) = printed["gradients"].values()
    assert gradient["far blob"] == pytest.approx(
        drawing.gradient_on(TverskyLoss(alpha=0.2, beta=0.8)).regions["far blob"]
    )


def test_several_in_one_picture(call, call_json, tmp_path):
    line = ["plot", "FocalLoss", "gamma=2", "FocalLoss", "gamma=5", "DiceLoss", "--picture", "curve", "--out", tmp_path]
    code, printed = call_json(*line)
    assert code == 0
    assert list(printed["curves"]) == ["FocalLoss gamma=2", "FocalLoss gamma=5", "DiceLoss"]
    (file,) = tmp_path.iterdir()
    assert file.name == "FocalLoss_gamma=2-FocalLoss_gamma=5-DiceLoss_curve.png"
    assert printed["files"] == [str(file)]
    assert "gradients" not in printed


def test_options_are_yaml():
    losses = build(
        ["paddleseg_losses.FocalLoss", "gamma=1e-1", "WeightedSumLoss", "losses=[DiceLoss, {type: BoundaryLoss}]"]
    )
    assert list(losses) == ["FocalLoss gamma=1e-1", "WeightedSumLoss losses=[DiceLoss, {type: BoundaryLoss}]"]
    focal, total = losses.values()
    assert (type(focal), focal.gamma) == (FocalLoss, 0.1)
    assert len(total.losses) == 2


def test_other_options_are_another_file():
    assert file_name(["DiceLoss"]) == "DiceLoss"
    assert file_name(["WeightedSumLoss losses=[{type: DiceLoss}]"]) == "WeightedSumLoss_losses=_type_DiceLoss_"
    many = [f"FocalLoss gamma={gamma}" for gamma in range(20)]
    assert len(file_name(many)) < 100
    assert file_name(many).startswith("FocalLoss_gamma=0-FocalLoss_gamma=1-")
    assert file_name(many) != file_name([*many, "DiceLoss"])


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        ("plot", 2, "Missing argument"),
        ("plot gamma=2", 2, "start with the name of a loss"),
        ("plot FocalLos", 1, "did you mean FocalLoss"),
        ("plot FocalLoss gama=2", 1, "did you mean gamma"),
        ("plot FocalLoss gamma=-2", 1, "a number >= 0"),
        ("plot GeneralizedWassersteinDiceLoss dist_matrix=[[0", 1, "dist_matrix"),
        ("plot DiceLoss --picture both3", 2, "both3"),
    ],
)
def test_mistakes(call, tmp_path, line, code, text):
    result = call(*line.split(), "--out", tmp_path / "out")
    assert result.exit_code == code
    assert text in result.stderr
    assert not (tmp_path / "out").exists()
