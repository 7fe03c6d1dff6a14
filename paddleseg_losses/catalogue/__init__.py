"""What `list` and `show` say, without Paddle: one file for each language, which `make docs` writes from the classes."""

from __future__ import annotations

import difflib
import json
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import UnknownLossError
from ..i18n import ENGLISH, _, language, languages, listed, speaking
from ..registry import PREFIX, unknown_loss

FOLDER = Path(__file__).parent
Loss = dict[str, Any]


@cache
def _read(code: str) -> dict[str, Any]:
    path = FOLDER / f"{code}.json"
    content: dict[str, Any] = json.loads((path if path.is_file() else FOLDER / f"{ENGLISH}.json").read_bytes())
    return content


def losses(family: str | None = None, mode: str | None = None, symptom: str | None = None) -> list[Loss]:
    """The losses in the article's order, or those for a symptom in the order of the chooser, with its `reason`."""
    content = _read(language())
    known: dict[str, Loss] = {loss["name"]: loss for loss in content["losses"]}
    if symptom is not None:
        known = {name: {**known[name], "reason": why} for name, why in content["symptoms"][symptom]["losses"].items()}
    return [loss for loss in known.values() if family in (None, loss["family"]) and (not mode or mode in loss["modes"])]


def loss(name: str) -> Loss:
    """One of them by its name, dotted or not, or an error that says what is near."""
    known = {each["name"]: each for each in losses()}
    bare = str(name).removeprefix(PREFIX)
    if bare not in known:
        raise unknown_loss(name, known)
    return known[bare]


def symptoms() -> dict[str, dict[str, Any]]:
    """Each with its `title`, its `losses` and the `words` by which it is found."""
    content: dict[str, dict[str, Any]] = _read(language())["symptoms"]
    return content


def symptom(text: str) -> str:
    """The key of a symptom: by its key, its title or a word for what is to be segmented, in any language."""
    titles, words = _known()
    wanted = text.strip().lower()
    key = titles.get(wanted) or words.get(wanted) or next((titles[name] for name in titles if wanted in name), None)
    key = key or _by_its_words(wanted, words)
    if key is None:
        near = difflib.get_close_matches(wanted, [*titles, *words], n=5, cutoff=0.75)
        raise UnknownLossError(
            _("There is no symptom {name!r}.", name=text),
            _("a symptom, or a word such as {names}", names=listed(near))
            if near
            else _("a symptom, or what you segment, such as crack, vessel, lesion, road, cell"),
            _("did you mean {near}?", near=near[0]) if near else "`paddleseg-losses list --for ?`",
        )
    return key


def _by_its_words(wanted: str, words: dict[str, str]) -> str | None:
    """Retinal vessels are vessels, and a tumour of the liver (肝脏肿瘤) is a tumour: the last word tells."""
    text = f" {wanted.replace('-', ' ')} "
    ends = {text.rfind(each) + len(each): word for word in words for each in _forms(word) if each in text}
    return words[ends[max(ends)]] if ends else None


def _forms(word: str) -> list[str]:
    """In a text; Chinese has no blanks between words, and no plural."""
    return [f" {word} ", f" {word}s "] if word.isascii() else [word]


def _known() -> tuple[dict[str, str], dict[str, str]]:
    """Keys by titles and by words, in every language."""
    titles: dict[str, str] = {}
    words: dict[str, str] = {}
    for code in languages():
        with speaking(code):
            for key, facts in symptoms().items():
                titles.update({key: key, str(facts["title"]).lower(): key})
                words.update(dict.fromkeys(facts["words"], key))
    return titles, words
