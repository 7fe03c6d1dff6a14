"""The two pages written by hand in both languages, whose names, links and numbers are checked and filled in here."""

from __future__ import annotations

import re
from typing import Any

from paddleseg_losses.i18n import CLAUSES
from paddleseg_losses.registry import SYMPTOMS, names

from .evidence import cited
from .language import Language, links_to, pick, read, read_all
from .markup import filled, generated, link

CHOOSER, DIFFERENCES = "choose", "differences"  # the folders of the texts, and the pages


def _symptoms() -> dict[str, Any]:
    """The advice on each symptom, in the order of the files."""
    return {symptom: advice for part in read_all(CHOOSER) for symptom, advice in part.items()}


def ranking() -> dict[str, list[str]]:
    """For each symptom the losses that suit it, best first."""
    losses = {symptom: list(advice["losses"]) for symptom, advice in _symptoms().items()}
    if list(losses) != list(SYMPTOMS):
        raise SystemExit(f"docs/{CHOOSER}: the symptoms are {list(losses)}, those of the registry {list(SYMPTOMS)}")
    return losses


def reason(symptom: str, name: str, code: str) -> str:
    """Why a loss helps against a symptom, as plain text in one language."""
    texts = _symptoms()[symptom]["losses"][name]
    texts = _symptoms()[symptom]["losses"][name]
    return re.sub(r"\[\[(\w+)\]\]", r"\1", texts.get(code, texts["en"]).strip())


def misfits() -> list[str]:
    """Where the chooser and `suits` in the registry disagree."""
    return [
        f"docs/{CHOOSER}: {symptom} " + (f"lacks {name}, which `suits` it" if name in suited else f"lists {name}")
        for symptom, listed in ranking().items()
        for suited in [names(symptom=symptom)]
        for name in sorted(set(listed) ^ set(suited))
    ]


def chooser(language: Language) -> str:
    """The page that leads from a symptom to losses."""
    t, text, symptoms = language, read(f"{CHOOSER}/page.yml"), _symptoms()
    parts = [generated(CHOOSER), f"# {pick(text['title'], t)}", _links("choose", t), filled(text["intro"], t)]
    parts.append("\n".join(f"* [{t.of(words)}](#{symptom})" for symptom, words in SYMPTOMS.items()))
    for symptom, losses in ranking().items():
        advice = symptoms[symptom]
        parts.append(f'<a id="{symptom}"></a>\n\n## {_heading(t.of(SYMPTOMS[symptom]))}')
        parts.append(filled(advice["text"], t))
        parts.append(
            "\n".join(
                f"{number}. {t('{name}: {text}', name=link(name, t), text=filled(advice['losses'][name], t))}"
                for number, name in enumerate(losses, 1)
            )
        )
        parts.append(cited(symptom, losses, t, advice.get("sums", ())))
        parts.append(t("**Combine and avoid**: {text}", text=filled(advice["mind"], t)))
    return "\n\n".join(parts) + "\n"


def differences(language: Language) -> str:
    """The page about formulas that are wrong elsewhere."""
    t, text = language, read(f"{DIFFERENCES}/page.yml")
    parts = [
        generated(DIFFERENCES),
        f"# {pick(text['title'], t)}",
        _links("differences", t),
        filled(text["intro"], t),
    ]
    for chapter in read_all(DIFFERENCES):
        parts.append(f"## {pick(chapter['title'], t)}")
        for entry in chapter["entries"]:
            parts.append(f'<a id="{entry["id"]}"></a>\n\n### {pick(entry["title"], t)}')
            parts.append(filled(entry["text"], t, entry.get("numbers", {})))
            parts.append(_tested(entry, chapter["tests"], t))
    parts += _articles(t)
    return "\n\n".join(part for part in parts if part) + "\n"


def _tested(entry: dict[str, Any], file: str, t: Language) -> str:
    """The losses that an entry is about, and the test that reproduces it."""
    losses = t.join(link(name, t) for name in entry.get("losses", []))
    if "test" not in entry:
        return f"→ {losses}" if losses else ""
    test = f"[`{entry['test']}`](../tests/differences/{file})"
    if not losses:
        return t("→ checked by {test}", test=test)
    return t("→ {losses}; checked by {test}", losses=losses, test=test)


def _articles(t: Language) -> list[str]:
    """The same slips in the order of the articles that print them, with links to the entries."""
    text = read(f"{DIFFERENCES}/articles.yml")
    titles = {entry["id"]: pick(entry["title"], t) for entry in _entries()}
    parts = [f"## {pick(text['title'], t)}", pick(text["intro"], t)]
    for article in text["articles"]:
        parts.append(f"### {pick(article['title'], t)}")
        lines = []
        for slip in article["slips"]:
            links = t.join((f"[{titles[place]}](#{place})" for place in slip.get("entries", [])), CLAUSES)
            lines.append(f"* {pick(slip, t)}" + (f" → {links}" if links else ""))
        parts.append("\n".join(lines))
    return parts


def about(name: str, language: Language) -> list[tuple[str, str]]:
    """Anchor and title of the entries about differences that mention a loss."""
    return [(entry["id"], pick(entry["title"], language)) for entry in _entries() if name in entry["losses"]]


def numbered() -> dict[str, dict[str, Any]]:
    """The numbers of the entries about differences by the name of the test that reproduces them."""
    return {entry["test"]: entry.get("numbers", {}) for entry in _entries() if "test" in entry}


def _entries() -> list[dict[str, Any]]:
    return [entry for chapter in read_all(DIFFERENCES) for entry in chapter["entries"]]


def _links(name: str, t: Language) -> str:
    return " · ".join(
        [
            *links_to(t, name),
            f"[{t('All losses')}](losses/README{t.suffix}.md)",
            f"[{t('the project')}](../README{t.suffix}.md)",
        ]
    )


def _heading(words: str) -> str:
    return words[:1].upper() + words[1:]
