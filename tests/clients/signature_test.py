"""Tests signatures of botocore against a server with --credentials: valid ones are accepted, in the header and presigned; a thousand
requests that are changed in one place each, by seed, are refused and never executed. Also tests what each key may do, and that no
secret reaches the log."""

import hashlib
import http.client
import json
import os
import random
import stat
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

import boto3
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from stator_server import StatorServer  # noqa: E402

SEED = int(os.environ.get("STATOR_SEED", "8"))
MUTATIONS = 1000
MAIN = Credentials("AKIDMAIN", "main/S3CRET+key0123456789")
TEMPORARY = Credentials("ASIATEMP", "temp/S3CRET+key0123456789", "temp/T0KEN+0123456789==")
READER = Credentials("AKIDREAD", "read/S3CRET+key0123456789")
TEAM = Credentials("AKIDTEAM", "team/S3CRET+key0123456789")
FILE = f"""
# The keys of this test.
[main]
aws_access_key_id = {MAIN.access_key}
aws_secret_access_key = {MAIN.secret_key}

[temporary]
aws_access_key_id = {TEMPORARY.access_key}
aws_secret_access_key = {TEMPORARY.secret_key}
aws_session_token = {TEMPORARY.token}

[reader]
aws_access_key_id = {READER.access_key}
aws_secret_access_key = {READER.secret_key}
stator_access = read-only

[team]
aws_access_key_id = {TEAM.access_key}
aws_secret_access_key = {TEAM.secret_key}
stator_tables = team-*, shared
"""
SECRETS = [part for credentials in (MAIN, TEMPORARY, READER, TEAM)
           for part in (credentials.secret_key, credentials.token) if part]
REFUSALS = {"InvalidSignatureException", "IncompleteSignatureException", "UnrecognizedClientException",
            "MissingAuthenticationTokenException", "UnknownOperationException", "SerializationException"}
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class PresignWithBody(SigV4QueryAuth):
    """botocore's presigner moves a body into the query, which only older services accept; this one keeps the body."""

    def __init__(self, credentials, body):
        super().__init__(credentials, "dynamodb", "us-east-1", expires=300)
        self.body = body

    def payload(self, request):
        return hashlib.sha256(self.body).hexdigest()


class Request:
    """A request as it is sent: method, target, fields in order, body."""

    def __init__(self, method, target, fields, body):
        self.method, self.target, self.fields, self.body = method, target, list(fields), body

    def copy(self):
        return Request(self.method, self.target, self.fields, self.body)

    def index(self, name):
        return next(i for i, (field, _) in enumerate(self.fields) if field.lower() == name.lower())

    def send(self, address):
        connection = http.client.HTTPConnection(*address, timeout=30)
        try:
            connection.putrequest(self.method, self.target, skip_host=True, skip_accept_encoding=True)
            for name, value in self.fields:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(self.body)))
            connection.endheaders(self.body)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()


def other_letter(rng, letter):
    return rng.choice([c for c in LETTERS if c != letter])


def change_one(rng, text, kept=""):
    """`text` with one character replaced by another letter or digit; characters in `kept` stay."""
    places = [i for i, c in enumerate(text) if c not in kept]
    at = rng.choice(places)
    return text[:at] + other_letter(rng, text[at]) + text[at + 1:]


class SignatureTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.file = os.path.join(cls.folder.name, "credentials")
        with open(cls.file, "w", encoding="utf-8") as out:
            out.write(FILE)
        os.chmod(cls.file, stat.S_IRUSR | stat.S_IWUSR)
        cls.server = StatorServer(["--in-memory", "--credentials", cls.file, "--log-requests",
                                   "--log-level", "trace"]).__enter__()
        cls.addClassCleanup(cls.stop)
        cls.address = (cls.server.url.split("//")[1].split(":")[0], int(cls.server.url.rsplit(":", 1)[1]))
        cls.main = cls.client(MAIN)
        for name in ("team-a", "shared", "other"):
            cls.main.create_table(TableName=name, AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                                  KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")

    @classmethod
    def stop(cls):
        cls.server.__exit__(None, None, None)
        cls.folder.cleanup()
        log = "".join(cls.server.lines)
        assert "PutItem" in log
        for secret in SECRETS:
            assert secret not in log, "a secret stands in the log"

    @classmethod
    def client(cls, credentials, **more):
        return boto3.client("dynamodb", endpoint_url=cls.server.url, region_name="us-east-1",
                            aws_access_key_id=credentials.access_key, aws_secret_access_key=credentials.secret_key,
                            aws_session_token=credentials.token, config=Config(retries={"max_attempts": 1}), **more)

    def signed(self, operation, body, credentials=MAIN, presigned=False):
        data = json.dumps(body).encode()
        headers = {"X-Amz-Target": "DynamoDB_20120810." + operation, "Content-Type": "application/x-amz-json-1.0"}
        request = AWSRequest("POST", self.server.url + "/", headers=headers, data=b"" if presigned else data)
        if presigned:
            PresignWithBody(credentials, data).add_auth(request)
        else:
            SigV4Auth(credentials, "dynamodb", "us-east-1").add_auth(request)
        url = urllib.parse.urlsplit(request.url)
        fields = [("Host", url.netloc), ("User-Agent", "test")] + list(request.headers.items())
        return Request("POST", url.path + ("?" + url.query if url.query else ""), fields, data)

    def put(self, key, **options):
        return self.signed("PutItem", {"TableName": "shared", "Item": {"pk": {"S": key}, "filler": {"S": "x" * 40}}}, **options)

    def count(self):
        return self.main.scan(TableName="shared", Select="COUNT", ConsistentRead=True)["Count"]

    def forget(self):
        for item in self.main.scan(TableName="shared")["Items"]:
            self.main.delete_item(TableName="shared", Key={"pk": item["pk"]})

    def test_genuine_signatures_are_accepted(self):
        for credentials in (MAIN, TEMPORARY, TEAM):
            for presigned in (False, True):
                with self.subTest(credentials.access_key, presigned=presigned):
                    status, body = self.put("a", credentials=credentials, presigned=presigned).send(self.address)
                    self.assertEqual((status, body), (200, b"{}"))
        self.forget()

    # The ways to change a request. Each changes it in place.
    def mutations(self, presigned):
        def in_body(rng, r):
            at = rng.randrange(len(r.body))
            r.body = r.body[:at] + bytes([(r.body[at] + rng.randrange(1, 256)) % 256]) + r.body[at + 1:]

        def body_cut_or_longer(rng, r):
            r.body = r.body[:rng.randrange(len(r.body))] if rng.random() < 0.5 else r.body + b" "

        def signed_value(rng, r):
            names = ["host", "content-type", "x-amz-target"] + ([] if presigned else ["x-amz-date"])
            at = r.index(rng.choice(names))
            # Keep the blanks. The content type is checked before the signature, so the status may also be 404.
            r.fields[at] = (r.fields[at][0], change_one(rng, r.fields[at][1], " "))

        def target_operation(rng, r):
            other = rng.choice(["GetItem", "DeleteItem", "UpdateItem", "Scan", "DeleteTable", "ListTables"])
            r.fields[r.index("x-amz-target")] = ("X-Amz-Target", "DynamoDB_20120810." + other)

        def path(rng, r):
            r.target = "/" + rng.choice(LETTERS) + r.target[1:]

        def query(rng, r):
            added = rng.choice(LETTERS) + "=" + rng.choice(LETTERS)
            r.target += ("&" if "?" in r.target else "?") + added

        def method(rng, r):
            # GET and HEAD are health checks, which need no signature.
            r.method = rng.choice(["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "POSTS"])

        def removed(rng, r):
            names = ["host", "content-type", "x-amz-target"] + ([] if presigned else ["x-amz-date", "authorization"])
            del r.fields[r.index(rng.choice(names))]

        def doubled(rng, r):
            names = ["host", "content-type", "x-amz-target"] + ([] if presigned else ["x-amz-date", "authorization"])
            r.fields.insert(rng.randrange(len(r.fields) + 1), r.fields[r.index(rng.choice(names))])

        def added_amz(rng, r):
            r.fields.append(("X-Amz-" + rng.choice(["Meta", "Content-Sha256", "Security-Token", "Acl"]), "x"))

        def authorization(change):
            def apply(rng, r):
                at = r.index("authorization")
                r.fields[at] = ("Authorization", change(rng, r.fields[at][1]))
            return apply

        def part(name, change):
            """Changes the text after `name=` in the header."""
            def apply(rng, text):
                begin = text.index(name + "=") + len(name) + 1
                end = text.find(",", begin) if "," in text[begin:] else len(text)
                return text[:begin] + change(rng, text[begin:end]) + text[end:]
            return authorization(apply)

        def parameter(name, change):
            def apply(rng, r):
                begin = r.target.index(name + "=") + len(name) + 1
                end = r.target.find("&", begin) if "&" in r.target[begin:] else len(r.target)
                value = change(rng, urllib.parse.unquote(r.target[begin:end]))
                r.target = r.target[:begin] + urllib.parse.quote(value, safe="-_.~") + r.target[end:]
            return apply

        def parameter_removed(rng, r):
            path, _, text = r.target.partition("?")
            pairs = text.split("&")
            del pairs[rng.randrange(len(pairs))]
            r.target = path + "?" + "&".join(pairs)

        def parameter_doubled(rng, r):
            r.target += "&" + rng.choice(r.target.partition("?")[2].split("&"))

        def scope(rng, text):
            parts = text.split("/")
            at = rng.randrange(len(parts))
            parts[at] = change_one(rng, parts[at])
            return "/".join(parts)

        def names(rng, text):
            listed = text.split(";")
            what = rng.randrange(4)
            if what == 0:
                del listed[rng.randrange(len(listed))]
            elif what == 1:
                listed.insert(rng.randrange(len(listed) + 1), rng.choice(listed + ["user-agent", "accept"]))
            elif what == 2:
                listed.reverse()
            else:
                at = rng.randrange(len(listed))
                listed[at] = listed[at].upper()
            return ";".join(listed)

        def digit(rng, text):
            return change_one(rng, text)

        def shortened(rng, text):
            return text[:-rng.randrange(1, len(text))]

        def date(rng, text):
            at = rng.choice([i for i, c in enumerate(text) if c.isdigit()])
            return text[:at] + rng.choice([c for c in "0123456789" if c != text[at]]) + text[at + 1:]

        common = [in_body, in_body, in_body, body_cut_or_longer, signed_value, signed_value, target_operation, path, query,
                  method, removed, doubled, added_amz]
        if presigned:
            return common + [parameter("X-Amz-Signature", digit), parameter("X-Amz-Signature", shortened),
                             parameter("X-Amz-Credential", scope), parameter("X-Amz-Credential", scope),
                             parameter("X-Amz-SignedHeaders", names), parameter("X-Amz-Date", date),
                             parameter("X-Amz-Expires", date), parameter("X-Amz-Algorithm", digit),
                             parameter_removed, parameter_doubled]
        return common + [part("Signature", digit), part("Signature", shortened), part("Credential", scope),
                         part("Credential", scope), part("SignedHeaders", names),
                         authorization(lambda rng, text: change_one(rng, text[:16]) + text[16:])]

    def test_a_thousand_mutations_are_refused(self):
        self.forget()
        rng = random.Random(SEED)
        kinds = {presigned: self.mutations(presigned) for presigned in (False, True)}
        answers = {}
        for number in range(MUTATIONS):
            presigned = number % 2 == 1
            genuine = self.put(f"mutation {number}", credentials=TEMPORARY if number % 4 > 1 else MAIN, presigned=presigned)
            mutation = kinds[presigned][number // 2 % len(kinds[presigned])]
            changed = genuine.copy()
            mutation(rng, changed)
            status, body = changed.send(self.address)
            said = f"seed {SEED}, mutation {number} ({mutation.__qualname__}): {status} {body!r}"
            self.assertTrue(400 <= status < 500, said)
            kind = "no such path"
            if status == 400 and body:
                kind = json.loads(body)["__type"].rsplit("#")[1]
                self.assertIn(kind, REFUSALS, said)
            for secret in SECRETS:
                self.assertNotIn(secret.encode(), body)
            answers[kind] = answers.get(kind, 0) + 1
            if number % 100 == 0:
                self.assertEqual(self.count(), 0, said)
        self.assertEqual(self.count(), 0)
        self.assertEqual(sum(answers.values()), MUTATIONS, answers)
        self.assertGreater(answers["InvalidSignatureException"], MUTATIONS / 2)
        # The unchanged requests are valid.
        for number in range(4):
            status, body = self.put(f"genuine {number}", presigned=number % 2 == 1).send(self.address)
            self.assertEqual((status, body), (200, b"{}"))
        self.forget()

    def test_what_is_not_signed_may_change(self):
        def blanks(r):
            at = r.index("content-type")
            r.fields[at] = (r.fields[at][0], "  application/x-amz-json-1.0\t ")

        def agent(r):
            r.fields[r.index("user-agent")] = ("User-Agent", "another")

        def more(r):
            r.fields += [("Accept", "*/*"), ("X-Forwarded-For", "192.0.2.1"), ("X-Amz-User-Agent", "x")]

        def names(r):
            r.fields = [(name.upper() if name.lower() != "authorization" else name, value) for name, value in r.fields]

        def order(r):
            r.fields.reverse()

        for presigned in (False, True):
            for change in (blanks, agent, more, names, order):
                with self.subTest(change.__name__, presigned=presigned):
                    request = self.put("b", presigned=presigned)
                    change(request)
                    self.assertEqual(request.send(self.address), (200, b"{}"))
        self.forget()

    def test_refusals_are_what_sdks_expect(self):
        rows = [
            (Credentials("AKIDNOBODY", "x"), "UnrecognizedClientException", "The security token included in the request is invalid."),
            (Credentials(MAIN.access_key, "x"), "InvalidSignatureException",
             "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
             "and signing method. Consult the service documentation for details."),
            (Credentials(TEMPORARY.access_key, TEMPORARY.secret_key), "UnrecognizedClientException",
             "The security token included in the request is invalid"),
        ]
        for credentials, code, message in rows:
            with self.subTest(code), self.assertRaises(ClientError) as raised:
                self.client(credentials).list_tables()
            self.assertEqual(raised.exception.response["Error"], {"Code": code, "Message": message})

    def refused(self, call):
        with self.assertRaises(ClientError) as raised:
            call()
        self.assertEqual(raised.exception.response["Error"]["Code"], "AccessDeniedException")
        return raised.exception.response["Error"]["Message"]

    def test_a_read_only_key_reads(self):
        reader = self.client(READER)
        self.main.put_item(TableName="other", Item={"pk": {"S": "a"}})
        self.assertEqual(reader.get_item(TableName="other", Key={"pk": {"S": "a"}})["Item"], {"pk": {"S": "a"}})
        self.assertEqual(reader.list_tables()["TableNames"], ["other", "shared", "team-a"])
        message = self.refused(lambda: reader.put_item(TableName="other", Item={"pk": {"S": "b"}}))
        self.assertEqual(message, "User: arn:aws:iam::000000000000:user/reader is not authorized to perform: dynamodb:PutItem "
                         "on resource: arn:aws:dynamodb:us-east-1:000000000000:table/other because no identity-based policy "
                         "allows the dynamodb:PutItem action")
        self.refused(lambda: reader.delete_table(TableName="other"))
        self.refused(lambda: reader.batch_write_item(RequestItems={"other": [{"DeleteRequest": {"Key": {"pk": {"S": "a"}}}}]}))
        self.refused(lambda: reader.transact_write_items(
            TransactItems=[{"Delete": {"TableName": "other", "Key": {"pk": {"S": "a"}}}}]))
        self.assertEqual(self.main.scan(TableName="other")["Count"], 1)

    def test_a_key_for_some_tables_sees_no_other(self):
        team = self.client(TEAM)
        team.put_item(TableName="team-a", Item={"pk": {"S": "a"}})
        self.assertEqual(team.scan(TableName="team-a")["Count"], 1)
        self.refused(lambda: team.scan(TableName="other"))
        self.refused(lambda: team.batch_get_item(RequestItems={"team-a": {"Keys": [{"pk": {"S": "a"}}]},
                                                               "other": {"Keys": [{"pk": {"S": "a"}}]}}))
        self.refused(lambda: team.list_tables())
        self.refused(lambda: team.describe_table(TableName="no-such-table"))

    def test_fails_at_start_with_one_line_that_has_no_secret(self):
        bad = os.path.join(self.folder.name, "bad")
        with open(bad, "w", encoding="utf-8") as out:
            out.write(FILE + "\n[again]\n" + SECRETS[0] + "\n")
        os.chmod(bad, stat.S_IRUSR | stat.S_IWUSR)
        for source in (bad, self.folder.name, "/no/such:file/" + SECRETS[0], ":" + SECRETS[0], "KEY:", ""):
            ran = subprocess.run([os.environ["STATOR_BIN"], "serve", "--in-memory", "--port", "0", "--credentials", source],
                                 capture_output=True, text=True, timeout=30)
            self.assertNotEqual(ran.returncode, 0, source)
            self.assertEqual(ran.stdout, "")
            self.assertEqual(len(ran.stderr.splitlines()), 1, ran.stderr)
            self.assertNotIn(SECRETS[0], ran.stderr)

    def test_warns_of_a_file_that_others_may_read(self):
        shared = os.path.join(self.folder.name, "open")
        with open(shared, "w", encoding="utf-8") as out:
            out.write(FILE)
        os.chmod(shared, 0o644)
        with StatorServer(["--in-memory", "--credentials", shared]) as server:
            pass
        self.assertIn("others may read the credentials", "".join(server.lines))

    def test_keys_of_the_environment_and_of_the_command_line(self):
        for source, variables in (("env", {"AWS_ACCESS_KEY_ID": MAIN.access_key, "AWS_SECRET_ACCESS_KEY": MAIN.secret_key}),
                                  (f"{MAIN.access_key}:{MAIN.secret_key}", {})):
            before = dict(os.environ)
            os.environ.update(variables)
            try:
                with StatorServer(["--in-memory", "--credentials", source]) as server:
                    client = boto3.client("dynamodb", endpoint_url=server.url, region_name="eu-west-3",
                                          aws_access_key_id=MAIN.access_key, aws_secret_access_key=MAIN.secret_key)
                    self.assertEqual(client.list_tables()["TableNames"], [])
                    with self.assertRaises(ClientError):
                        self.client_of(server.url, "wrong").list_tables()
            finally:
                os.environ.clear()
                os.environ.update(before)

    @staticmethod
    def client_of(url, secret):
        return boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id=MAIN.access_key,
                            aws_secret_access_key=secret, config=Config(retries={"max_attempts": 1}))


if __name__ == "__main__":
    unittest.main()
