"""A small S3 client of its own, so that the lake is looked at by other code than the code under test."""

import datetime
import hashlib
import hmac
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@dataclass(frozen=True)
class Listed:
    """What must never change of an object."""

    etag: str
    modified: str
    size: int


class S3:
    def __init__(self, endpoint: str, access_key: str, secret_key: str, region: str = "us-east-1"):
        self.endpoint = endpoint
        self._access_key = access_key
        self._secret_key = secret_key
        self._region = region

    def list(self, bucket: str, prefix: str = "") -> dict[str, Listed]:
        found: dict[str, Listed] = {}
        token = None
        while True:
            query = {"list-type": "2", "prefix": prefix} | ({"continuation-token": token} if token else {})
            try:
                tree = ElementTree.fromstring(self._request("GET", f"/{bucket}", query))
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return {}
                raise
            for entry in tree.iter(f"{NAMESPACE}Contents"):
                text = {part: entry.findtext(f"{NAMESPACE}{part}") for part in ("Key", "ETag", "LastModified", "Size")}
                found[text["Key"]] = Listed(text["ETag"], text["LastModified"], int(text["Size"]))
            token = tree.findtext(f"{NAMESPACE}NextContinuationToken")
            if not token:
                return found

    def get(self, bucket: str, key: str) -> bytes:
        return self._request("GET", f"/{bucket}/{key}", {})

    def create_bucket(self, bucket: str) -> None:
        self._request("PUT", f"/{bucket}", {})

    def _request(self, method: str, path: str, query: dict[str, str]) -> bytes:
        quoted_path = urllib.parse.quote(path, safe="/-_.~")
        quoted_query = "&".join(
            f"{urllib.parse.quote(name, safe='-_.~')}={urllib.parse.quote(value, safe='-_.~')}"
            for name, value in sorted(query.items())
        )
        headers = self._signed_headers(method, quoted_path, quoted_query)
        request = urllib.request.Request(f"{self.endpoint}{quoted_path}?{quoted_query}", headers=headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            return response.read()

    def _signed_headers(self, method: str, path: str, query: str) -> dict[str, str]:
        now = datetime.datetime.now(datetime.UTC)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        headers = {
            "host": self.endpoint.split("//")[1],
            "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-amz-date": stamp,
        }
        names = ";".join(sorted(headers))
        canonical = "\n".join(
            [
                method,
                path,
                query,
                *(f"{name}:{headers[name]}" for name in sorted(headers)),
                "",
                names,
                headers["x-amz-content-sha256"],
            ]
        )
        scope = f"{day}/{self._region}/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{self._secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        authorization = (
            f"AWS4-HMAC-SHA256 Credential={self._access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return {name: value for name, value in headers.items() if name != "host"} | {"authorization": authorization}
