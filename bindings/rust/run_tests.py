"""Runs the tests of the Rust crate. Exits with 77 (CTest: skipped) if there is no cargo, if it is too old, or if the SDK
cannot be downloaded.

    STATOR_LIBRARY=…/libstator.so python3 run_tests.py TARGET
"""
import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from checks import NO_NETWORK, need, run, skip  # noqa: E402

OLDEST = (1, 88)
CANNOT = (*NO_NETWORK, "requires rustc", "is not supported by this compiler", "feature `edition")

need("cargo")
version = run("cargo", "--version")
if tuple(map(int, re.search(r"(\d+)\.(\d+)", version).groups())) < OLDEST:
    skip("%s is older than %d.%d, which the SDK takes" % (version.strip(), *OLDEST))
lib = os.path.dirname(os.path.abspath(os.environ["STATOR_LIBRARY"]))
# A copy, as cargo writes Cargo.lock beside the sources.
project = os.path.join(sys.argv[1], "project")
shutil.copytree(HERE, project, dirs_exist_ok=True)
environment = {**os.environ, "STATOR_LIB_DIR": lib, "LD_LIBRARY_PATH": lib, "CARGO_TARGET_DIR": os.path.join(sys.argv[1], "target")}
print(run("cargo", "test", "--quiet", cwd=project, env=environment, skip_at=CANNOT))
