#!/usr/bin/env python3
"""Installs the peers that package registries have, and compares Stator with each in turn. See README.md."""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
KEPT = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "stator-peers"
REQUESTS_A_SEED = 100


class Skipped(Exception):
    """The reason why a peer is not available on this machine."""


@dataclasses.dataclass(frozen=True)
class Peer:
    """`install` puts the version into a folder, `command` starts it from there on a port. Both return arguments."""
    version: str
    needs: str  # the program that installs it
    install: object
    command: object
    oldest: tuple = ()  # the least version of that program


POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>peers</groupId>
<artifactId>peers</artifactId><version>1</version><packaging>pom</packaging><dependencies><dependency>
<groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>{}</version></dependency></dependencies></project>"""


def install_dynamodb_local(folder, version):
    (pathlib.Path(folder) / "pom.xml").write_text(POM.format(version))
    return [["mvn", "-q", "-B", "-f", folder + "/pom.xml", "dependency:copy-dependencies", "-DoutputDirectory=" + folder]]


PEERS = {
    "dynalite": Peer(
        "4.0.0", "npm",
        lambda folder, version: [["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error",
                                  "dynalite@" + version]],
        lambda folder, port: ["node", folder + "/node_modules/dynalite/cli.js", "--port", port, "--createTableMs", "0",
                              "--deleteTableMs", "0", "--updateTableMs", "0"]),
    "dynoxide": Peer(
        "3.2.0", "cargo",
        lambda folder, version: [["cargo", "install", "--quiet", "--locked", "--root", folder, "--version", version,
                                  "--no-default-features", "--features", "native-sqlite,http-server,cli", "dynoxide-rs"]],
        lambda folder, port: [folder + "/bin/dynoxide", "--host", "127.0.0.1", "--port", port],
        oldest=(1, 88)),
    "moto": Peer(
        "5.2.5", "python3",
        lambda folder, version: [["python3", "-m", "venv", folder],
                                 [folder + "/bin/pip", "install", "--quiet", "moto[dynamodb,server]==" + version]],
        lambda folder, port: [folder + "/bin/moto_server", "-H", "127.0.0.1", "-p", port]),
    "local": Peer(
        "2.6.1", "mvn", install_dynamodb_local,
        lambda folder, port: ["java", "-Djava." "library.path=" + folder, "-cp", folder + "/*",
                              "com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-inMemory",
                              "-disableTelemetry", "-port", port]),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peers", nargs="*", metavar="PEER", help="of %s (default: all)" % ", ".join(PEERS))
    parser.add_argument("--requests", type=int, default=10_000, help="how many for each peer (default 10000)")
    options = parser.parse_args()
    for name in options.peers:
        if name not in PEERS:
            parser.error("no such peer: %s (%s)" % (name, ", ".join(PEERS)))
    if options.requests < 1:
        parser.error("--requests wants at least 1")
    return options


def check_program(peer):
    if shutil.which(peer.needs) is None:
        raise Skipped("%s is missing" % peer.needs)
    if peer.oldest:
        told = subprocess.run([peer.needs, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
        found = tuple(map(int, re.search(r"(\d+)\.(\d+)", told).groups()))
        if found < peer.oldest:
            raise Skipped("%s %s or later is needed; here is %s" % (peer.needs, ".".join(map(str, peer.oldest)), told.strip()))


def installed(name, peer):
    """Returns the peer's folder, and installs the peer if necessary. A complete installation is marked with its version."""
    folder = KEPT / name
    mark = folder / "installed"
    if not mark.exists() or mark.read_text() != peer.version:
        check_program(peer)
        print("installing %s %s in %s" % (name, peer.version, folder), flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for step in peer.install(str(folder), peer.version):
            subprocess.run(step, check=True)
        mark.write_text(peer.version)
    return str(folder)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def wait_for_port(port, seconds=60):
    """Waits until something listens on the port."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", int(port)), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def compare(name, peer, requests):
    folder = installed(name, peer)
    port = free_port()
    seeds = -(-requests // REQUESTS_A_SEED)
    started = time.monotonic()
    status = subprocess.run([
        sys.executable, str(HERE / "differential.py"), "--peer", name, "--peer-url", "http://127.0.0.1:" + port,
        "--peer-command", " ".join(peer.command(folder, port)), "--seed", "1..%d" % seeds,
        "--count", str(min(requests, REQUESTS_A_SEED))], check=False).returncode
    print("%s %s: %s, %d s" % (name, peer.version, "every difference explained" if status == 0 else "NOT ALL EXPLAINED",
                               time.monotonic() - started), flush=True)
    return status


def main():
    options = arguments()
    failed = False
    for name in options.peers or PEERS:
        print("\n== %s" % name, flush=True)
        try:
            failed |= compare(name, PEERS[name], options.requests) != 0
        except Skipped as why:
            print("%s skipped: %s" % (name, why))
        except subprocess.CalledProcessError as why:
            print("%s could not be installed: %s" % (name, why))
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
