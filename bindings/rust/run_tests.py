"""The tests of the Rust crate. Ends with 77 (CTest: skipped) where there is no cargo, it is too old, or the SDK cannot be had.

    STATOR_LIBRARY=…/libstator.so python3 run_tests.py TARGET
"""
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
OLDEST = (1, 88)
CANNOT = ("failed to download", "failed to get", "Could not resolve", "requires rustc", "is not supported by this compiler", "feature `edition")


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


if shutil.which("cargo") is None:
    skip("there is no cargo on the PATH (packages.txt, group clients)")
version = subprocess.run(["cargo", "--version"], capture_output=True, text=True, check=True).stdout
if tuple(map(int, re.search(r"(\d+)\.(\d+)", version).groups())) < OLDEST:
    skip("%s is older than %d.%d, which the SDK takes" % (version.strip(), *OLDEST))
lib = os.path.dirname(os.path.abspath(os.environ["STATOR_LIBRARY"]))
# cargo writes Cargo.lock beside the sources.
project = os.path.join(sys.argv[1], "project")
shutil.copytree(HERE, project, dirs_exist_ok=True)
environment = {**os.environ, "STATOR_LIB_DIR": lib, "LD_LIBRARY_PATH": lib, "CARGO_TARGET_DIR": os.path.join(sys.argv[1], "target")}
ran = subprocess.run(["cargo", "test", "--quiet"], cwd=project, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
print(ran.stdout)
if ran.returncode != 0 and any(mark in ran.stdout for mark in CANNOT):
    skip("the AWS SDK for Rust cannot be built here")
sys.exit(ran.returncode)
