"""The search of the site, on a site of a few pages with the plugins of the real one."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

from docs.builder import search

pytest.importorskip("mkdocs_static_i18n", reason="what the site is built with is not installed")
pytest.importorskip("jieba", reason="what the site is built with is not installed")

ROOT = Path(__file__).resolve().parents[2]
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
PAGES = {"en": ("", ("choose", "losses/BoundaryLoss")), "zh": ("_cn", ("choose", "losses/BoundaryLoss"))}
HAN = re.compile("[\u4e00-\u9fff]")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --allow-file-access-from-files --virtual-time-budget=15000 --dump-dom"
)


class _Loader(yaml.SafeLoader):
    """Keeps what only mkdocs understands out of the way."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: None)


def _configuration():
    """That of the site, without what needs the registry."""
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader=_Loader)
    for key in ("extra_css", "extra_javascript", "validation", "nav"):
        config.pop(key, None)
    config["plugins"] = [each for each in config["plugins"] if "mkdocstrings" not in each]
    return {**config, "docs_dir": "pages", "site_dir": "site"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    for language, (suffix, names) in PAGES.items():
        for name in names:
            page = folder / "pages" / language / f"{name}.md"
            page.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "docs" / f"{name}{suffix}.md", page)
        shutil.copy(ROOT / f"README{suffix}.md", folder / "pages" / language / "index.md")
    (folder / "pages" / "en" / "news.md").write_text("# News\n\nVessels, 血管.\n", encoding="utf-8")  # not translated
    (folder / "pages" / "en" / "web").mkdir()
    shutil.copy(ROOT / "docs" / "web" / "iframe-worker.js", folder / "pages" / "en" / "web")
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(_configuration(), allow_unicode=True), encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "-m", "mkdocs", "build", "--quiet"]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run(command, cwd=folder, env=quiet, check=True, capture_output=True, timeout=300)
    search.split(folder / "site", folder / "pages")
    return folder / "site"


def _index(site, root):
    return json.loads((site / root / "search" / "search_index.json").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("root", ["", "zh"])
def test_every_part_of_a_page_is_found_with_its_page(site, root):
    """The theme looks a part's page up for its title: without one it is `undefined`."""
    places = {entry["location"] for entry in _index(site, root)["docs"]}
    assert {"index.html", "choose.html", "losses/BoundaryLoss.html"} <= places
    assert {place.partition("#")[0] for place in places} <= places
    assert all((site / root / place.partition("#")[0]).is_file() for place in places)


@pytest.mark.slow
def test_each_language_has_its_own_index(site):
    english, chinese = (_index(site, root)["docs"] for root in ("", "zh"))
    for entry in english:
        assert not HAN.search(entry["title"]), entry["location"]
        assert not entry["location"].startswith("zh/")
    assert (site / "zh" / "news.html").is_file()
    pages = {entry["location"].partition("#")[0] for entry in chinese if HAN.search(entry["title"] + entry["text"])}
    assert pages == {"index.html", *(f"{name}.html" for name in PAGES["zh"][1])}
    assert pages == {entry["location"].partition("#")[0] for entry in chinese}
    separator = re.compile(_index(site, "zh")["config"]["separator"])
    for words, entries in (({"血管", "道路"}, chinese), ({"vessels"}, english)):
        texts = [re.sub("<.*?>", " ", entry["text"]) for entry in entries]
        assert words <= {word.lower() for text in texts for word in separator.split(text)}


@pytest.mark.slow
def test_a_page_asks_for_the_index_of_its_language(site):
    """Also where it was opened from a disk, for which the index is a script."""
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        base = re.search(r'<script id="__config"[^<]*?"base": "([^"]*)"', page.read_text(encoding="utf-8"))[1]
        folder = (page.parent / base).resolve()
        assert folder == (site / "zh" if (site / "zh") in page.parents else site).resolve(), page
        script = (folder / "search" / "search_index.js").read_text(encoding="utf-8")
        assert json.loads(script.removeprefix("var __index = ")) == _index(site, folder)


@pytest.mark.slow
@pytest.mark.skipif(not BROWSER, reason="needs a browser: apt install chromium")
@pytest.mark.parametrize(
    ("page", "query", "expected"),
    [
        ("zh/choose.html", "血管", "choose.html"),
        ("zh/index.html", "边界", "losses/BoundaryLoss.html"),
        ("zh/losses/BoundaryLoss.html", "Dice", "choose.html"),
        ("choose.html", "vessels", "choose.html"),
        ("losses/BoundaryLoss.html", "Dice", "choose.html"),
        ("index.html", "边界", None),
    ],
)
def test_a_browser_finds_pages_of_its_language(site, tmp_path, page, query, expected):
    address = f"{(site / page).as_uri()}?q={quote(query)}"
    command = [BROWSER, *FLAGS.split(), f"--user-data-dir={tmp_path}", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    links = re.findall(r'<a href="([^"]*)" class="md-search-result__link"', done.stdout)
    root = (site / page.partition("/")[0] if page.startswith("zh/") else site).as_uri()
    files = {link.partition("?")[0].partition("#")[0] for link in links}
    assert "md-search-result__list" in done.stdout, done.stderr
    if expected is None:
        assert not files
        return
    assert f"{root}/{expected}" in files
    chinese = (site / "zh").as_uri()
    assert {file.startswith(f"{chinese}/") for file in files} == {page.startswith("zh/")}
    assert not [link for link in links if "undefined" in link]
