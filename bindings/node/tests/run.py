"""Runs the tests of the npm package, each kind with its runner: node --test, Vitest, Jest, and TypeScript's compiler for the
types. Exits with 77 (CTest: skipped) if the npm packages are not installed (./dev test installs them).

    STATOR_NODE=…/stator.node python3 run.py
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def check_types():
    """Compiles tests/types as each kind of project with the package in its node_modules would."""
    compiler = os.path.join(FOLDER, "node_modules", ".bin", "tsc")
    if not os.path.exists(compiler):
        print("not checked: the types (npm install)")
        return
    with tempfile.TemporaryDirectory() as project:
        modules = os.path.join(project, "node_modules")
        os.mkdir(modules)
        for name in os.listdir(os.path.join(FOLDER, "node_modules")):
            os.symlink(os.path.join(FOLDER, "node_modules", name), os.path.join(modules, name))
        os.symlink(FOLDER, os.path.join(modules, "stator"))
        shutil.copy(os.path.join(FOLDER, "tests", "types", "program.mts"), project)
        for module, resolution in (("nodenext", "nodenext"), ("esnext", "bundler"), ("commonjs", "node10")):
            options = {"module": module, "moduleResolution": resolution, "target": "es2022", "lib": ["es2022", "esnext.disposable"],
                       "strict": True, "noEmit": True, "esModuleInterop": True, "types": []}
            with open(os.path.join(project, "tsconfig.json"), "w", encoding="utf-8") as file:
                json.dump({"compilerOptions": options, "files": ["program.mts"]}, file)
            ran = subprocess.run([compiler, "--project", project])
            if ran.returncode != 0:
                raise SystemExit("the types, for %s with %s" % (module, resolution))


if not os.path.exists(os.path.join(FOLDER, "node_modules", ".package-lock.json")):
    print("skipped: the npm packages of bindings/node are not installed (npm install)")
    sys.exit(77)
# Jest and Vitest use no network, except to report usage.
environment = {**os.environ, "CI": "1", "NO_COLOR": "1"}
for command in (["node", "--test", "tests/database.test.mjs", "tests/sdk.test.mjs", "tests/hooks.test.mjs"],
                ["node_modules/.bin/vitest", "run", "--root", "tests/vitest", "--reporter", "verbose"],
                ["node_modules/.bin/jest", "--rootDir", "tests/jest", "--ci"]):
    ran = subprocess.run(command, cwd=FOLDER, env=environment)
    if ran.returncode != 0:
        sys.exit(ran.returncode)
check_types()
