{#
  The incremental strategies of all big tables.

  Rows whose key the batch touches are deleted, and their recomputed rows inserted, in one transaction. A key may end up
  without rows, which merge and delete+insert could not bring about. The model itself selects the touched keys only, where
  is_incremental().

      config(materialized='incremental', incremental_strategy='rebuild',
             meta={'rebuild': {'key': 'day', 'touched': 'int_dirty_days'}})

  The same for a table that follows int_heard_changes. Its keys are expressions over these changes, by column:

      config(materialized='incremental', incremental_strategy='changed',
             meta={'changed': {'day': 'day', 'hour': "date_trunc('hour', timestamp)"}})

  or are given by a macro, as a relation with the columns that are named:

      meta={'changed': ['day', 'user_id', 'session_key'], 'changed_by': 'changed_sessions'}
#}
{% macro get_incremental_rebuild_sql(arguments) %}
    {%- set rebuild = config.get('meta').rebuild -%}
    {{ replace_rows(arguments, rebuild.key, 'select %s from %s' % (rebuild.key, ref(rebuild.touched))) }}
{% endmacro %}

{% macro get_incremental_changed_sql(arguments) %}
    {%- set meta = config.get('meta') -%}
    {%- set keys = meta.changed if meta.changed is mapping else dict(zip(meta.changed, meta.changed)) -%}
    {%- set changed = context[meta.changed_by]() if meta.changed_by else changes() -%}
    {{ replace_rows(arguments, keys | join(', '), 'select %s from %s as changed' % (keys.values() | join(', '), changed)) }}
{% endmacro %}

{# Deletes the rows of which `key` is in `touched`, a query, and inserts those that the model has computed. #}
{% macro replace_rows(arguments, key, touched) %}
    {%- set columns = arguments.dest_columns | map(attribute='quoted') | join(', ') -%}
    {%- set delete -%}
        delete from {{ arguments.target_relation }}
        where ({{ key }}) in ({{ touched }})
    {%- endset -%}
    {%- set insert -%}
        insert into {{ arguments.target_relation }} ({{ columns }})
        select {{ columns }} from {{ arguments.temp_relation }}
    {%- endset -%}
    {{ in_one_transaction([delete, insert]) }}
{% endmacro %}

{% macro in_one_transaction(statements) -%}
    {{ adapter.dispatch('in_one_transaction')(statements) }}
{%- endmacro %}

{# dbt has begun one already. #}
{% macro default__in_one_transaction(statements) -%}
    {{ statements | join(';\n') }}
{%- endmacro %}

{% macro snowflake__in_one_transaction(statements) -%}
    {{ (['begin'] + statements + ['commit']) | join(';\n') }};
{%- endmacro %}
