"""What masks mean, however they were saved."""

import numpy as np
import pytest
from PIL import Image

from paddleseg_losses.errors import DataError
from paddleseg_losses.start import Options, make_plan
from tests.start import scenes

NAMES = ("images/a{}.jpg", "masks/a{}.png")


def plan(root, **options):
    return make_plan(root, root.parent / "out", Options(**options))


def _labels(*values):
    """Two discs on a background, with these values."""

    def of(number):
        low, high, *more = values
        mask = np.full(scenes.SIZE, low, np.asarray(values).dtype)
        mask[scenes.disc(number)] = high
        for place, value in enumerate(more):
            mask[2 + 3 * place : 4 + 3 * place, 50:60] = value
        return mask

    return of


def _uint8(*values):
    return _labels(*np.array(values, "uint8"))


def _colors(*colors):
    def of(number):
        return np.array(colors, "uint8")[_labels(*range(len(colors)))(number)]

    return of


CASES = {  # masks: values of the classes, ignored values, whether new masks are written, the value of Foreground
    "indices": (_uint8(0, 1, 2), [(0,), (1,), (2,)], (), False, None),
    "0 and 1": (_uint8(0, 1), [(0,), (1,)], (), False, None),
    "0 and 255": (_uint8(0, 255), [(0,), (255,)], (), False, 255),
    "0 and 38": (_uint8(0, 38), [(0,), (38,)], (), False, 38),
    "1 and 2": (_uint8(1, 2), [(1,), (2,)], (), False, 2),
    "void": (_uint8(0, 1, 2, 255), [(0,), (1,), (2,)], (255,), False, None),
    "0, 1 and void": (_uint8(0, 1, 255), [(0,), (1,)], (255,), False, None),
    "grey levels": (_uint8(0, 128, 255), [(0,), (128,), (255,)], (), True, None),
    "gaps": (_uint8(0, 7, 8, 11), [(0,), (7,), (8,), (11,)], (), True, None),
    "gaps and void": (_uint8(0, 7, 8, 11, 255), [(0,), (7,), (8,), (11,)], (255,), True, None),
    "colors": (_colors((0, 0, 0), (255, 0, 0), (0, 0, 255)), [(0,), (0xFF,), (0xFF0000,)], (), True, None),
    "colors of VOC": (
        _colors((0, 0, 0), (192, 128, 128), (128, 0, 0), (224, 224, 192)),
        [(0,), (0x800000,), (0xC08080,)],
        (0xE0E0C0,),
        True,
        None,
    ),
    "grey saved with three channels": (_colors((0, 0, 0), (255, 255, 255)), [(0,), (255,)], (), True, None),
    "16 bits": (_labels(*np.array([0, 1, 2], "uint16")), [(0,), (1,), (2,)], (), True, None),
    "16 bits and more": (_labels(*np.array([0, 1000, 2000], "uint16")), [(0,), (1000,), (2000,)], (), True, None),
    "32 bits and -1": (_labels(*np.array([0, 1, 2, -1], "int32")), [(0,), (1,), (2,)], (-1,), True, None),
}


