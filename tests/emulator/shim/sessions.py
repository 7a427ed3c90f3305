"""Sessions: what they begin with and how they end."""

import gzip
import importlib
import json

from starlette.responses import JSONResponse
from starlette.routing import request_response

from shim import functions, transactions

server = importlib.import_module("fakesnow.server")


class Sessions(dict):
    # Snowflake: a session that is closed rolls back what is open. fakesnow: forgets it, and the transaction goes on.
    def __delitem__(self, token: str) -> None:
        connection = self[token]
        super().__delitem__(token)
        session = transactions.of(connection)
        with session.statement:
            if transactions.is_in_transaction(connection):
                connection._duck_conn.rollback()
                connection._in_transaction = session.is_open = False
            transactions.release(connection)
            connection.close()


def patch() -> None:
    server.sessions = Sessions()
    # Snowflake: a database or schema named at the login must be there. fakesnow: makes it.
    server.shared_fs.create_database_on_connect = False
    server.shared_fs.create_schema_on_connect = False
    _patch_login()


# Snowflake: role, warehouse and parameters of the login are the session's; a database or schema that is not there fails the login of
# a client that sets CLIENT_VALIDATE_DEFAULT_PARAMETERS, as the driver does. fakesnow: knows neither.
def _patch_login() -> None:
    login = server.login_request
    route = next(route for route in server.app.routes if route.path == "/session/v1/login-request")

    async def checked_login(request):
        asked = await _session_parameters(request)
        missing = asked.get("CLIENT_VALIDATE_DEFAULT_PARAMETERS") and _missing(request)
        if missing:
            return JSONResponse(
                {
                    "success": False,
                    "code": "390201",
                    "data": {},
                    "message": f"The requested {missing} does not exist or not authorized.",
                }
            )
        response = await login(request)
        connection = server.sessions[json.loads(response.body)["data"]["token"]]
        functions.install(connection)
        parameters = {name.upper(): str(value) for name, value in asked.items()}
        transactions.of(connection).parameters.update(
            parameters,
            ROLE=request.query_params.get("roleName", ""),
            WAREHOUSE=request.query_params.get("warehouse", ""),
        )
        return response

    route.app = request_response(checked_login)


async def _session_parameters(request) -> dict:
    body = await request.body()
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return json.loads(body)["data"].get("SESSION_PARAMETERS", {})


def _missing(request) -> str | None:
    database, schema = request.query_params.get("databaseName"), request.query_params.get("schemaName")
    there = (
        server.shared_fs.duck_conn.cursor()
        .execute("SELECT upper(catalog_name), upper(schema_name) FROM information_schema.schemata")
        .fetchall()
    )
    if database and database.upper() not in {catalog for catalog, _ in there}:
        return "database"
    if database and schema and (database.upper(), schema.upper()) not in there:
        return "schema"
    return None
