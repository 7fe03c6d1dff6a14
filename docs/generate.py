"""Write the documents that are made from the registry and the docstrings, or say where they have drifted.

python docs/generate.py             write them; draw the pictures whose numbers have changed
python docs/generate.py --redraw    draw all pictures
python docs/generate.py --check     write nothing; fail if a text or a picture has drifted
"""

from __future__ import annotations

import sys
from pathlib import Path

from builder import pictures
from builder.advice import chooser, differences, ranking
from builder.coming_from import NAME, coming_from
from builder.index import index, readme
from builder.known import Known
from builder.language import CHINESE, DOCS, ENGLISH, Language, Translations, page
from builder.loss_page import loss_page

from paddleseg_losses import registry

ROOT = DOCS.parent


def documents(translations: Translations) -> dict[Path, str]:
    """Every generated document with its text."""
    found: dict[Path, str] = {}
    for language in (ENGLISH, CHINESE):
        found.update(_documents(language, translations))
    return found


def _documents(language: Language, translations: Translations) -> dict[Path, str]:
    losses = [Known(spec, language, translations) for spec in registry.specs()]
    ranks, numbers, suffix = ranking(), pictures.stored(), f"{language.suffix}.md"
    found = {
        ROOT / f"README{suffix}": readme(language, losses),
        DOCS / "losses" / f"README{suffix}": index(language, losses),
        DOCS / f"choose{suffix}": chooser(language),
        DOCS / f"differences{suffix}": differences(language),
        DOCS / f"{NAME}{suffix}": coming_from(language),
    }
    for loss in losses:
        related = {symptom: [n for n in ranks[symptom] if n != loss.name] for symptom in loss.spec.suits}
        text = loss_page(loss, losses, numbers[loss.name], related)
        found[DOCS / "losses" / page(loss.name, language)] = text
    return found


def main(arguments: list[str]) -> int:
    """Refresh or compare; the number of problems."""
    now = pictures.measured()
    problems = pictures.drifted(now) if "--check" in arguments else []
    if "--check" not in arguments:
        for name in pictures.refresh(now, everything="--redraw" in arguments):
            print(f"pictures of {name} drawn")
    translations = Translations()
    texts = documents(translations)
    problems += translations.problems + translations.unused()
    for path in sorted({*texts, *(DOCS / "losses").glob("*.md")}):
        name, old = path.relative_to(ROOT), path.read_text(encoding="utf-8") if path.exists() else None
        if texts.get(path) == old:
            continue
        if "--check" in arguments:
            problems.append(f"{name} has drifted: run `make docs`")
        elif path in texts:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts[path], encoding="utf-8")
            print(f"{name} written")
        else:
            path.unlink()
            print(f"{name} removed: no such loss any more")
    for problem in problems:
        print(problem)
    return len(problems)


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
