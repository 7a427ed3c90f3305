"""DESCRIBE TABLE, by which dbt learns the columns of a relation, and INFORMATION_SCHEMA.TABLES.

Snowflake: describes temporary tables too, and knows one type of integers, NUMBER(38,0). fakesnow: no columns for temporary
tables, and DuckDB's names of integers, which are not types of Snowflake.
"""

from string import Template

import sqlglot
from fakesnow import info_schema, transforms
from sqlglot import exp

COLUMNS = """
SELECT columns.column_name AS "name",
    CASE WHEN data_type IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER',
             'UBIGINT', 'UHUGEINT') THEN 'NUMBER(38,0)'
         WHEN starts_with(data_type, 'DECIMAL') THEN replace(data_type, 'DECIMAL', 'NUMBER')
         WHEN data_type = 'VARCHAR' THEN 'VARCHAR(' || coalesce(ext_character_maximum_length, 16777216) || ')'
         WHEN data_type IN ('FLOAT', 'DOUBLE') THEN 'FLOAT'
         WHEN data_type = 'TIMESTAMP' THEN 'TIMESTAMP_NTZ(9)'
         WHEN data_type = 'TIMESTAMP WITH TIME ZONE' THEN 'TIMESTAMP_TZ(9)'
         WHEN data_type = 'TIME' THEN 'TIME(9)'
         WHEN data_type = 'BLOB' THEN 'BINARY(8388608)'
         WHEN data_type = 'JSON' THEN 'VARIANT'
         ELSE data_type END AS "type",
    'COLUMN' AS "kind", CASE WHEN is_nullable = 'YES' THEN 'Y' ELSE 'N' END AS "null?", column_default AS "default",
    'N' AS "primary key", 'N' AS "unique key", NULL::VARCHAR AS "check", NULL::VARCHAR AS "expression",
    NULL::VARCHAR AS "comment", NULL::VARCHAR AS "policy name", NULL::JSON AS "privacy domain"
FROM system.information_schema.columns AS columns
LEFT JOIN _fs_global._fs_information_schema._fs_columns_ext ON ext_table_catalog = table_catalog
    AND ext_table_schema = table_schema AND ext_table_name = table_name AND ext_column_name = columns.column_name
WHERE upper(table_catalog) = upper('{catalog}') AND upper(table_schema) = upper('{schema}') AND table_name = '{table}'
ORDER BY ordinal_position
"""


# Snowflake: INFORMATION_SCHEMA.TABLES has views, too. fakesnow: has tables only.
def _with_views(template: Template) -> Template:
    relations = """from (SELECT database_name, schema_name, table_name, estimated_size, 'BASE TABLE' AS kind FROM duckdb_tables
        UNION ALL SELECT database_name, schema_name, view_name, NULL, 'VIEW' FROM duckdb_views WHERE NOT internal) tables"""
    text = template.template.replace("'BASE TABLE' AS", "tables.kind AS").replace(
        "view if not exists", "or replace view"
    )
    return Template(text.replace("from duckdb_tables tables", relations))


def patch() -> None:
    info_schema.SQL_CREATE_INFORMATION_SCHEMA_TABLES_VIEW = _with_views(
        info_schema.SQL_CREATE_INFORMATION_SCHEMA_TABLES_VIEW
    )
    describe = transforms.describe_table

    def describe_table(expression, current_database=None, current_schema=None):
        if not isinstance(expression, exp.Describe) or str(expression.args.get("kind")).upper() not in (
            "TABLE",
            "VIEW",
        ):
            return expression
        table = expression.find(exp.Table)
        catalog, schema = table.catalog or current_database, table.db or current_schema
        if schema == "_FS_INFORMATION_SCHEMA":
            return describe(expression, current_database, current_schema)
        return sqlglot.parse_one(COLUMNS.format(catalog=catalog, schema=schema, table=table.name), read="duckdb")

    transforms.describe_table = describe_table
