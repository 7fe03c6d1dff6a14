"""The pages as the site generator wants them: a folder for each language, and everything they link to beside them."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from paddleseg_losses.i18n import in_context
from paddleseg_losses.registry import FAMILIES, names

from . import gallery, home, listings
from .language import CHINESE, DOCS, ENGLISH, LANGUAGES, Language
from .notebook import markdown
from .sliders import Sliders, sliders

ROOT = DOCS.parent
WEB = DOCS / "web"
# The pages with a place of their own in the menu: the English file, its place on the site, its name in the menu.
HOME, NOTEBOOK, MORE = in_context("menu", "Home"), in_context("menu", "Notebook"), in_context("menu", "More")
LOSSES, INDEX = in_context("menu", "Losses"), "losses/index.md"
PAGES = (
    ("README.md", "readme.md", in_context("menu", "Overview")),
    ("docs/start.md", "start.md", in_context("menu", "Your images")),
    ("docs/guide.md", "guide.md", in_context("menu", "Guide")),
    ("docs/choose.md", "choose.md", in_context("menu", "Choose")),
    ("docs/losses/README.md", INDEX, LOSSES),
    ("docs/compare.md", "compare.md", in_context("menu", "Compare losses")),
    ("docs/evidence.md", "evidence.md", in_context("menu", "Experiment")),
    ("docs/paddleseg.md", "paddleseg.md", in_context("menu", "PaddleSeg")),
    ("docs/after_training.md", "after_training.md", in_context("menu", "After training")),
    ("docs/web/api.md", "api.md", in_context("menu", "API")),
)
NOTEBOOKS = {f"examples/{path.name}": f"{path.stem}.md" for path in sorted((ROOT / "examples").glob("*.ipynb"))}
PLACES = {
    **{source: place for source, place, *_ in PAGES},
    **{f"docs/{path.name}": path.name for path in sorted(DOCS.glob("*.md")) if not path.stem.endswith("_cn")},
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    **NOTEBOOKS,
    **{f"docs/losses/{name}.md": f"losses/{name}.md" for name in names()},
}


def stage(folder: Path) -> None:
    """Write the pages of both languages, and the files that they show or link to, into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    moved = {f"docs/losses/{each.spec.name}.md": each for each in sliders()}
    gallery.write(folder / "en")
    files: set[str] = set()
    for language in LANGUAGES:
        _put(folder / language.code / home.PLACE, home.home(language).encode())
        for source in PLACES:
            path = ROOT / source.replace(".md", f"{language.suffix}.md")
            if path.exists():
                files |= _stage_page(source, path, language, folder, moved.get(source))
    for file in files:
        _stage_file(file, folder / "en")
    for file in WEB.iterdir():
        if file.suffix in (".css", ".js"):
            _copy(file, folder / "en" / "web" / file.name)
    _put(folder / "en" / listings.STYLE, listings.style().encode())


def _stage_page(source: str, path: Path, language: Language, folder: Path, moved: Sliders | None) -> set[str]:
    """Write a page; the files of the project that it links to."""
    root = folder / language.code
    text, pictures = markdown(path) if source in NOTEBOOKS else (path.read_text(encoding="utf-8"), {})
    text, files = _linked(text, path, PLACES[source], ignoring=set(pictures))
    if moved:
        text = _with_sliders(text, moved, language)
    elif source in NOTEBOOKS and language != CHINESE:  # they are in Chinese
        text = f"---\nsearch: {{exclude: true}}\n---\n\n{text}"
    elif PLACES[source] == INDEX:
        text = re.sub(r"^\| (?=\[`(\w+)`\])", _small_picture, text, flags=re.MULTILINE)
    _put(root / PLACES[source], text.encode())
    for name, content in pictures.items():
        _put(root / name, content)
    return files


def _stage_file(file: str, root: Path) -> None:
    _copy(ROOT / file, root / _beside(file))
    if _is_listed(file):
        code = (ROOT / file).read_text(encoding="utf-8")
        _put(root / f"{_beside(file)}.html", listings.page(file, code).encode())


