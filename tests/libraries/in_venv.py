"""in_venv.py VENV TEST: runs a test with the Python of that virtual environment. Ends with 77 (CTest: skipped) if it does
not exist."""

import os
import sys

python = os.path.join(sys.argv[1], "bin", "python")
if not os.path.exists(python):
    print("skipped: there is no %s (./dev test makes it)" % python)
    sys.exit(77)
os.execv(python, [python, *sys.argv[2:]])
