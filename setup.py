"""The native kernels; everything else is in pyproject.toml.

One plain C library for every Python from 3.9 on and every Paddle. Where there is no compiler it is left out, and the
losses are composed of Paddle's operators.
"""

import platform
import re
import sys
from pathlib import Path

from setuptools import Extension, setup

NATIVE = Path("paddleseg_losses/kernels/native")

FLAGS = (
    ["/O2", "/std:c++17"]
    if sys.platform == "win32"
    else ["-std=c++17", "-O3", "-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden", "-g0"]
)
if sys.platform == "linux" and platform.machine() == "x86_64":
    FLAGS.append("-mprefer-vector-width=512")


def description() -> str:
    """README.md as a package index shows it: a link into the repository leads nowhere there, so it becomes a path."""
    text = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    text = re.sub(r"!\[[^\]]*\]\((?!https?:)[^)]*\)\n*", "", text)
    return re.sub(r"\[([^\]]+)\]\((?!https?:|#)([^)#]+)[^)]*\)", r"\1 (`\2`)", text)


setup(
    long_description=description(),
    long_description_content_type="text/markdown",
    ext_modules=[
        Extension(
            "paddleseg_losses.kernels._native",
            sources=sorted(path.as_posix() for path in NATIVE.rglob("*.cpp")),
            depends=sorted(path.as_posix() for path in NATIVE.rglob("*.h*")),
            include_dirs=[NATIVE.as_posix()],
            extra_compile_args=FLAGS,
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp39"}},
)
