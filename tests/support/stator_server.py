"""Starts `stator serve`, or another command that serves, on a free port for a test and stops it again."""

import os
import re
import signal
import subprocess
import threading

URL = re.compile(r"https?://[\w.:\[\]-]+:\d+")


class StatorServer:
    """A server process. `url` is where it listens; `process` is its subprocess.Popen.

    Usage: `with StatorServer(["--in-memory"]) as server: …`. Leaving the block stops it cleanly and checks that it
    ended with status 0, unless `kill` was called.
    """

    def __init__(self, arguments, binary=None, start_timeout_s=60, command="serve"):
        self.binary = binary or os.environ["STATOR_BIN"]
        self.arguments = arguments
        self.command = command
        self.start_timeout_s = start_timeout_s
        self.killed = False
        self.lines = []

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.binary, self.command, "--port", "0", *self.arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.url = None
        started = threading.Event()

        def read():
            for line in self.process.stdout:
                self.lines.append(line)
                found = URL.search(line)
                if found and self.url is None:
                    self.url = found.group(0)
                    started.set()
            started.set()

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()
        started.wait(self.start_timeout_s)
        if self.url is None:
            self.process.kill()
            raise RuntimeError("stator " + self.command + " did not start: " + "".join(self.lines))
        return self

    def kill(self):
        """kill -9: the server flushes and prints nothing."""
        self.killed = True
        self.process.kill()
        self.process.wait()
        self._read_to_the_end()

    def stop(self):
        """Sends SIGTERM; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def _read_to_the_end(self):
        self.reader.join(timeout=5)
        self.process.stdout.close()

    def __exit__(self, kind, value, trace):
        if self.killed:
            return
        status = self.stop()
        self._read_to_the_end()
        if kind is None and status != 0:
            raise AssertionError("the server ended with status %d: %s" % (status, "".join(self.lines)))
