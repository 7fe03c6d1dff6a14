"""KaTeX, which sets the formulas of the site: fetched once, checked, and then part of the site."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import tarfile
import urllib.request
from pathlib import Path

from .staging import ROOT

VERSION = "0.19.1"
# Of the archive, as npm prints it: `npm view katex@0.19.1 dist.integrity`.
SHA512 = "jG8uKntjSEcm2EpQOh0XturpPuuC9r3Sq5HLHdsFdWZT27E672SF19QEi+of0/YeOy15lDgRhKvr5614uRrEfA=="
ARCHIVE = ROOT / "build" / f"katex-{VERSION}.tgz"
REGISTRY = os.environ.get("NPM_CONFIG_REGISTRY", "https://registry.npmjs.org").rstrip("/")
URL = f"{REGISTRY}/katex/-/katex-{VERSION}.tgz"
NEEDED = re.compile(r"package/(?:dist/(katex\.min\.(?:css|js)|fonts/[\w-]+\.woff2)|(LICENSE))")


def write(folder: Path) -> None:
    """Put into a folder what a page needs: a script, a style sheet, its fonts, and its licence."""
    with tarfile.open(fileobj=io.BytesIO(archive())) as files:
        for member in files.getmembers():
            content = files.extractfile(member)
            if content and (match := NEEDED.fullmatch(member.name)):
                to = folder / (match[1] or match[2])
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(content.read())


def archive() -> bytes:
    """The package as npm has it, from the disk if it was fetched before; OSError without a network."""
    fetched = ARCHIVE.exists()
    content = ARCHIVE.read_bytes() if fetched else _fetched()
    if base64.b64encode(hashlib.sha512(content).digest()).decode() != SHA512:
        raise SystemExit(f"KaTeX {VERSION} from {ARCHIVE if fetched else 'npm'} is not the file that npm describes.")
    if not fetched:
        ARCHIVE.parent.mkdir(exist_ok=True)
        ARCHIVE.write_bytes(content)
    return content


def _fetched() -> bytes:
    with urllib.request.urlopen(URL, timeout=60) as answer:
        return bytes(answer.read())
