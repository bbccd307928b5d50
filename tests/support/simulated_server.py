"""A server whose simulator rules a test changes while it runs (docs/simulate.md): to delay requests that must be
interrupted, or to count requests."""

import http.client
import json
import pathlib
import tempfile
import time
import urllib.parse

from stator_server import StatorServer


class SimulatedServer(StatorServer):
    """Usage: `with SimulatedServer(["--in-memory"]) as server: server.simulate([{"when": …, "then": …}]) …`."""

    def __init__(self, arguments, **more):
        self.rules = tempfile.TemporaryDirectory()
        file = pathlib.Path(self.rules.name) / "rules.json"
        file.write_text('{"rules": []}')
        super().__init__([*arguments, "--simulate", str(file)], **more)

    def simulate(self, rules=()):
        """Sets the rules; without any, nothing is simulated. Counts restart at 0."""
        self._ask("POST", {"rules": list(rules)})

    def requests(self, rule=0):
        """The number of requests that the rule has matched since it was set."""
        return self._ask("GET")["rules"][rule]["requests"]

    def wait_for_requests(self, count, process=None, patience_s=120):
        """Waits until that many requests have come, while the process runs."""
        end = time.monotonic() + patience_s
        while self.requests() < count:
            if process is not None and process.poll() is not None:
                raise AssertionError("it ended before, with status %d" % process.returncode)
            if time.monotonic() > end:
                raise AssertionError("the requests do not come")
            time.sleep(0.005)

    def _ask(self, method, body=None):
        parts = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        try:
            connection.request(method, "/_stator/simulate", None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read()
            if reply.status != 200:
                raise AssertionError(text)
            return json.loads(text)
        finally:
            connection.close()

    def __exit__(self, *how):
        super().__exit__(*how)
        self.rules.cleanup()
