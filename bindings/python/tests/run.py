"""Runs the tests of the Python package, from the sources beside it, in the virtual environment VENV. Exits with 77 (CTest:
skipped) if that is missing (./dev test creates it).

    STATOR_LIBRARY=…/libstator.so python3 run.py VENV
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PYTEST = os.path.join(sys.argv[1], "bin", "pytest")

if not os.path.exists(PYTEST):
    print("skipped: there is no %s (./dev test makes it)" % PYTEST)
    sys.exit(77)
environment = {**os.environ, "PYTHONPATH": os.path.join(HERE, "..", "src"), "PYTHONDONTWRITEBYTECODE": "1"}
os.execve(PYTEST, [PYTEST, "-q", "-p", "stator.pytest_plugin", "-p", "no:cacheprovider", HERE], environment)