def menu(language: Language = ENGLISH) -> dict[str, Any]:
    """What the registry and the folders decide of the configuration: the menu, and its words in a language."""
    chapters = [{family: [{name: f"losses/{name}.md"} for name in names(family=family)]} for family in FAMILIES]
    words = {words.template: words for _source, _place, words in PAGES} | FAMILIES
    words.update({each.template: each for each in (HOME, NOTEBOOK, MORE)})
    entries: list[Any] = [{HOME.template: home.PLACE}]
    entries += [{each.template: [place, *chapters] if each is LOSSES else place} for _s, place, each in PAGES]
    alone = {*(place for _source, place, _words in PAGES), *NOTEBOOKS.values()}
    # The rest of the pages, under their own titles.
    rest = [place for place in PLACES.values() if place not in alone and not place.startswith("losses/")]
    entries.append({MORE.template: rest})
    if NOTEBOOKS:
        entries.insert(5, {NOTEBOOK.template: list(NOTEBOOKS.values())})
    return {"nav": entries, "translations": {english: language.of(text) for english, text in words.items()}}


def configuration(folder: Path) -> str:
    """A configuration that adds the menu to the project's `mkdocs.yml`, for `folder` as the place of all files."""
    base = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    for plugin in base["plugins"]:
        for entry in plugin["i18n"]["languages"] if "i18n" in plugin else ():
            if not entry.get("default"):
                entry["nav_translations"] = menu(Language(entry["locale"]))["translations"]
    places: dict[str, Any] = {"docs_dir": str(folder / "pages"), "site_dir": str(folder / "site"), "nav": menu()["nav"]}
    places["hooks"] = [str(DOCS / "builder" / "counting.py")]
    return yaml.safe_dump({**base, **places}, allow_unicode=True, sort_keys=False)


def _linked(text: str, path: Path, place: str, ignoring: set[str]) -> tuple[str, set[str]]:
    """The text of a page with its links as they are on the site, and the files of the project that it links to."""
    files: set[str] = set()

    def moved(match: re.Match[str]) -> str:
        target, hash_, anchor = match[1].partition("#")
        if target in ignoring:
            return match[0]
        goal = os.path.relpath(path.parent / target, ROOT)
        page = goal.replace("_cn.md", ".md")
        if page not in PLACES:
            files.add(goal)
        to = PLACES.get(page) or _beside(goal) + (".html" if _is_listed(goal) else "")
        return f"]({os.path.relpath(to, Path(place).parent)}{hash_}{anchor})"

    text = re.sub(r"^<!--.*?-->\s*", "", text)  # a title that is not at the top would be none to the site
    text = re.sub(r"\[(English|中文)\]\(\S+?\)( · )?", "", text)  # the menu has these links
    text = re.sub(r"^```math$(.*?)^```$", r"$$\1$$", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$`(.+?)`\$", r"$\1$", text)  # mathematics as GitHub and as the site's Markdown write it
    parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    parts[::2] = [re.sub(r"\]\((?!https?:|#)(\S+?)\)", moved, part) for part in parts[::2]]
    return "".join(parts), files


def _beside(file: str) -> str:
    """Where on the site a file of the project is that is no page."""
    return file.removeprefix("docs/") if file.startswith("docs/images/") else f"files/{file}"


def _small_picture(row: re.Match[str]) -> str:
    """In the list of the losses, at the start of a row; the name of the loss beside it says what it is."""
    return f"| ![](../{gallery.picture(row[1])}) "


def _is_listed(file: str) -> bool:
    return file.endswith(listings.SHOWN)


def _with_sliders(text: str, moved: Sliders, t: Language) -> str:
    """The page with its two pictures as a program draws them; without JavaScript the printed ones are seen."""
    heading = t("## Two pictures")
    words = (
        t("Move the options of this loss. The dashed curves are those of its default options.")
        if moved.options
        else t("None of its options changes these two pictures.")
    )
    root = "../" * (2 if t.suffix else 1)
    lines = [
        f'<div class="explore" hidden><p>{words}</p></div>',
        f'<script src="{root}web/data/{moved.spec.name}.js"></script>',
        f'<script src="{root}web/explore.js"></script>',
    ]
    head, separator, tail = text.partition(f"\n{heading}\n")
    if not separator:
        raise SystemExit(f"{moved.spec.name}: the page has no heading {heading!r}")
    return "".join([head, separator, "\n", "\n".join(lines), "\n", tail])


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _copy(file: Path, goal: Path) -> None:
    goal.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, goal)
