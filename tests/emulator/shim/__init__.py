"""What the pipeline's SQL needs of Snowflake and the unmodified emulator lacks. Not Snowflake: see README.md.

Each module patches one part of fakesnow 0.12.1; each patch says what Snowflake documents and what fakesnow does instead.
"""

from shim import (
    chunks,
    describe,
    functions,
    names,
    noops,
    results,
    sessions,
    stages,
    statements,
    tables,
    temporary,
    transactions,
)


def apply(idle_transaction_seconds: float) -> None:
    sessions.patch()
    chunks.patch()
    results.patch()
    describe.patch()
    stages.patch()
    transactions.patch(idle_transaction_seconds)
    statements.patch(
        [noops.rewrite, stages.rewrite], [temporary.rewrite, tables.rewrite, names.rewrite, functions.rewrite]
    )
