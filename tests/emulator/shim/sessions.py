"""Sessions: what they begin with and how they end."""

import importlib
import json

from shim import transactions

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


# Snowflake: names of the login are there for CURRENT_ROLE() and CURRENT_WAREHOUSE(), and with the parameter
# CLIENT_VALIDATE_DEFAULT_PARAMETERS (which the driver sets) the login fails for a database that is not there. fakesnow:
# knows neither.
def _patch_login() -> None:
    route = next(route for route in server.app.routes if route.path == "/session/v1/login-request")
    login = server.login_request

    async def named_login(request):
        response = await login(request)
        answer = json.loads(response.body)
        connection = server.sessions[answer["data"]["token"]]
        names = {"ROLE": request.query_params.get("roleName", ""), "WAREHOUSE": request.query_params.get("warehouse", "")}
        transactions.of(connection).parameters.update(names)
        return response

    route.endpoint = named_login
    route.app = importlib.import_module("starlette.routing").request_response(named_login)

