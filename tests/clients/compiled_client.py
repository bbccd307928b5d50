"""Builds clients of SDKs that must be compiled. What cannot be built here ends the test with 77 (CTest: skipped) and one line."""

import os
import shutil
import subprocess
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77


def skip(why):
    print("skipped: " + why)
    sys.exit(SKIPPED)


def need(tool):
    if shutil.which(tool) is None:
        skip(f"there is no {tool} on the PATH (packages.txt, group clients)")


def build(name, command, folder, **variables):
    """Runs a build; what it says of packages that cannot be had is a reason to skip, everything else a fault."""
    ran = subprocess.run(command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True)
    if ran.returncode == 0:
        return ran.stdout
    said = ran.stdout + ran.stderr
    for mark in ("dial tcp", "no such host", "Could not resolve", "failed to download", "failed to get", "Could not transfer",
                 "Unknown host", "requires go >=", "requires rustc", "is not supported by this compiler", "feature `edition"):
        if mark in said:
            skip(f"{name} cannot build its SDK here: " + next(line for line in said.splitlines() if mark in line).strip())
    raise SystemExit(said)


def build_go(source, target):
    """The command that runs it."""
    build("go", ["go", "build", "-mod=readonly", "-o", os.path.join(target, "client"), "."], os.path.join(FOLDER, source),
          GOFLAGS="", GOTOOLCHAIN="local")
    return [os.path.join(target, "client")]


def build_java(source, main_class, target):
    """The command that runs it, without options for the machine."""
    # Maven writes beside the sources, so it works on a copy.
    folder = os.path.join(target, "project")
    shutil.copytree(os.path.join(FOLDER, source), folder, dirs_exist_ok=True)
    build("mvn", ["mvn", "--batch-mode", "--quiet", "compile", "dependency:build-classpath",
                  "-Dmdep.outputFile=classpath.txt"], folder)
    with open(os.path.join(folder, "classpath.txt"), encoding="utf-8") as text:
        classes = os.path.join(folder, "target", "classes")
        return ["java", "-cp", classes + os.pathsep + text.read().strip(), main_class]