@pytest.mark.parametrize("case", CASES)
def test_values_are_understood(case, tmp_path):
    masks, classes, ignored, converts, foreground = CASES[case]
    names = NAMES if "32" not in case else ("images/a{}.jpg", "masks/a{}.tif")
    reading = plan(scenes.write(tmp_path / "data", names, masks)).reading
    assert (reading.classes, reading.ignored, reading.converts, reading.foreground) == (
        classes, ignored, converts, foreground,
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_pixel_has_its_class(case, tmp_path):
    masks, classes, *_facts = CASES[case]
    names = NAMES if "32" not in case else ("images/a{}.jpg", "masks/a{}.tif")
    result = plan(scenes.write(tmp_path / "data", names, masks))
    labels = result.reading.labels(result.samples[0].read())
    number = int(result.samples[0].key.rpartition("_")[2])
    expected = np.zeros(scenes.SIZE, "uint8")
    expected[scenes.disc(number)] = 2 if case == "colors" else 2 if case == "colors of VOC" else 1
    more = {"colors": [1], "colors of VOC": [1, 255], "void": [2, 255], "0, 1 and void": [255]}
    rest = more.get(case, [2, 3][: len(classes) - 2] + [255] * bool(result.reading.ignored))
    for place, label in enumerate(rest):
        expected[2 + 3 * place : 4 + 3 * place, 50:60] = label
    np.testing.assert_array_equal(labels, expected)


FORMS = {
    "1 bit": lambda mask: Image.fromarray(mask),
    "a palette": lambda mask: Image.fromarray(mask.astype("uint8")).convert("P"),
    "alpha alone": lambda mask: Image.fromarray(np.dstack([mask * 0] * 3 + [mask * 255]).astype("uint8")),
    "alpha without meaning": lambda mask: Image.fromarray(
        np.dstack([mask * 255] * 3 + [mask * 0 + 255]).astype("uint8")
    ),
    "grey with alpha": lambda mask: Image.fromarray(np.dstack([mask * 255, mask * 0 + 255]).astype("uint8")),
    "fractions that are whole": lambda mask: Image.fromarray(mask.astype("float32")),
    "JPEG": lambda mask: Image.fromarray((mask * 255).astype("uint8")),
    "CMYK": lambda mask: Image.fromarray((mask * 255).astype("uint8")).convert("CMYK"),
    "smooth edges": lambda mask: Image.fromarray((mask * 255).astype("uint8")).resize((61, 47)).resize((64, 48)),
}
ENDINGS = {"JPEG": "jpg", "CMYK": "jpg", "fractions that are whole": "tif"}


@pytest.mark.parametrize("form", FORMS)
def test_forms_that_a_trainer_would_misread(form, tmp_path):
    root = tmp_path / "data"
    for number in range(4):
        scenes.save_image(root / f"images/a{number}.jpg", scenes.disc(number))
        path = root / f"masks/a{number}.{ENDINGS.get(form, 'png')}"
        path.parent.mkdir(exist_ok=True)
        FORMS[form](scenes.disc(number)).save(path)
    result = plan(root)
    assert len(result.reading.classes) == 2
    assert result.reading.converts == (form != "a palette")
    for sample in result.samples:
        truth = scenes.disc(int(sample.key.rpartition("_")[2]))
        labels = result.reading.labels(sample.read())
        wrong = labels != truth
        assert wrong.mean() <= (0.01 if form in ("smooth edges", "JPEG", "CMYK") else 0)


def test_numbers_of_objects_become_a_foreground(tmp_path):
    def cells(number):
        mask = np.zeros(scenes.SIZE, "uint16")
        for cell in range(9 + number):
            mask[4 * (cell // 5) : 4 * (cell // 5) + 3, 10 * (cell % 5) : 10 * (cell % 5) + 6] = cell + 1
        return mask

    result = plan(scenes.write(tmp_path / "data", NAMES, cells))
    assert result.reading.objects
    assert result.reading.names == ["background", "foreground"]
    first = result.samples[0].read()
    np.testing.assert_array_equal(result.reading.labels(first), first.values > 0)


def test_many_classes_are_no_objects(tmp_path):
    def classes(number):
        mask = np.zeros(scenes.SIZE, "uint8")
        for label in range(20):
            mask[number : number + 20, 3 * label : 3 * label + 3] = 10 * number + label
        return mask

    result = plan(scenes.write(tmp_path / "data", NAMES, classes))
    assert (len(result.reading.classes), result.reading.converts) == (70, False)
    assert result.recipe.symptom == "absent-classes"


def test_masks_without_a_lesson(tmp_path):
    rng = np.random.default_rng(0)
    photographs = scenes.write(
        tmp_path / "photos", NAMES, lambda number: rng.integers(0, 256, (*scenes.SIZE, 3), "uint8")
    )
    with pytest.raises(DataError, match="a few values or colors"):
        plan(photographs)
    grey = scenes.write(tmp_path / "grey", NAMES, lambda number: rng.integers(0, 256, scenes.SIZE, "uint8"))
    with pytest.raises(DataError, match="a few values or colors"):
        plan(grey)
    empty = scenes.write(tmp_path / "empty", NAMES, lambda number: np.zeros(scenes.SIZE, "uint8"))
    with pytest.raises(DataError, match="All 6 masks contain a single value: 0"):
        plan(empty)


def test_a_legend_says_what_values_mean(tmp_path):
    root = scenes.write(tmp_path / "data", NAMES, _uint8(0, 10, 20, 30, 40))
    legend = tmp_path / "legend.yml"
    legend.write_text(
        "- {class: 0, name: ground, values: [0, 10]}\n- {class: 1, name: roof, values: [20]}\n"
        "- {class: ignored, values: [30]}\n"
    )
    reading = plan(root, legend=legend).reading
    assert (reading.classes, reading.names) == ([(0, 10), (20,)], ["ground", "roof"])
    assert reading.ignored == (30, 40)
    assert any("the legend does not name 40" in str(note) for note in reading.notes)


LEGENDS = {
    "names": ("classes.txt", "sky\nroof\nroad\n", _uint8(0, 1, 2), ["sky", "roof", "road"]),
    "names without the background": ("labels.txt", "roof\nroad\n", _uint8(0, 1, 2), ["background", "roof", "road"]),
    "numbered names": ("labels.txt", "0: sky\n1: roof\n2: road\n", _uint8(0, 1, 2), ["sky", "roof", "road"]),
    "colors as CamVid's": (
        "label_colors.txt",
        "0 0 255 Road\n255 0 0\tRoof\n0 0 0 Void\n",
        _colors((0, 0, 0), (255, 0, 0), (0, 0, 255)),
        ["Road", "Roof", "Void"],
    ),
    "a table": (
        "class_dict.csv",
        "name,r,g,b\nRoad,0,0,255\nRoof,255,0,0\nVoid,0,0,0\n",
        _colors((0, 0, 0), (255, 0, 0), (0, 0, 255)),
        ["Road", "Roof", "Void"],
    ),
    "too few names": ("classes.txt", "one\n", _uint8(0, 1, 2), ["class 0", "class 1", "class 2"]),
}


@pytest.mark.parametrize("case", LEGENDS)
def test_names_are_found_in_the_folder(case, tmp_path):
    file, content, masks, names = LEGENDS[case]
    root = scenes.write(tmp_path / "data", NAMES, masks)
    (root / file).write_text(content)
    assert plan(root).reading.names == names


@pytest.mark.parametrize(
    "content", ["a: 1", "- 3", "- {class: 1, values: [5]}", "- {class: x, values: [1]}", "- {class: 0, values: [red]}"]
)
def test_a_legend_that_is_none(content, tmp_path):
    root = scenes.write(tmp_path / "data", NAMES)
    legend = tmp_path / "legend.yml"
    legend.write_text(content)
    with pytest.raises(DataError, match=r"legend\.yml"):
        plan(root, legend=legend)
