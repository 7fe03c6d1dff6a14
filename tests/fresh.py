"""Programs in processes that have imported Paddle and computed nothing, forked from one that has: a start takes long.

They end as if they had been started on their own; nothing that the tests of this process did reaches them.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SERVER = """
    import gc, json, os, runpy, sys, warnings
    warnings.simplefilter("ignore")
    import paddleseg_losses, paddle
    gc.freeze()  # what was imported stays, and need not be looked at
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child:
            print(child, flush=True)
        else:
            os.environ.clear()
            os.environ.update(order["environment"])
            for number, name in ((0, os.devnull), (1, order["out"]), (2, order["err"])):
                os.dup2(os.open(name, os.O_RDWR), number)
            os.chdir(order["cwd"])
            sys.argv, sys.path[0] = order["argv"], os.path.dirname(order["argv"][0])
            runpy.run_path(order["argv"][0], run_name="__main__")
            sys.exit()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
_servers = []


def run(program, *arguments, cwd=None, timeout=300):
    """What `python program arguments` does: its exit code and what it wrote; a program is a path, or its text."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not isinstance(program, Path):
            (folder / "program.py").write_text(textwrap.dedent(program), encoding="utf-8")
            program = folder / "program.py"
        if not sys.platform.startswith("linux"):  # elsewhere forks of a process with threads may hang
            command = [sys.executable, str(program), *map(str, arguments)]
            options = {"capture_output": True, "text": True, "timeout": timeout}
            return subprocess.run(command, cwd=cwd or folder, env=_environment(), **options)
        out, err = folder / "out", folder / "err"
        for file in (out, err):
            file.touch()
        argv = [str(program), *map(str, arguments)]
        order = {"argv": argv, "cwd": str(cwd or folder), "out": str(out), "err": str(err)}
        code = _ordered({**order, "environment": _environment()}, timeout)
        return subprocess.CompletedProcess(argv, code, out.read_text(), err.read_text())


def _ordered(order, timeout):
    """The exit code of a program; one that takes too long is killed."""
    server = _server()
    try:
        server.stdin.write(json.dumps(order) + "\n")
        server.stdin.flush()
        timer = threading.Timer(timeout, os.kill, (int(server.stdout.readline()), signal.SIGKILL))
        timer.start()
        try:
            return int(server.stdout.readline())
        finally:
            timer.cancel()
    except BaseException:  # what it says next would be taken for the answer to another order
        _end()
        raise


def _server():
    if not _servers:
        command, both = [sys.executable, "-c", textwrap.dedent(SERVER)], subprocess.PIPE
        _servers.append(subprocess.Popen(command, stdin=both, stdout=both, text=True, env=_environment()))
        atexit.register(_end)
    return _servers[0]


def _end():
    """Nobody waits for it: forks of this process may keep its input open."""
    for server in _servers:
        server.kill()
        server.stdin.close()
        server.stdout.close()
        server.wait()
    _servers.clear()


def _environment():
    """With the packages of this tree, wherever a program runs."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}
