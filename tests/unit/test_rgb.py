"""Which shapes of labels are taken for a picture in colours."""

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import errors
from paddleseg_losses.shape_advice import looks_like_rgb

RGB = {
    "colours last": ([2, 5, 7, 3], [2, 6, 5, 7]),
    "colours and transparency last": ([2, 5, 7, 4], [2, 6, 5, 7]),
    "colour planes": ([2, 3, 5, 7], [2, 6, 5, 7]),
    "four planes": ([2, 4, 5, 7], [2, 6, 5, 7]),
    "without a batch axis": ([5, 7, 3], [2, 6, 5, 7]),
    "of another size": ([2, 50, 70, 3], [2, 6, 5, 7]),
    "planes of another size": ([2, 3, 50, 70], [2, 6, 5, 7]),
    "of another batch": ([1, 5, 7, 3], [2, 6, 5, 7]),
    "a volume": ([2, 5, 7, 9, 3], [2, 6, 5, 7, 9]),
    "a row of pixels": ([2, 9, 3], [2, 6, 9]),
    "colours last beside three classes": ([2, 5, 7, 3], [2, 3, 5, 7]),
    "a square of three pixels": ([2, 3, 3, 3], [2, 6, 3, 3]),
}
NOT_RGB = {
    "a narrow crop": ([2, 5, 3], [2, 6, 5, 7]),
    "a narrow crop with a channel axis": ([2, 1, 5, 3], [2, 6, 5, 7]),
    "a narrow crop of one-hot labels": ([2, 6, 5, 3], [2, 6, 5, 7]),
    "narrow images of another height": ([2, 8, 3], [2, 6, 5, 3]),
    "narrow images of another height with an axis more": ([2, 2, 8, 3], [2, 6, 5, 3]),
    "as many images as rows": ([5, 5, 3], [5, 6, 5, 5]),
    "one-hot labels of three classes, of another size": ([2, 3, 6, 7], [2, 3, 5, 7]),
    "one-hot labels of two classes": ([2, 2, 5, 7], [2, 6, 5, 7]),
    "classes last": ([2, 5, 7, 6], [2, 6, 5, 7]),
    "another size": ([2, 5, 8], [2, 6, 5, 7]),
    "too many axes": ([2, 1, 5, 7, 3], [2, 6, 5, 7]),
    "too few axes": ([5, 3], [2, 6, 5, 7]),
    "images four pixels high, two classes last": ([2, 4, 8, 2], [2, 6, 4, 7]),
    "a flat volume": ([2, 5, 7, 3], [2, 6, 5, 7, 9]),
}


@pytest.mark.parametrize("case", RGB)
def test_colours(case):
    assert looks_like_rgb(*RGB[case])


@pytest.mark.parametrize("case", NOT_RGB)
def test_space_and_classes(case):
    assert not looks_like_rgb(*NOT_RGB[case])


@pytest.mark.parametrize("case", [*RGB, *NOT_RGB])
def test_the_hint_of_the_error(case):
    labels, logits = {**RGB, **NOT_RGB}[case]
    with pytest.raises(errors.InputError) as caught:
        pl.DiceLoss()(paddle.zeros(logits), paddle.to_tensor(np.zeros(labels, "int64")))
    assert ("RGB(A) mask" in str(caught.value.cure)) == (case in RGB)
