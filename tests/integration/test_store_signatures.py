"""Nobody writes to a bucket without a valid signature, on every S3 server that we start."""

import datetime
import http.client
import io
import tarfile
import urllib.parse

import pytest
from driver.services import Services

UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
KEY = "bronze/date=2026-02-15/hour=17/forged.json"
BODY = b'{"forged":true}\n'


def archive() -> bytes:
    """A tar that an unpacking upload would write KEY from."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        member = tarfile.TarInfo(KEY)
        member.size = len(BODY)
        tar.addfile(member, io.BytesIO(BODY))
    return file.getvalue()


def in_chunks(body: bytes) -> bytes:
    return f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"


class Forger:
    """Knows the access key, the bucket and the region, as anyone does who has seen one signed link, and no secret."""

    def __init__(self, address: str, bucket: str, access_key: str):
        self.host, self.bucket = address.removeprefix("http://"), bucket
        now = datetime.datetime.now(datetime.UTC)
        self.time, self.scope = now.strftime("%Y%m%dT%H%M%SZ"), f"{now:%Y%m%d}/us-east-1/s3/aws4_request"
        self.credential = f"{access_key}/{self.scope}"

    def authorization(self, signed: str) -> dict[str, str]:
        text = f"AWS4-HMAC-SHA256 Credential={self.credential}, SignedHeaders={signed}, Signature={'0' * 64}"
        return {"Authorization": text, "X-Amz-Date": self.time}

    def query(self) -> str:
        return urllib.parse.urlencode(
            {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": self.credential,
                "X-Amz-Date": self.time,
                "X-Amz-Expires": "900",
                "X-Amz-SignedHeaders": "host",
                "X-Amz-Signature": "0" * 64,
            }
        )

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> int:
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.request(method, path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


UNPACK = {"X-Amz-Meta-Snowball-Auto-Extract": "true"}
SIGNED_HEADERS = "host;x-amz-content-sha256;x-amz-date"


@pytest.fixture(params=["minio", "versitygw"])
def forger(request, binary, deps, tmp_path):
    """A bucket with one object, and who wants to write to it."""
    services = Services(binary, deps, tmp_path / "services", s3_server=request.param)
    services.up()
    made = Forger(services.s3_endpoint, "spotify", services.credentials["AWS_ACCESS_KEY_ID"])
    made.s3 = services.s3
    made.s3.put(made.bucket, "bronze/real.json", BODY, {}, "application/json")
    made.before = made.s3.list(made.bucket)
    yield made
    services.down()


def forgeries(forger: Forger):
    """(what it is, method, path, headers, body)"""
    path, root = f"/{forger.bucket}/{KEY}", f"/{forger.bucket}/any.tar"
    by_header = forger.authorization(SIGNED_HEADERS)
    for unpacks in (False, True):
        place, more = (root, UNPACK) if unpacks else (path, {})
        body = archive() if unpacks else BODY
        for payload in ("UNSIGNED-PAYLOAD", UNSIGNED, SIGNED, f"{SIGNED}-TRAILER", "0" * 64):
            headers = more | {"X-Amz-Content-Sha256": payload, "X-Amz-Decoded-Content-Length": str(len(body))}
            # A handler that forgets the signature may forget to take chunks apart, too.
            for sent in (body, in_chunks(body)):
                what = f"{payload}, unpacks {unpacks}, chunks {sent is not body}"
                yield f"{what}: by header", "PUT", place, headers | by_header, sent
                yield f"{what}: by query", "PUT", f"{place}?{forger.query()}", headers, sent
                yield f"{what}: without a name", "PUT", place, headers, sent
    for payload in (UNSIGNED, "UNSIGNED-PAYLOAD"):
        headers = {"X-Amz-Content-Sha256": payload, "X-Amz-Decoded-Content-Length": str(len(BODY))}
        part = f"{path}?partNumber=1&uploadId=0"
        yield f"{payload} of a part", "PUT", part, headers | by_header, in_chunks(BODY)
        yield f"{payload} of a part by query", "PUT", f"{part}&{forger.query()}", headers, in_chunks(BODY)
    yield "signature of version 2", "PUT", path, {"Authorization": f"AWS {forger.credential.split('/')[0]}:AAAA"}, BODY
    yield "a form", "POST", f"/{forger.bucket}", {"Content-Type": "multipart/form-data; boundary=b"}, b"--b--\r\n"
    yield "a removal", "DELETE", path, {"X-Amz-Content-Sha256": UNSIGNED} | by_header, b""


def test_no_forged_write_is_taken(forger):
    taken = []
    for what, method, path, headers, body in forgeries(forger):
        status = forger.send(method, path, headers, body)
        if not 400 <= status < 500:
            taken.append(f"{what}: {status}")
    assert taken == []
    assert forger.s3.list(forger.bucket) == forger.before


def test_the_same_writes_with_a_valid_signature_are_taken(forger):
    """So that the refusals above are those of signatures."""
    forger.s3.put(forger.bucket, KEY, BODY, {"kind": "line"}, "application/json")
    assert set(forger.s3.list(forger.bucket)) == set(forger.before) | {KEY}
