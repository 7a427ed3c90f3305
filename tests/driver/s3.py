"""The lake as others see it: listed and read by MinIO's client, which shares no code with the code under test."""

import datetime
import io
from dataclasses import dataclass

import urllib3
from minio import Minio
from minio.error import S3Error

ANSWER_SECONDS_MAX = 30


@dataclass(frozen=True)
class Listed:
    """What must never change of an object."""

    etag: str
    modified: datetime.datetime
    size: int


class S3:
    """`endpoint` is http://host:port. The environment's proxies are not asked."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str, region: str = "us-east-1"):
        self._client = Minio(
            endpoint.removeprefix("http://"),
            access_key,
            secret_key,
            secure=False,
            region=region,
            http_client=urllib3.PoolManager(timeout=ANSWER_SECONDS_MAX, maxsize=4, retries=False),
        )

    def list(self, bucket: str, prefix: str = "") -> dict[str, Listed]:
        """By key; empty while there is no such bucket."""
        try:
            return {
                one.object_name: Listed(one.etag, one.last_modified, one.size)
                for one in self._client.list_objects(bucket, prefix, recursive=True)
            }
        except S3Error as error:
            if error.code == "NoSuchBucket":
                return {}
            raise

    def has_bucket(self, bucket: str) -> bool:
        return self._client.bucket_exists(bucket)

    def get(self, bucket: str, key: str) -> bytes:
        answer = self._client.get_object(bucket, key)
        try:
            return answer.read()
        finally:
            answer.close()

    def metadata(self, bucket: str, key: str) -> dict[str, str]:
        """The user metadata of an object."""
        prefix = "x-amz-meta-"
        headers = self._client.stat_object(bucket, key).metadata
        return {
            name.lower().removeprefix(prefix): value
            for name, value in headers.items()
            if name.lower().startswith(prefix)
        }

    def remove(self, bucket: str, key: str) -> None:
        self._client.remove_object(bucket, key)

    def put(self, bucket: str, key: str, body: bytes, metadata: dict[str, str], content_type: str) -> None:
        """Writes an object, in a bucket that is made where there is none."""
        if not self._client.bucket_exists(bucket):
            self._client.make_bucket(bucket)
        self._client.put_object(
            bucket, key, io.BytesIO(body), len(body), content_type=content_type, metadata=dict(metadata)
        )
