"""What is there after a round, counted by none of the programs that were measured.

counts.py lake BUCKET PREFIX             objects, bytes, lines and distinct event ids
counts.py table FILE TABLE EXPRESSION    rows and distinct values of a DuckDB file
counts.py remove BUCKET                  removes a bucket and what is in it"""

import concurrent.futures
import json
import os
import re
import sys

EVENT_ID = re.compile(rb'"event_id":"([0-9a-f-]{36})"')
AT_A_TIME = 2


def store():
    import boto3

    return boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"], region_name="us-east-1")


def objects(client, bucket, prefix=""):
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item for page in pages for item in page.get("Contents", [])]


def lake(bucket, prefix):
    import zstandard

    client = store()
    found = objects(client, bucket, prefix)

    def body_of(item):
        body = client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        if item["Key"].endswith(".zst"):
            return zstandard.ZstdDecompressor().stream_reader(body).read()
        return body

    lines, ids = 0, set()
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        for start in range(0, len(found), AT_A_TIME):
            for body in pool.map(body_of, found[start : start + AT_A_TIME]):
                lines += body.count(b"\n")
                ids.update(EVENT_ID.findall(body))
    return {"objects": len(found), "bytes": sum(item["Size"] for item in found), "records": lines, "ids": len(ids)}


def table(path, name, expression):
    import duckdb

    connection = duckdb.connect(path, read_only=True)
    [[rows, ids]] = connection.execute(f"SELECT count(*), count(DISTINCT {expression}) FROM {name}").fetchall()
    return {"bytes": os.path.getsize(path), "records": rows, "ids": ids}


def remove(bucket):
    client = store()
    keys = [{"Key": item["Key"]} for item in objects(client, bucket)]
    for start in range(0, len(keys), 1000):
        client.delete_objects(Bucket=bucket, Delete={"Objects": keys[start : start + 1000]})
    client.delete_bucket(Bucket=bucket)
    return {"objects": len(keys)}


if __name__ == "__main__":
    print(json.dumps({"lake": lake, "table": table, "remove": remove}[sys.argv[1]](*sys.argv[2:])))
