"""What the checks of the packages share: they run the tools of each ecosystem, and exit with 77 (CTest: skipped) if a tool is
missing or has no network.
"""
import shutil
import subprocess
import sys

# What the tools print without a network.
NO_NETWORK = ("No matching distribution found", "Temporary failure in name resolution", "Max retries exceeded", "ensurepip is not available",
              "Could not resolve", "Could not transfer", "Unknown host", "failed to download", "failed to get", "dial tcp")


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            skip("there is no %s on the PATH (packages.txt, groups clients and package)" % tool)


def run(*command, skip_at=NO_NETWORK, **options):
    """Runs a tool to its end and returns its output. If it fails, skips the check if the output has one of the texts
    `skip_at`; else raises an error."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode == 0:
        return done.stdout
    for line in done.stdout.splitlines():
        if any(mark in line for mark in skip_at):
            skip(line)
    raise SystemExit("%s: status %d\n%s" % (" ".join(command), done.returncode, done.stdout))
