"""From the pages of the repository to a site whose links all lead somewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from . import katex, links, search, sliders, staging


def build(folder: Path) -> list[str]:
    """Stage the pages in a folder with all that they show, make the site, look at its links; the problems."""
    pages, config, site = folder / "pages", folder / "mkdocs.yml", folder / "site"
    try:
        katex.archive()  # before all that takes minutes
    except OSError as error:
        return [f"KaTeX could not be fetched: {error}. Put {katex.URL} into {katex.ARCHIVE.parent}, or try again."]
    staging.stage(pages)
    sliders.write(pages / "en" / "web" / "data", folder / "sliders")
    katex.write(pages / "en" / "web" / "katex")
    config.write_text(staging.configuration(folder), encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--config-file", str(config)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}  # an announcement by the theme at every start
    if subprocess.run(command, cwd=staging.ROOT, env=quiet).returncode:
        return ["mkdocs has warned or failed, see above"]
    search.split(site, pages)
    return [f"leads nowhere: {link}" for link in links.broken(site)]
