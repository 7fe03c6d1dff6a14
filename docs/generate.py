"""Write the documents that are made from the registry and the docstrings, or say where they have drifted.

The catalogues of translations are brought up to date first: what they lack is reported.

python docs/generate.py             write them; draw the pictures whose numbers have changed
python docs/generate.py --redraw    draw all pictures
python docs/generate.py --check     write nothing; fail if a text or a picture has drifted
"""

from __future__ import annotations

import sys
from pathlib import Path

from builder import pictures, translations
from builder.advice import chooser, differences, misfits, ranking
from builder.index import index, readme
from builder.known import Known
from builder.language import DOCS, LANGUAGES, Language, page
from builder.loss_page import loss_page

from paddleseg_losses import registry

ROOT = DOCS.parent
STUB = ROOT / "paddleseg_losses" / "losses" / "__init__.pyi"


def documents() -> dict[Path, str]:
    """Every generated document with its text."""
    found: dict[Path, str] = {}
    for language in LANGUAGES:
        found.update(_documents(language))
    return found


def _documents(language: Language) -> dict[Path, str]:
    losses = [Known(spec, language) for spec in registry.specs()]
    ranks, numbers, suffix = ranking(), pictures.stored(), f"{language.suffix}.md"
    found = {
        ROOT / f"README{suffix}": readme(language, losses),
        DOCS / "losses" / f"README{suffix}": index(language, losses),
        DOCS / f"choose{suffix}": chooser(language),
        DOCS / f"differences{suffix}": differences(language),
    }
    for loss in losses:
        related = {symptom: [n for n in ranks[symptom] if n != loss.name] for symptom in loss.spec.suits}
        text = loss_page(loss, losses, numbers[loss.name], related)
        found[DOCS / "losses" / page(loss.name, language)] = text
    return found


def main(arguments: list[str]) -> int:
    """Refresh or compare; the number of problems."""
    problems = translations.problems() if "--check" in arguments else translations.update()
    now = pictures.measured()
    problems += pictures.drifted(now) if "--check" in arguments else []
    if "--check" not in arguments:
        for name in pictures.refresh(now, everything="--redraw" in arguments):
            print(f"pictures of {name} drawn")
    texts = documents()
    problems += misfits()
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
