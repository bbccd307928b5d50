"""Tests a library that must be compiled against a server in memory: `compiled_test.py go|java`. Its program prints "ok".

Ends with 77 (CTest: skipped) and one line if the tool chain is missing, too old, or cannot fetch its packages."""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "clients")]
import compiled_client  # noqa: E402
from stator_server import StatorServer  # noqa: E402


def build_go(target):
    return compiled_client.build_go(os.path.join(HERE, "go"), target)


def build_java(target):
    return compiled_client.build_java(os.path.join(HERE, "java"), "stator.Enhanced", target)


if __name__ == "__main__":
    tool, builder = {"go": ("go", build_go), "java": ("mvn", build_java)}[sys.argv[1]]
    compiled_client.need(tool)
    with tempfile.TemporaryDirectory() as scratch:
        target = os.environ.get("STATOR_CLIENT_BUILD", scratch)
        os.makedirs(target, exist_ok=True)
        program = builder(target)
        with StatorServer(["--in-memory", "--transition-delay", "100"]) as server:
            ran = subprocess.run(program, capture_output=True, text=True, timeout=300, env={**os.environ, "STATOR_URL": server.url})
    print(ran.stdout + ran.stderr)
    sys.exit(0 if ran.returncode == 0 and ran.stdout.strip() == "ok" else 1)
