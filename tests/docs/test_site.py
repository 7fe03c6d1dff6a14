"""The site: its sliders show the package's numbers, its pages are those of the repository, its links lead somewhere."""

import base64
import importlib.util
import json
import re

import numpy as np
import pytest
import yaml

from docs.builder import (
    counting,
    examples,
    gallery,
    home,
    katex,
    links,
    listings,
    notebook,
    pictures,
    sliders,
    staging,
    website,
)
from docs.builder import sources as of_pictures
from docs.builder.language import CHINESE, ENGLISH
from paddleseg_losses import drawing, registry

MOVED = {each.spec.name: each for each in sliders.sliders()}
SAMPLED = ["TverskyLoss", "FocalLoss", "WeightedSumLoss", "GeneralizedWassersteinDiceLoss", "BoundaryLoss"]


@pytest.mark.parametrize("name", SAMPLED)
def test_a_setting_holds_the_numbers_of_the_loss(name):
    moved = MOVED[name]
    setting = moved.settings[len(moved.settings) // 2]
    measured = sliders.measured(moved.spec, setting)
    loss = registry.build({"type": name, **moved.spec.example, **setting})
    curve, gradient = drawing.curve_of(loss, sliders.COARSE), drawing.gradient_on(loss)
    for kind in ("values", "slopes"):
        for side, line in getattr(curve, kind).items():
            points = measured[kind][side]["points"]
            np.testing.assert_allclose(points, line, atol=np.ptp(line) / sliders.FINE + 1e-12, rtol=1e-3)
    levels = np.frombuffer(base64.b64decode(measured["gradient"]), "int8").reshape(gradient.gradient.shape)
    assert measured["most"] == pytest.approx(np.abs(gradient.gradient).max(), rel=1e-3)
    np.testing.assert_allclose(levels / 127 * measured["most"], gradient.gradient, atol=measured["most"] / 200)
    assert measured["loss"] == pytest.approx(gradient.value, rel=1e-3)
    assert measured["shares"] == pytest.approx([gradient.share(region) for region in gradient.regions], rel=1e-3)


@pytest.mark.parametrize("name", SAMPLED)
def test_the_defaults_show_what_the_printed_pictures_show(name):
    moved = MOVED[name]
    setting = {option: values[i] for (option, values), i in zip(moved.options.items(), moved.defaults)}
    measured, printed = sliders.measured(moved.spec, setting), pictures.stored()[name]
    for kind in ("values", "slopes"):
        for side, line in printed[kind].items():
            points = measured[kind][side]["points"]
            atol = 2 * np.ptp(points) / sliders.FINE
            np.testing.assert_allclose(points[:: pictures.EVERY // 2], line, atol=atol, rtol=1e-4)


@pytest.mark.parametrize("name", [name for name, moved in MOVED.items() if moved.options])
def test_every_slider_moves_something(name):
    """By a hundredth at least, of the slopes or of the map."""
    moved = MOVED[name]
    usual = {option: values[i] for (option, values), i in zip(moved.options.items(), moved.defaults)}
    for option, values in moved.options.items():
        slopes, maps = [], []
        for value in values:
            loss = registry.build({"type": name, **moved.spec.example, **usual, option: value})
            slopes.append(np.concatenate([*drawing.curve_of(loss, sliders.COARSE[::10]).slopes.values()]))
            maps.append(drawing.gradient_on(loss).gradient)
        change = max(_change(levels) for levels in (slopes, maps))
        assert change > 0.01, option


def _change(levels):
    """The largest step away from the first, relative to the largest number."""
    return max(np.abs(other - levels[0]).max() for other in levels) / (np.abs(levels).max() or 1)


def test_the_order_of_the_settings_is_that_of_the_page():
    moved = MOVED["TverskyLoss"]
    (_, alphas), (_, betas) = moved.options.items()
    places = [3, 1]  # explore.js counts like this
    at = places[0] * len(betas) + places[1]
    assert moved.settings[at] == {"alpha": alphas[3], "beta": betas[1]}


def test_a_value_that_is_no_default_is_refused():
    with pytest.raises(SystemExit, match="the default has to stand once"):
        _ = sliders.Sliders(registry.get("FocalLoss"), {"gamma": [1, 3]}).defaults


def test_keys_change_with_code_and_values_alone(monkeypatch):
    moved = MOVED["DiceLoss"]
    files = {path.name for path in of_pictures.sources("paddleseg_losses.losses.region.dice")}
    assert {"dice.py", "base.py", "region.py", "inputs.py", "error_sums.cpp"} <= files
    assert "tversky.py" not in files
    assert sliders.Sliders(moved.spec, {"smooth": [1]}).key != moved.key
    before = moved.key
    real = of_pictures.code

    def changed(extra):
        monkeypatch.setattr(of_pictures, "code", lambda path: real(path) + (extra if path.name == "dice.py" else ""))
        return MOVED["DiceLoss"].key, MOVED["TverskyLoss"].key

    dice, tversky = changed(";")
    assert dice != before
    assert tversky == MOVED["TverskyLoss"].key
    assert changed("")[0] == before


def test_docstrings_are_not_code(tmp_path):
    texts = ['"""A."""\nx = 1\n', '"""B."""\nx = 1\n', '"""A."""\nx = 2\n']
    paths = [tmp_path / f"{i}.py" for i in range(3)]
    for path, text in zip(paths, texts):
        path.write_text(text)
    a, b, c = map(of_pictures.code, paths)
    assert a == b != c


def test_what_is_known_is_not_computed_again(tmp_path, monkeypatch, capsys):
    one = [MOVED["LovaszSoftmaxLoss"]]
    monkeypatch.setattr(sliders, "sliders", lambda: one)
    site, cache = tmp_path / "site", tmp_path / "cache"
    (tmp_path / "cache").mkdir()
    (cache / "LovaszSoftmaxLoss-0.json").write_text("{}")
    sliders.write(site, cache)
    assert capsys.readouterr().err == "[1/1] sliders: LovaszSoftmaxLoss\n"
    assert [path.name for path in cache.iterdir()] == [f"LovaszSoftmaxLoss-{one[0].key}.json"]
    script = (site / "LovaszSoftmaxLoss.js").read_text()
    data = json.loads(script.removeprefix("window.explored = ").removesuffix(";\n"))
    assert data["options"] == [{"name": "classes", "values": ["present", "[0]", "[1]"]}]
    assert len(data["settings"]) == 3
    sliders.write(site, cache)
    assert capsys.readouterr().err == ""


def test_progress_is_told_in_ten_lines(capsys):
    for count in range(1, 60):
        counting.report(count, 59, "name")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[-1] == "[59/59] name"


def test_the_words_of_the_kinds_of_error_are_translated():
    script = (staging.WEB / "explore.js").read_text(encoding="utf-8")
    chinese = re.search(r"regions: \[(.*)\]", script)[1].split(", ")
    assert len(chinese) == len(drawing.SCENE.regions)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("staged") / "pages"
    staging.stage(folder)
    return folder


def test_every_page_is_there_in_both_languages(pages):
    for code, language in (("en", ENGLISH), ("zh", CHINESE)):
        pages_written = {str(path.relative_to(pages / code)) for path in (pages / code).rglob("*.md")}
        expected = {
            place
            for source, place in staging.PLACES.items()
            if (staging.ROOT / source.replace(".md", f"{language.suffix}.md")).exists()
        }
        assert pages_written == expected | {home.PLACE}
        assert {f"losses/{name}.md" for name in registry.names()} < pages_written
    written = {path.name for path in staging.DOCS.glob("*.md") if not path.stem.endswith("_cn")}
    assert written < set(staging.PLACES.values())


def test_a_notebook_is_a_page_with_its_outputs(tmp_path):
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    png = base64.b64encode(b"picture").decode()
    outputs = [new_output("stream", text="1.23\n"), new_output("display_data", {"image/png": png})]
    cells = [new_markdown_cell("# 标题"), new_code_cell("print(1.23)", outputs=outputs)]
    nbformat.write(new_notebook(cells=cells), tmp_path / "a.ipynb")
    text, files = notebook.markdown(tmp_path / "a.ipynb")
    assert text.index("# 标题") < text.index("print(1.23)") < text.index("    1.23")
    ((name, content),) = files.items()
    assert f"]({name})" in text
    assert content == b"picture"


def test_pages_link_within_the_site(pages):
    text = (pages / "zh" / "losses" / "DiceLoss.md").read_text(encoding="utf-8")
    assert "](../choose.md#small-objects)" in text
    assert "](../images/losses/DiceLoss_curve.png)" in text
    assert "](../files/configs/losses/DiceLoss.yml.html)" in text
    assert "_cn" not in text
    assert "English" not in text
    assert '<script src="../../web/data/DiceLoss.js">' in text
    assert text.index("explore.js") < text.index("## 选项")
    assert (pages / "en" / "files" / "configs" / "losses" / "DiceLoss.yml").is_file()


def test_formulas_are_mathematics_to_the_site(pages):
    text = (pages / "zh" / "losses" / "DiceLoss.md").read_text(encoding="utf-8")
    assert "\n$$\nL = 1 - \\frac{2\\,\\mathrm{TP} + s}{P + G + s}\n$$\n" in text
    assert "* $s$：平滑项，选项 `smooth`\n" in text


def test_a_changed_katex_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(katex, "ARCHIVE", tmp_path / "katex.tgz")
    monkeypatch.setattr(katex, "_fetched", lambda: b"something else")
    with pytest.raises(SystemExit, match="from npm is not the file"):
        katex.archive()
    assert not katex.ARCHIVE.exists()
    katex.ARCHIVE.write_bytes(b"changed on the disk")
    with pytest.raises(SystemExit, match=r"katex\.tgz is not the file"):
        katex.archive()


def test_without_a_network_it_says_what_is_missing(tmp_path, monkeypatch):
    def unreachable():
        raise OSError("no network")

    monkeypatch.setattr(website.sliders, "write", _no_data)
    monkeypatch.setattr(katex, "archive", unreachable)
    (problem,) = website.build(tmp_path)
    assert problem.startswith("KaTeX could not be fetched: no network. Put https://")


def test_the_home_page_shows_one_loss_in_two_ways(pages):
    (config,) = yaml.safe_load(home.YAML)["loss"]["types"]
    names = {}
    exec(home.PYTHON.partition("value =")[0], names)
    assert repr(names["loss"]) == repr(registry.build(config))
    for code in ("en", "zh"):
        text = (pages / code / home.PLACE).read_text(encoding="utf-8")
        assert home.YAML.strip() in text
        assert home.PYTHON.strip() in text


def test_the_numbers_of_the_home_page_are_those_of_the_results():
    times = [
        {"loss": "A", "shape": "x", "peer": "ours", "ms": 2.0},
        {"loss": "A", "shape": "x", "peer": "MONAI", "ms": 8.0},
        {"loss": "A", "shape": "x", "peer": "smp", "ms": 6.0},
        {"loss": "A", "shape": "y", "peer": "ours", "ms": 3.0},
        {"loss": "A", "shape": "y", "peer": "torch", "ms": 1.0},  # no library of losses
        {"loss": "B", "shape": "y", "peer": "ours", "ms": 4.0},
        {"loss": "B", "shape": "y", "peer": "kornia", "ms": 2.0},
        {"loss": "B", "shape": "x", "peer": "PaddleSeg", "error": "out of memory"},
    ]
    assert home.faster(times) == [3.0, 0.5]
    english, chinese = (home.figures(language) for language in (ENGLISH, CHINESE))
    assert [figure.number for figure in english] == [figure.number for figure in chinese]
    assert {figure.command for figure in english} == {"make bench", "make experiment"}


def test_each_loss_has_a_small_picture_of_its_gradient(pages):
    from PIL import Image

    for code in ("en", "zh"):
        text = (pages / code / home.PLACE).read_text(encoding="utf-8")
        assert re.findall(r"\]\(losses/(\w+Loss)\.md\)", text) == [*home.SHOWN]
        assert all(re.findall(r"!\[(.*?)\]", text))  # told to who cannot see them
        listed = (pages / code / "losses" / "index.md").read_text(encoding="utf-8")
        assert re.findall(r"^\| !\[\]\(\.\./images/gallery/(\w+)\.png\)", listed, re.MULTILINE) == registry.names()
    height, width = drawing.SCENE.truth.shape
    for name in (gallery.SCENE, *registry.names()):
        with Image.open(pages / "en" / gallery.picture(name)) as image:
            assert image.size == (gallery.SCALE * width, gallery.SCALE * height)
            colors = {color for _count, color in image.convert("RGB").getcolors(1 << 20)}
        assert gallery.LINES["scene" if name == gallery.SCENE else "map"] in colors
    with Image.open(pages / "en" / gallery.picture("DiceLoss")) as image:
        right, wrong = (image.getpixel((gallery.SCALE * x + 1, gallery.SCALE * y + 1)) for y, x in ((20, 60), (5, 38)))
    assert wrong[0] > wrong[2] + 50  # red lowers the probability of a false blob
    assert min(right) > min(wrong) + 50  # and hardly pulls on what is right


def test_sources_and_examples_are_shown_as_pages(pages):
    source = "paddleseg_losses/losses/region/tversky.py"
    for code in ("en", "zh"):
        text = (pages / code / "losses" / "TverskyLoss.md").read_text(encoding="utf-8")
        for file in (source, "examples/binary.py", "configs/usage/single_loss.yml"):
            assert f"](../files/{file}.html)" in text
            shown = (pages / "en" / "files" / f"{file}.html").read_text(encoding="utf-8")
            assert f"<h1>{file}</h1>" in shown
            assert (pages / "en" / "files" / file).read_bytes() == (staging.ROOT / file).read_bytes()
            up = re.search(r'href="((?:\.\./)+)web/listing\.css"', shown)[1]
            assert (pages / "en" / "files" / file).parent.joinpath(up, listings.STYLE).resolve().is_file()
    assert 'class="k">class</span>' in (pages / "en" / "files" / f"{source}.html").read_text(encoding="utf-8")


def test_every_loss_has_an_example():
    for spec in registry.specs():
        for file in examples.using(spec.name) or [examples.loop_for(spec)]:
            assert (staging.ROOT / file).is_file()
    assert "examples/binary.py" in examples.using("TverskyLoss")
    assert not examples.using("MCCLoss")
    assert examples.loop_for(registry.get("MCCLoss")) == "examples/plain_paddle.py"


def test_what_cannot_be_moved_is_said(pages):
    for code, words in (("en", "None of its options changes"), ("zh", "都不会改变")):
        text = (pages / code / "losses" / "RecallCrossEntropyLoss.md").read_text(encoding="utf-8")
        assert words in text
        assert "explore.js" in text  # which draws the pictures in the reader's language
    assert MOVED["LovaszHingeLoss"].options


def test_the_menu_holds_every_page_once():
    menu = staging.menu()
    places = re.findall(r"[\w/]+\.md", str(menu["nav"]))
    assert sorted(places) == sorted([home.PLACE, *staging.PLACES.values()])
    assert all(next(iter(entry)) in menu["translations"] for entry in menu["nav"])


def test_broken_links_are_found(tmp_path):
    (tmp_path / "zh").mkdir()
    (tmp_path / "index.html").write_text('<p id="here"><a href="#here"></a><img src="zh/gone.png"><a href="zh/#x"></a>')
    (tmp_path / "zh" / "index.html").write_text('<a href="../index.html#there"></a><a href="https://x.org/"></a>')
    (tmp_path / "404.html").write_text('<a href="/anything"></a>')
    assert links.broken(tmp_path) == [
        "index.html: zh/#x",
        "index.html: zh/gone.png",
        "zh/index.html: ../index.html#there",
    ]


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("mkdocs"), reason="mkdocs is not installed: extra `docs`")
def test_the_site_builds_without_a_warning(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(website.sliders, "write", _no_data)
    try:
        katex.archive()
    except OSError as error:
        pytest.skip(f"KaTeX is neither in build/ nor can it be fetched: {error}")
    assert website.build(tmp_path) == [], capfd.readouterr().err
    site = tmp_path / "site"
    assert yaml.safe_load((tmp_path / "mkdocs.yml").read_text(encoding="utf-8"))["nav"] == staging.menu()["nav"]
    for place in staging.PLACES.values():
        for root in (site, site / "zh"):
            assert (root / place.replace(".md", ".html")).is_file()
    home = (site / "zh" / "index.html").read_text(encoding="utf-8")
    assert '<html lang="zh"' in home
    assert '<script src="../web/columns.js"></script>' in home  # the words beside the cells of a table on a phone
    for path in site.rglob("*.html"):
        assert not re.findall(r'<(?:script|link|img|iframe)[^>]* (?:src|href)="(?:https?:)?//[^"]*"', _own(path)), path
    for path in site.rglob("*.css"):
        assert not re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", path.read_text(encoding="utf-8")), path
    for name in registry.names():
        for root, up in ((site, "../"), (site / "zh", "../../")):
            text = (root / "losses" / f"{name}.html").read_text(encoding="utf-8")
            assert '<div class="arithmatex">\\[\nL = ' in text
            assert "```" not in text
            assert "$" not in re.sub(r"<(script|style|pre|code)\b.*?</\1>", "", text, flags=re.DOTALL)
            assert f'<script src="{up}web/katex/katex.min.js"></script>' in text
            assert text.index("katex.min.js") < text.index("web/formulas.js")
    fonts = re.findall(r"url\((fonts/[\w-]+\.woff2)\)", (site / "web/katex/katex.min.css").read_text())
    assert len(fonts) == len(list((site / "web/katex/fonts").iterdir())) > 10
    assert all((site / "web/katex" / font).is_file() for font in fonts)


def _own(path):
    """A page without what says where else it stands."""
    return re.sub(r'<link rel="(?:canonical|alternate)"[^>]*>', "", path.read_text(encoding="utf-8"))


def _no_data(folder, cache):
    """Computing takes minutes; the pages ask for a file of each loss."""
    folder.mkdir(parents=True)
    for name in registry.names():
        (folder / f"{name}.js").write_text("")
    return []
