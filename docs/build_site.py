"""Build the documentation as a site in two languages into build/site; any broken link is an error.

python docs/build_site.py

It can be read from the disk (open build/site/index.html) or served by anything that serves files.
"""

from __future__ import annotations

import sys

from builder.staging import ROOT
from builder.website import build

if __name__ == "__main__":
    problems = build(ROOT / "build")
    print("\n".join(problems) or f"the site is in {ROOT / 'build' / 'site'}")
    sys.exit(1 if problems else 0)
