"""Large answers, in chunks.

Snowflake: the first rows stand in the answer itself, the others in chunks that the driver fetches side by side. fakesnow: all
rows stand in the answer, as base64 in JSON, which takes most of the time of a large one.
"""

import importlib
import json
import secrets
from collections import OrderedDict
from contextvars import ContextVar

import pyarrow
from fakesnow import arrow
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

server = importlib.import_module("fakesnow.server")
FIRST_ROWS = 1_000
CHUNK_ROWS = 50_000
ANSWERS_MAX = 16

_rest: ContextVar[list[pyarrow.Table]] = ContextVar("rest")
_answers: OrderedDict[str, list[pyarrow.Table]] = OrderedDict()


def first_rows(table: pyarrow.Table) -> pyarrow.Buffer:
    """In place of fakesnow's to_ipc: the first rows, with the others left in `_rest`."""
    rest = table.slice(FIRST_ROWS)
    _rest.get([]).extend(rest.slice(at, CHUNK_ROWS) for at in range(0, rest.num_rows, CHUNK_ROWS))
    return arrow.to_ipc(table.slice(0, FIRST_ROWS))


def chunked(query_request):
    async def query(request):
        chunks: list[pyarrow.Table] = []
        _rest.set(chunks)
        response = await query_request(request)
        if not chunks:
            return response
        name = secrets.token_hex(8)
        _answers[name] = chunks
        while len(_answers) > ANSWERS_MAX:
            _answers.popitem(last=False)
        answer = json.loads(response.body)
        base = f"{request.url.scheme}://{request.url.netloc}/emulator/chunks/{name}"
        answer["data"]["chunkHeaders"] = {"x-emulator": "chunk"}
        answer["data"]["chunks"] = [
            {
                "url": f"{base}/{number}",
                "rowCount": chunk.num_rows,
                "uncompressedSize": chunk.nbytes,
                "compressedSize": chunk.nbytes,
            }
            for number, chunk in enumerate(chunks)
        ]
        return JSONResponse(answer)

    return query


async def chunk(request):
    chunks = _answers.get(request.path_params["name"])
    if chunks is None:
        return Response(status_code=403)
    body = await run_in_threadpool(arrow.to_ipc, chunks[int(request.path_params["number"])])
    return Response(bytes(body), media_type="application/octet-stream")


def patch() -> None:
    server.to_ipc = first_rows
    server.query_request = chunked(server.query_request)
    server.app.routes.append(Route("/emulator/chunks/{name}/{number}", chunk))
