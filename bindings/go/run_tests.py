"""Runs the tests of the Go package on an installed copy of the library, as its users build. Exits with 77 (CTest: skipped) if
there is no Go, or if the SDK cannot be downloaded.

    python3 run_tests.py BUILD
"""
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from checks import NO_NETWORK, need, run  # noqa: E402

CANNOT = (*NO_NETWORK, "requires go >=", "missing go.sum entry")

need("go")
with tempfile.TemporaryDirectory() as folder:
    prefix = os.path.join(folder, "prefix")
    for component in ("library", "development"):
        run("cmake", "--install", sys.argv[1], "--prefix", prefix, "--component", component)
    lib = next(path for path, _, names in os.walk(prefix) if "libstator.so" in names)
    environment = {**os.environ, "PKG_CONFIG_PATH": os.path.join(lib, "pkgconfig"), "LD_LIBRARY_PATH": lib, "CGO_ENABLED": "1",
                   "GOFLAGS": "-mod=mod"}
    # A copy, as Go writes go.sum beside the sources.
    sources = os.path.join(folder, "go")
    shutil.copytree(HERE, sources)
    for module in (sources, os.path.join(sources, "sdktest")):
        print(run("go", "test", "-count=1", "./...", cwd=module, env=environment, skip_at=CANNOT))
