"""The tests of the npm package, each kind with its own runner: node --test, Vitest and Jest. Ends with 77 (CTest: skipped) where npm's
packages are not installed (./dev test does that).

    STATOR_NODE=…/stator.node python3 run.py
"""
import os
import subprocess
import sys

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

if not os.path.exists(os.path.join(FOLDER, "node_modules", ".package-lock.json")):
    print("skipped: the npm packages of bindings/node are not installed (npm install)")
    sys.exit(77)
# Jest and Vitest look for a network nowhere, but their reports of usage would.
environment = {**os.environ, "CI": "1", "NO_COLOR": "1"}
for command in (["node", "--test", "tests/database.test.mjs", "tests/sdk.test.mjs", "tests/hooks.test.mjs"],
                ["node_modules/.bin/vitest", "run", "--root", "tests/vitest", "--reporter", "verbose"],
                ["node_modules/.bin/jest", "--rootDir", "tests/jest", "--ci"]):
    ran = subprocess.run(command, cwd=FOLDER, env=environment)
    if ran.returncode != 0:
        sys.exit(ran.returncode)
