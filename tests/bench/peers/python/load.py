"""Loads the NDJSON objects of a bucket into a DuckDB file, as its manual does: load.py BUCKET PREFIX FILE typed|text.

`typed` lets DuckDB find the columns and their types; `text` keeps each line as JSON, as BRONZE does. DuckDB's own reader of S3
is an extension that is downloaded, so boto3 fetches the objects first."""

import concurrent.futures
import os
import pathlib
import sys
import tempfile

import boto3
import duckdb

FETCHES_AT_A_TIME = 4
READERS = {"typed": "read_json('{}', format = 'newline_delimited')", "text": "read_ndjson_objects('{}')"}


def main(bucket, prefix, target, kind):
    store = boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"], region_name="us-east-1")
    pages = store.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    with tempfile.TemporaryDirectory(dir=pathlib.Path(target).parent) as folder:
        with concurrent.futures.ThreadPoolExecutor(FETCHES_AT_A_TIME) as pool:
            names = [str(pathlib.Path(folder, pathlib.PurePath(key).name)) for key in keys]
            list(pool.map(lambda key, name: store.download_file(bucket, key, name), keys, names))
        connection = duckdb.connect(target)
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"CREATE TABLE events AS SELECT * FROM {READERS[kind].format(f'{folder}/*.json*')}")
        connection.close()


main(*sys.argv[1:])
