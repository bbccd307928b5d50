"""Tests `stator serve` with TLS: given and generated certificates, what clients need to trust them, errors at the start,
plain HTTP, old protocols, large requests and replies, many connections, and that OpenSSL is not loaded without TLS."""

import hashlib
import json
import os
import re
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import unittest

import boto3
import botocore.exceptions
from botocore.config import Config

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from stator_server import StatorServer  # noqa: E402

FINGERPRINT = re.compile(r"TLS certificate SHA-256 ([0-9A-F:]{95})")
SIGNED = ("Authorization: AWS4-HMAC-SHA256 Credential=a/20230101/us-east-1/dynamodb/aws4_request, "
          "SignedHeaders=host;x-amz-date, Signature=0\r\nX-Amz-Date: 20230101T000000Z\r\n")


def request(operation, body):
    return (f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
            f"X-Amz-Target: DynamoDB_20120810.{operation}\r\n{SIGNED}Content-Length: {len(body)}\r\n\r\n{body}").encode()


def read_reply(connection):
    stream = connection.makefile("rb")
    status = int(stream.readline().split()[1])
    length = 0
    while (line := stream.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, stream.read(length)


class TlsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.data = os.path.join(self.folder.name, "data")
        self.certificate = os.path.join(self.data, "tls", "cert.pem")

    def serve(self, *arguments):
        server = StatorServer(list(arguments)).__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        return server

    def self_signed(self):
        return self.serve("--data", self.data, "--tls-self-signed")

    def fingerprint(self, server):
        server.stop()
        server.reader.join(timeout=5)
        return FINGERPRINT.search("".join(server.lines)).group(1)

    def connect(self, server, name="localhost", context=None):
        context = context or ssl.create_default_context(cafile=self.certificate)
        port = int(server.url.rsplit(":", 1)[1])
        return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=30), server_hostname=name)

    def client(self, server, **more):
        return boto3.client("dynamodb", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id="local",
                            aws_secret_access_key="local", config=Config(retries={"max_attempts": 1}), **more)

    def test_a_certificate_of_its_own_is_kept_and_trusted_by_name_and_address(self):
        server = self.self_signed()
        self.assertTrue(server.url.startswith("https://127.0.0.1:"))
        for name in ("localhost", "127.0.0.1"):
            with self.connect(server, name) as connection:
                digest = hashlib.sha256(connection.getpeercert(binary_form=True)).hexdigest().upper()
                connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertEqual(read_reply(connection)[0], 200)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.connect(server, "example.com")
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.connect(server, context=ssl.create_default_context())
        for path, mode in (("tls", 0o700), ("tls/key.pem", 0o600), ("tls/cert.pem", 0o600)):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.data, path)).st_mode), mode, path)
        first = self.fingerprint(server)
        self.assertEqual(first.replace(":", ""), digest)
        self.assertEqual(self.fingerprint(self.self_signed()), first)
        # A certificate that is missing or does not match the key is generated again.
        os.remove(self.certificate)
        self.assertNotEqual(self.fingerprint(self.self_signed()), first)

    def test_in_memory_too(self):
        one, two = (self.fingerprint(self.serve("--in-memory", "--tls-self-signed")) for _ in range(2))
        self.assertNotEqual(one, two)

    def test_boto3_verifies_it(self):
        server = self.self_signed()
        client = self.client(server, verify=self.certificate)
        client.create_table(TableName="things", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
        for number in range(20):
            client.put_item(TableName="things", Item={"pk": {"S": str(number)}, "v": {"S": "x" * 300_000}})
        # Pages of a megabyte arrive complete.
        pages = list(client.get_paginator("scan").paginate(TableName="things"))
        self.assertEqual(sum(page["Count"] for page in pages), 20)
        self.assertGreater(len(pages), 4)
        with self.assertRaises(botocore.exceptions.SSLError):
            self.client(server).list_tables()

    def test_curl_verifies_it(self):
        if shutil.which("curl") is None:
            self.skipTest("there is no curl")
        server = self.self_signed()
        ran = subprocess.run(["curl", "-sS", "--cacert", self.certificate, server.url], capture_output=True, text=True, timeout=60)
        self.assertEqual((ran.returncode, ran.stdout), (0, "healthy: dynamodb.us-east-1.amazonaws.com "), ran.stderr)

    def test_files_that_are_given(self):
        self.fingerprint(self.self_signed())
        key = os.path.join(self.data, "tls", "key.pem")
        with self.connect(self.serve("--in-memory", "--tls-cert", self.certificate, "--tls-key", key)) as connection:
            connection.sendall(request("ListTables", "{}"))
            self.assertEqual(read_reply(connection), (200, b'{"TableNames":[]}'))
        other = os.path.join(self.folder.name, "other")
        self.fingerprint(self.serve("--data", other, "--tls-self-signed"))
        other_key = os.path.join(other, "tls", "key.pem")
        nowhere = os.path.join(self.folder.name, "nowhere.pem")
        rows = [(["--tls-cert", self.certificate, "--tls-key", other_key], "it is not the certificate's|key values mismatch"),
                (["--tls-cert", nowhere, "--tls-key", key], "cannot use the certificate .*: No such file or directory$"),
                (["--tls-cert", self.certificate, "--tls-key", nowhere], "cannot use the key .*: No such file or directory$"),
                (["--tls-cert", key, "--tls-key", key], r"cannot use the certificate .*: there is none in it \(PEM is needed\)$"),
                (["--tls-cert", self.certificate, "--tls-key", self.certificate], r"cannot use the key .*: there is none in it"),
                (["--tls-cert", self.certificate], "--tls-key"),
                (["--tls-key", key], "--tls-cert"),
                (["--tls-cert", self.certificate, "--tls-key", key, "--tls-self-signed"], "--tls-")]
        for arguments, expected in rows:
            with self.subTest(arguments):
                ran = subprocess.run([os.environ["STATOR_BIN"], "serve", "--in-memory", "--port", "0", *arguments],
                                     capture_output=True, text=True, timeout=60)
                self.assertNotEqual(ran.returncode, 0)
                self.assertRegex(ran.stderr, expected)
                self.assertEqual(len(ran.stderr.splitlines()), 1, ran.stderr)
                self.assertNotIn("PRIVATE", ran.stderr)

    def test_files_that_are_renewed_are_shown_to_new_connections(self):
        folders = [os.path.join(self.folder.name, name) for name in ("one", "two")]
        for folder in folders:
            self.fingerprint(self.serve("--data", folder, "--tls-self-signed"))
        certificate, key = (os.path.join(folders[0], "tls", name) for name in ("cert.pem", "key.pem"))
        server = self.serve("--in-memory", "--tls-cert", certificate, "--tls-key", key)
        old, new = (ssl.create_default_context(cafile=os.path.join(folder, "tls", "cert.pem")) for folder in folders)
        # The context has read its file already, so replacing the file does not affect it.
        with self.connect(server, context=old) as connection:
            for name in ("cert.pem", "key.pem"):
                os.replace(os.path.join(folders[1], "tls", name), os.path.join(folders[0], "tls", name))
            deadline = time.monotonic() + 60
            while True:
                try:
                    with self.connect(server, context=new) as renewed:
                        renewed.sendall(request("ListTables", "{}"))
                        self.assertEqual(read_reply(renewed)[0], 200)
                    break
                except ssl.SSLCertVerificationError:
                    self.assertLess(time.monotonic(), deadline, "the new certificate is not shown")
                    time.sleep(0.5)
            connection.sendall(request("ListTables", "{}"))
            self.assertEqual(read_reply(connection)[0], 200)

    def test_plain_http_is_told_to_use_https(self):
        server = self.self_signed()
        with socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=30) as connection:
            connection.sendall(request("ListTables", "{}"))
            self.assertEqual(read_reply(connection), (400, b"This port speaks TLS: use https:// instead of http://\n"))
            self.assertEqual(connection.recv(1), b"")

    def test_nothing_older_than_tls_1_2(self):
        server = self.self_signed()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=self.certificate)
            context.minimum_version = context.maximum_version = version
            with self.connect(server, context=context) as connection:
                self.assertEqual(connection.version(), version.name.replace("_", "."))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises(ssl.SSLError):
            self.connect(server, context=context)

    def test_pipelined_and_split_requests(self):
        server = self.self_signed()
        with self.connect(server) as connection:
            connection.sendall(request("ListTables", "{}") * 50)
            stream = connection.makefile("rb")
            for _ in range(50):
                self.assertEqual(stream.readline(), b"HTTP/1.1 200 OK\r\n")
                while stream.readline() != b"\r\n":
                    pass
                self.assertEqual(stream.read(17), b'{"TableNames":[]}')
            for byte in request("ListTables", "{}"):
                connection.send(bytes([byte]))
            self.assertEqual(read_reply(connection), (200, b'{"TableNames":[]}'))
            # Just below the largest allowed body; it is not JSON, but the server reads all of it.
            connection.sendall(request("PutItem", "x" * (16 * 1024 * 1024 - 1)))
            status, body = read_reply(connection)
            self.assertEqual((status, json.loads(body)["__type"]), (400, "com.amazon.coral.service#SerializationException"))

    def test_a_refusal_is_read_before_the_connection_ends(self):
        server = self.self_signed()
        with self.connect(server) as connection:
            head = request("PutItem", "").replace(b"Content-Length: 0", b"Content-Length: 20000000")
            connection.sendall(head + b"x" * 1_000_000)
            self.assertEqual(read_reply(connection)[0], 413)
            self.assertEqual(connection.recv(100), b"")

    def test_many_connections_and_ones_that_break_off(self):
        server = self.self_signed()
        port = int(server.url.rsplit(":", 1)[1])
        connections = [self.connect(server) for _ in range(50)]
        for number in range(50):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as broken:
                broken.sendall(b"\x16\x03\x01\x02\x00\x01\x00" + bytes([number]) * number)
        for connection in connections:
            connection.sendall(request("ListTables", "{}"))
        for connection in connections:
            self.assertEqual(read_reply(connection), (200, b'{"TableNames":[]}'))
            connection.close()

    def test_without_tls_no_part_of_it_is_loaded(self):
        plain = self.serve("--in-memory")
        with open(f"/proc/{plain.process.pid}/maps", encoding="utf-8") as maps:
            self.assertNotRegex(maps.read(), "libssl|libcrypto")
        secure = self.serve("--in-memory", "--tls-self-signed")
        with open(f"/proc/{secure.process.pid}/maps", encoding="utf-8") as maps:
            self.assertIn("libssl", maps.read())


if __name__ == "__main__":
    unittest.main()
