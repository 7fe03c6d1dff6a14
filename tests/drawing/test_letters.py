"""A picture in Chinese has Chinese words where a font has them, English ones elsewhere, and boxes nowhere."""

import warnings

import numpy as np
import pytest

from paddleseg_losses import FocalLoss, drawing
from paddleseg_losses.datasets.mask_statistics import measure
from paddleseg_losses.drawing import letters
from paddleseg_losses.drawing.masks import draw_masks
from paddleseg_losses.drawing.training import save_prediction_picture
from paddleseg_losses.i18n import speaking

pytest.importorskip("matplotlib")
NO_FONT = ("", frozenset())
MASK = np.array([[0, 1, 1, 2], [2, 2, 0, 0]], "uint8")
NAMES = ("背景", "裂缝", "vessel")
LOSS = FocalLoss()


@pytest.fixture(scope="module")
def curve():
    """The numbers of the loss: they have no letters, and are the same in every font."""
    return drawing.curve_of(LOSS)


@pytest.fixture(params=["the fonts that are installed", "no Chinese font"])
def font(request, monkeypatch):
    """Whether there is a font with Chinese letters."""
    monkeypatch.setattr(letters, "_warned", False)
    if request.param == "no Chinese font":
        monkeypatch.setattr(letters, "_chinese", lambda: NO_FONT)
    return bool(letters._chinese()[0])


def _words(figure):
    from matplotlib.text import Text

    return {text.get_text() for text in figure.findobj(Text)} - {""}


def test_no_picture_has_boxes(font, curve, tmp_path):
    losses = {"焦点损失 (𓀀)": LOSS}
    with warnings.catch_warnings(record=True) as caught, speaking("zh"):
        warnings.simplefilter("always")
        drawing.save(drawing.curve(losses, dict.fromkeys(losses, curve)), tmp_path / "curve.png")
        drawing.save(drawing.gradient_map({**losses, "other": LOSS}), tmp_path / "gradient.png")
        save_prediction_picture(tmp_path / "seen.png", [MASK], [MASK], [MASK], NAMES)
        draw_masks(tmp_path / "masks.png", [MASK], measure([("a", MASK)]), dict(enumerate(NAMES)), 255)
    told = [str(each.message) for each in caught]
    assert not [text for text in told if "Glyph" in text]
    assert sum("fonts-noto-cjk" in text for text in told) == 1  # nobody has hieroglyphs


def test_words_are_those_of_the_run_or_english(font, curve):
    with warnings.catch_warnings(), speaking("zh"):
        warnings.simplefilter("ignore")
        words = _words(drawing.curve({"": LOSS}, {"": curve}))
    assert ("像素属于目标" in words) == font
    assert ("the pixel is object" in words) == (not font)


def test_a_font_is_what_makes_the_difference(monkeypatch):
    """With one that has the letters, Chinese is drawn; this needs no font to be installed."""
    monkeypatch.setattr(letters, "_chinese", lambda: ("some font", frozenset(map(ord, "裂缝"))))
    assert letters.written("裂缝 α", otherwise="1") == "裂缝 α"
    monkeypatch.setattr(letters, "_warned", True)
    assert letters.written("血管", otherwise="2") == "2"
    assert letters.written("café ≤ 2×") == "café ≤ 2×"


def test_names_that_cannot_be_drawn_are_numbers(monkeypatch, tmp_path):
    from paddleseg_losses.drawing import training

    drawn = []
    monkeypatch.setattr(letters, "_chinese", lambda: NO_FONT)
    monkeypatch.setattr(training, "_save", lambda figure, path: drawn.append(_words(figure)))
    monkeypatch.setattr(letters, "_warned", False)
    with pytest.warns(UserWarning, match="fonts-noto-cjk"):
        save_prediction_picture(tmp_path / "seen.png", [MASK], [MASK], [MASK], NAMES)
    assert {"0", "1", "vessel"} <= drawn[0]
