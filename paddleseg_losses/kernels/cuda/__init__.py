"""Kernels for CUDA, beside those for the CPU.

`source` holds CUDA C++ without headers, `ptx` the text that NVRTC has made of it (`compile.py`), which the driver
compiles for its card when it is loaded: neither a toolkit nor a compiler is needed. `launcher` and what it imports know
nothing of Paddle, so that a script can launch the same kernels on tensors of another library; `device` is where Paddle
comes in.
"""
