"""The tests of the Go package, on an installed copy of the library: as its users build. Ends with 77 (CTest: skipped) where there is no
Go, or the SDK cannot be had.

    python3 run_tests.py BUILD
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
NO_NETWORK = ("dial tcp", "no such host", "requires go >=", "missing go.sum entry")


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


if shutil.which("go") is None:
    skip("there is no go on the PATH (packages.txt, group clients)")
with tempfile.TemporaryDirectory() as folder:
    prefix = os.path.join(folder, "prefix")
    for component in ("library", "development"):
        subprocess.run(["cmake", "--install", sys.argv[1], "--prefix", prefix, "--component", component], check=True,
                       stdout=subprocess.DEVNULL)
    lib = next(path for path, _, names in os.walk(prefix) if "libstator.so" in names)
    environment = {**os.environ, "PKG_CONFIG_PATH": os.path.join(lib, "pkgconfig"), "LD_LIBRARY_PATH": lib, "CGO_ENABLED": "1",
                   "GOFLAGS": "-mod=mod"}
    # Go writes go.sum beside the sources.
    sources = os.path.join(folder, "go")
    shutil.copytree(HERE, sources)
    for module in (sources, os.path.join(sources, "sdktest")):
        ran = subprocess.run(["go", "test", "-count=1", "./..."], cwd=module, env=environment, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        print(ran.stdout)
        if ran.returncode != 0:
            for mark in NO_NETWORK:
                if mark in ran.stdout:
                    skip("the AWS SDK for Go cannot be had here")
            sys.exit(ran.returncode)
