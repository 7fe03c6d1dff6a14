"""The pages as the site generator wants them: a folder for each language, and everything they link to beside them."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from paddleseg_losses.registry import FAMILIES, names

from .language import CHINESE, DOCS, ENGLISH, Language
from .notebook import markdown
from .sliders import Sliders, sliders

ROOT = DOCS.parent
WEB = DOCS / "web"
# The pages with a place of their own in the menu: the English file, its place on the site, its words in the menu.
PAGES = (
    ("README.md", "index.md", "Home", "首页"),
    ("docs/guide.md", "guide.md", "Guide", "使用指南"),
    ("docs/choose.md", "choose.md", "Choose", "按症状选择"),
    ("docs/losses/README.md", "losses/index.md", "Losses", "损失函数"),
    ("docs/paddleseg.md", "paddleseg.md", "PaddleSeg", "PaddleSeg 指南"),
    ("docs/web/api.md", "api.md", "API", "API"),
    ("docs/differences.md", "differences.md", "Differences", "公式差异"),
    ("docs/coming_from.md", "coming_from.md", "Coming from...", "从其他库迁移"),
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
    for language in (ENGLISH, CHINESE):
        for source in PLACES:
            path = ROOT / source.replace(".md", f"{language.suffix}.md")
            if path.exists() and not (source in NOTEBOOKS and language.chinese):  # else it is shown in both languages
                _stage_page(source, path, language, folder, moved.get(source))
    for file in WEB.iterdir():
        if file.suffix in (".css", ".js"):
            _copy(file, folder / "en" / "web" / file.name)


def _stage_page(source: str, path: Path, language: Language, folder: Path, moved: Sliders | None) -> None:
    root = folder / language("en", "zh")
    text, pictures = markdown(path) if source in NOTEBOOKS else (path.read_text(encoding="utf-8"), {})
    text, files = _linked(text, path, PLACES[source], ignoring=set(pictures))
    _put(root / PLACES[source], (_with_sliders(text, moved, language) if moved else text).encode())
    for name, content in pictures.items():
        _put(root / name, content)
    for file in files:
        _copy(ROOT / file, folder / "en" / _beside(file))


def menu() -> dict[str, Any]:
    """What the registry and the folders decide of the configuration: the menu, and its words in Chinese."""
    chapters = [{family: [{name: f"losses/{name}.md"} for name in names(family=family)]} for family in FAMILIES]
    places = {words: [place, *chapters] if words == "Losses" else place for _, place, words, _ in PAGES}
    alone = {*(place for _, place, *_ in PAGES), *NOTEBOOKS.values()}
    # The rest of the pages, under their own titles.
    places["More"] = [place for place in PLACES.values() if place not in alone and not place.startswith("losses/")]
    entries: list[Any] = [{words: place} for words, place in places.items()]
    if NOTEBOOKS:
        entries.insert(4, {"Notebook": list(NOTEBOOKS.values())})
    chinese = {english: other for *_, english, other in PAGES} | FAMILIES
    return {"nav": entries, "translations": {**chinese, "Notebook": "Notebook", "More": "其他"}}


def configuration(folder: Path) -> str:
    """A configuration that adds the menu to the project's `mkdocs.yml`, for `folder` as the place of all files."""
    base = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    found = menu()
    for plugin in base["plugins"]:
        if "i18n" in plugin:
            plugin["i18n"]["languages"][1]["nav_translations"] = found["translations"]
    places = {"docs_dir": str(folder / "pages"), "site_dir": str(folder / "site"), "nav": found["nav"]}
    return yaml.safe_dump({**base, **places}, allow_unicode=True, sort_keys=False)


def _linked(text: str, path: Path, place: str, ignoring: set[str]) -> tuple[str, set[str]]:
    """The text of a page with its links as they are on the site, and the files of the project that it links to."""
    files: set[str] = set()

    def moved(found: re.Match[str]) -> str:
        target, hash_, anchor = found[1].partition("#")
        if target in ignoring:
            return found[0]
        goal = os.path.relpath(path.parent / target, ROOT)
        page = goal.replace("_cn.md", ".md")
        if page not in PLACES:
            files.add(goal)
        to = PLACES.get(page) or _beside(goal)
        return f"]({os.path.relpath(to, Path(place).parent)}{hash_}{anchor})"

    text = re.sub(r"\[(English|中文)\]\(\S+?\)( · )?", "", text)  # the menu has these links
    text = re.sub(r"^```math$(.*?)^```$", r"$$\1$$", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$`(.+?)`\$", r"$\1$", text)  # mathematics as GitHub and as the site's Markdown write it
    parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    parts[::2] = [re.sub(r"\]\((?!https?:|#)(\S+?)\)", moved, part) for part in parts[::2]]
    return "".join(parts), files


def _beside(file: str) -> str:
    """Where on the site a file of the project is that is no page."""
    return file.removeprefix("docs/") if file.startswith("docs/images/") else f"files/{file}"


def _with_sliders(text: str, moved: Sliders, t: Language) -> str:
    """The page with its sliders before the table of options; without JavaScript they are not seen."""
    heading = t("\n## Options\n", "\n## 选项\n")
    words = t(
        "Move the options of this loss. The dashed curves are those of its default options.",
        "移动滑块，改变这个损失的选项。虚线是默认选项下的曲线。",
    )
    root = "../" * (2 if t.chinese else 1)
    lines = [
        f'<div class="explore" hidden><p>{words}</p></div>',
        f'<script src="{root}web/data/{moved.spec.name}.js"></script>',
        f'<script src="{root}web/explore.js"></script>',
    ]
    if not moved.options:
        lines = [t("None of its options changes these two pictures.", "它的选项都不会改变这两张图。")]
    head, found, tail = text.partition(heading)
    if not found:
        raise SystemExit(f"{moved.spec.name}: the page has no heading {heading.strip()!r}")
    return "".join([head, "\n", "\n".join(lines), "\n", found, tail])


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _copy(file: Path, goal: Path) -> None:
    goal.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, goal)
