"""Answers: values that arrive as they are, errors that are answers, and nothing kept for ever."""

import asyncio
import importlib
from collections import OrderedDict

import pyarrow as pa
import pyarrow.compute as pc
from fakesnow import arrow
from snowflake.connector.errors import ProgrammingError
from starlette.responses import JSONResponse
from starlette.routing import request_response

server = importlib.import_module("fakesnow.server")
RESULTS_MAX = 256
UTC_OFFSET = 1440


class LastResults(OrderedDict):
    # Snowflake: a result can be read again for a day. fakesnow: keeps every result in memory as long as it runs.
    def __setitem__(self, name, result) -> None:
        super().__setitem__(name, result)
        while len(self) > RESULTS_MAX:
            self.popitem(last=False)


# Snowflake: a timestamp that is null is null. fakesnow: it is the first moment of 1970.
def timestamp_struct(stamps: pa.Array | pa.ChunkedArray) -> pa.StructArray:
    if isinstance(stamps, pa.ChunkedArray):
        stamps = stamps.combine_chunks()
    is_null = stamps.is_null()
    micros = pc.fill_null(stamps.cast(pa.timestamp("us", tz=stamps.type.tz), safe=False).cast(pa.int64()), 0)
    seconds = pc.divide(pc.floor_temporal(micros.cast(pa.timestamp("us")), unit="second").cast(pa.int64()), 1_000_000)
    fraction = pc.multiply(pc.subtract(micros, pc.multiply(seconds, 1_000_000)), 1000).cast(pa.int32())
    parts = {"epoch": seconds, "fraction": fraction}
    if stamps.type.tz:
        parts["timezone"] = pa.array([UTC_OFFSET], pa.int32()).take(pa.array([0] * len(stamps), pa.int32()))
    fields = [pa.field(name, values.type, nullable=False) for name, values in parts.items()]
    return pa.StructArray.from_arrays(list(parts.values()), fields=fields, mask=is_null)


# Snowflake: a statement that cannot be answered fails with a code. fakesnow: HTTP 500, which drivers try again for a
# minute and more.
def answered(query_request):
    async def query(request):
        try:
            response = await query_request(request)
            if response.status_code < 500:
                return response
            message = response.body.decode(errors="replace")
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
        return JSONResponse(
            {
                "data": {"errorCode": "000603", "sqlState": "XX000"},
                "code": "000603",
                "success": False,
                "message": f"The emulator failed: {message}",
            }
        )

    return query


# Snowflake: a request that a driver sends again, because the answer was lost, carries the same requestId and is not done
# again. fakesnow: does it again.
def once(query):
    answers: OrderedDict[str, asyncio.Future] = OrderedDict()

    async def query_once(request):
        name = request.query_params.get("requestId")
        if not name:
            return await query(request)
        if name not in answers:
            await request.body()
            answers[name] = asyncio.ensure_future(query(request))
            while len(answers) > RESULTS_MAX:
                answers.popitem(last=False)
        return await asyncio.shield(answers[name])

    return query_once


def patch() -> None:
    describe = server.describe_as_rowtype

    def describe_or_fail(columns):
        try:
            return describe(columns)
        except NotImplementedError as error:
            raise ProgrammingError(
                msg=f"The emulator cannot send a column: {error}", errno=2, sqlstate="0A000"
            ) from error

    server.describe_as_rowtype = describe_or_fail
    server.shared_fs.results_cache = LastResults()
    arrow.timestamp_to_sf_struct = timestamp_struct
    route = next(route for route in server.app.routes if route.path == "/queries/v1/query-request")
    route.app = request_response(once(answered(server.query_request)))
