// An empty extension module: it lets pip build and ship the C functions beside it, which ctypes calls.
#define Py_LIMITED_API 0x03090000
#include <Python.h>

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_native", "Plain C functions; see the loader.", 0, nullptr, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&definition); }
