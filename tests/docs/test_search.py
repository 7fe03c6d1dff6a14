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

pytest.importorskip("mkdocs_static_i18n", reason="what the site is built with is not installed")
pytest.importorskip("jieba", reason="what the site is built with is not installed")

ROOT = Path(__file__).resolve().parents[2]
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
PAGES = {"en": ("", ("choose", "losses/BoundaryLoss")), "zh": ("_cn", ("choose", "losses/BoundaryLoss"))}


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
    (folder / "pages" / "en" / "web").mkdir()
    shutil.copy(ROOT / "docs" / "web" / "iframe-worker.js", folder / "pages" / "en" / "web")
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(_configuration(), allow_unicode=True), encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "-m", "mkdocs", "build", "--quiet"]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run(command, cwd=folder, env=quiet, check=True, capture_output=True, timeout=300)
    return folder / "site"


@pytest.mark.slow
def test_every_part_of_a_page_is_found_with_its_page(site):
    """The theme looks a part's page up for its title: without one it is `undefined`."""
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    places = {entry["location"] for entry in index["docs"]}
    assert {"choose.html", "zh/choose.html"} <= places
    assert {place.partition("#")[0] for place in places} <= places
    separator = re.compile(index["config"]["separator"])
    texts = [re.sub("<.*?>", " ", entry["text"]) for entry in index["docs"]]
    words = {word for text in texts for word in separator.split(text)}
    assert {"血管", "道路", "vessels"} <= {word.lower() for word in words}


@pytest.mark.slow
@pytest.mark.skipif(not BROWSER, reason="there is no browser")
@pytest.mark.parametrize(
    ("page", "query", "found"),
    [
        ("zh/choose.html", "血管", "zh/choose.html"),
        ("zh/index.html", "边界", "zh/"),
        ("choose.html", "vessels", "choose.html"),
    ],
)
def test_a_browser_finds_it(site, page, query, found):
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=15000", "--dump-dom"]
    address = f"{(site / page).as_uri()}?q={quote(query)}"
    done = subprocess.run(
        [*command, "--allow-file-access-from-files", address], capture_output=True, text=True, timeout=120
    )
    links = re.findall(r'<a href="([^"]*)" class="md-search-result__link"', done.stdout)
    assert links, query
    assert not [link for link in links if "undefined" in link]
    assert any(found in link for link in links), links
