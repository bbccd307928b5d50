#!/usr/bin/env python3
"""Runs generated DynamoDB requests on Stator and on a peer and compares the replies. See README.md."""

import argparse
import collections
import contextlib
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

import generator  # noqa: E402
import run  # noqa: E402
from endpoints import Endpoint  # noqa: E402
from explained import Explanations  # noqa: E402
from stator_server import StatorServer  # noqa: E402

PORTS = {"local": 8001, "dynalite": 4567, "dynoxide": 8002, "moto": 5005}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default="1", help="a number, or a range such as 1..20 (default 1)")
    parser.add_argument("--count", type=int, default=100, help="requests a seed (default 100)")
    parser.add_argument("--invalid", type=float, default=0.2, help="share of requests made invalid (default 0.2)")
    parser.add_argument("--peer", default="dynalite", choices=[*PORTS, "self"],
                        help="whom to compare with, and whose explanations hold; self starts a second Stator")
    parser.add_argument("--peer-url", help="where the peer listens (default: its port below on 127.0.0.1: %s)" % PORTS)
    parser.add_argument("--peer-command", help="starts the peer, and starts it anew when it has died of a request")
    parser.add_argument("--stator", help="URL of a running Stator (default: starts $STATOR_BIN)")
    parser.add_argument("--groups", type=int, default=30, help="unexplained groups to minimise and print (default 30)")
    parser.add_argument("--only", default="", help="only groups whose rule matches this regular expression")
    parser.add_argument("--no-minimise", action="store_true")
    parser.add_argument("--unused", action="store_true", help="name the explanations that nothing needed")
    return parser.parse_args()


def seeds(text):
    first, _, last = text.partition("..")
    return range(int(first), int(last or first) + 1)


def started(stack, url):
    if url is None:
        url = stack.enter_context(StatorServer(["--in-memory"])).url
    return Endpoint(url)


class Peer:
    """The process of a peer. `start` ends a running one, and waits until the new one listens."""

    def __init__(self, command, url, start_s=60):
        self.command = shlex.split(command)
        parts = urllib.parse.urlsplit(url)
        self.address = (parts.hostname, parts.port or 80)
        self.start_s = start_s
        self.process = None

    def start(self):
        self.stop()
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + self.start_s
        while True:
            try:
                socket.create_connection(self.address, timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("the peer does not listen on %s: %s" % (self.address, self.command)) from None
                time.sleep(0.05)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


def clipped(value, length=700):
    value = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value if len(value) <= length else value[:length] + "…"


def show(options, ours, theirs, count, difference):
    print("\n== %d × %s" % (count, " | ".join(difference.rule)))
    print("   ours:   %s %s" % (difference.ours["type"], clipped(difference.ours["message"])))
    print("   theirs: %s %s" % (difference.theirs["type"], clipped(difference.theirs["message"])))
    if difference.member[0] not in ("type", "message"):
        print("   %s: ours %s, theirs %s" % (difference.member[0], clipped(difference.member[1]), clipped(difference.member[2])))
    steps = [difference.step] if options.no_minimise else run.minimise(ours, theirs, difference)
    for step in steps:
        print("   %s %s%s" % (step["operation"], clipped(step["request"]), " (all pages)" if step.get("all") else ""))


def main():
    options = arguments()
    explanations = Explanations(options.peer)
    groups = {}
    outcomes = collections.Counter()
    requests = explained = 0
    with contextlib.ExitStack() as stack:
        ours = started(stack, options.stator)
        if options.peer == "self":
            theirs = started(stack, options.peer_url)
        else:
            url = options.peer_url or "http://127.0.0.1:%d" % PORTS[options.peer]
            theirs = Endpoint(url, stack.enter_context(Peer(options.peer_command, url)).start if options.peer_command else None)
        for seed in seeds(options.seed):
            steps = generator.sequence(seed, options.count, options.invalid)
            requests += len(steps)
            for difference in run.run(ours, theirs, steps, outcomes):
                if not re.search(options.only, " | ".join(difference.rule)):
                    continue
                if explanations.of(difference):
                    explained += 1
                else:
                    groups.setdefault(difference.rule, []).append(difference)
        ordered = sorted(groups.values(), key=len, reverse=True)
        for group in ordered[:options.groups]:
            show(options, ours, theirs, len(group), min(group, key=lambda one: len(one.steps)))
    if options.unused:
        for one in explanations.all:
            if not one["used"]:
                print("unused explanation: %s" % one["reason"])
    print("%d requests, %d explained differences, %d unexplained in %d groups; we carried out %d" % (
        requests, explained, sum(map(len, ordered)), len(ordered), outcomes["ok"]))
    if options.peer == "self" and outcomes["ok"] * 4 < requests:
        print("most requests were refused: that both refuse them shows little")
        return 1
    return 1 if ordered else 0


if __name__ == "__main__":
    sys.exit(main())
