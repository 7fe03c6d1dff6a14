"""Build the documentation as a site in two languages into build/site; any broken link is an error.

python docs/build_site.py

It can be read from the disk (open build/site/index.html) or served by anything that serves files.
"""

from __future__ import annotations

import subprocess
import sys

from builder import links, sliders, staging

BUILD = staging.ROOT / "build"


def main() -> int:
    """Stage the pages, compute what the sliders show, build, and look at every link; the number of problems."""
    pages, config = BUILD / "pages", BUILD / "mkdocs.yml"
    staging.stage(pages)
    for name in sliders.write(pages / "en" / "web" / "data", BUILD / "sliders"):
        print(f"sliders of {name} computed")
    config.write_text(staging.configuration(BUILD), encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--config-file", str(config)]
    if subprocess.run(command, cwd=staging.ROOT).returncode:
        return 1
    problems = links.broken(BUILD / "site")
    for problem in problems:
        print(f"leads nowhere: {problem}")
    print(f"{len(list((BUILD / 'site').rglob('*.html')))} pages: {BUILD / 'site' / 'index.html'}")
    return len(problems)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
