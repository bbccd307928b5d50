"""Builds clients with SDKs that must be compiled. If a client cannot be built here, the test ends with 77 (CTest: skipped)
and one line."""

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
    """Runs a build. Skips the test if packages or tools are unavailable; any other failure ends the program."""
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
    """Builds the client; returns the command that runs it."""
    build("go", ["go", "build", "-mod=readonly", "-o", os.path.join(target, "client"), "."], os.path.join(FOLDER, source),
          GOFLAGS="", GOTOOLCHAIN="local")
    return [os.path.join(target, "client")]


def build_java(source, main_class, target):
    """Builds the client; returns the command that runs it, without options for the virtual machine."""
    # Maven writes beside the sources, so build a copy.
    folder = os.path.join(target, "project")
    shutil.copytree(os.path.join(FOLDER, source), folder, dirs_exist_ok=True)
    build("mvn", ["mvn", "--batch-mode", "--quiet", "compile", "dependency:build-classpath",
                  "-Dmdep.outputFile=classpath.txt"], folder)
    with open(os.path.join(folder, "classpath.txt"), encoding="utf-8") as text:
        classes = os.path.join(folder, "target", "classes")
        return ["java", "-cp", classes + os.pathsep + text.read().strip(), main_class]
