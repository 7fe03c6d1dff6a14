"""The site: its pages are those of the repository, its links lead somewhere."""

import base64
import importlib.util
import re
import shutil

import pytest
import yaml

from docs.builder import (
    examples,
    gallery,
    home,
    katex,
    links,
    listings,
    notebook,
    staging,
    website,
)
from docs.builder.language import CHINESE, ENGLISH
from paddleseg_losses import drawing, registry


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
def test_the_site_builds_without_a_warning(pages, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(website.staging, "stage", lambda folder: shutil.copytree(pages, folder))  # they are the same
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
