"""Builds the wheel around an existing libstator.so, installs it into a new virtual environment, and runs the tests there,
with nothing in the environment that would help it to find the library. Exits with 77 (CTest: skipped) if pip has no network.

    python3 check_wheel.py LIBSTATOR
"""
import os
import re
import sys
import tempfile

from checks import run

PACKAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "python")
TESTS = os.path.join(PACKAGE, "tests")


with tempfile.TemporaryDirectory() as folder:
    run(os.path.join(PACKAGE, "build_wheel"), folder, sys.argv[1])
    wheels = os.listdir(folder)
    if len(wheels) != 1 or not re.fullmatch(r"stator-[\d.]+-py3-none-manylinux_2_36_\w+\.whl", wheels[0]):
        raise SystemExit("not one wheel for every Python 3 and every Linux of that C library: %s" % wheels)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("STATOR_", "PYTHON"))}
    venv = os.path.join(folder, "venv")
    run(sys.executable, "-m", "venv", venv)
    run(os.path.join(venv, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", os.path.join(folder, wheels[0]), "-r",
        os.path.join(TESTS, "requirements.txt"), env=environment)
    mapped = run(os.path.join(venv, "bin", "python"), "-c", "import stator; print(open('/proc/self/maps').read())", cwd=folder,
                 env=environment)
    loaded = {line.split()[-1] for line in mapped.splitlines() if "rocksdb" in line or "libstator" in line or "simdjson" in line}
    if not loaded or any(not path.startswith(os.path.realpath(venv)) for path in loaded):
        raise SystemExit("the libraries are not the wheel's own: %s" % sorted(loaded))
    licences = set(os.listdir(os.path.join(os.path.dirname(next(path for path in loaded if "libstator" in path)), "licenses")))
    if not {"stator.txt", "librocksdb7.8.txt", "libmd0.txt", "libxxhash0.txt"} <= licences:
        raise SystemExit("licences are missing: there are %s" % sorted(licences))
    # Here the plugin is found by its entry point.
    print(run(os.path.join(venv, "bin", "pytest"), "-q", "-p", "no:cacheprovider", TESTS, cwd=folder, env=environment))
