{#
  The incremental strategy of all big tables: rows whose key the batch touches are deleted, and their recomputed rows
  inserted, in one transaction. A key may end up without rows, which merge and delete+insert could not bring about.

      config(materialized='incremental', incremental_strategy='rebuild',
             meta={'rebuild': {'key': 'day', 'touched': 'int_dirty_days'}})

  The model itself selects the touched keys only, where is_incremental().
#}
{% macro get_incremental_rebuild_sql(arguments) %}
    {%- set rebuild = config.get('meta').rebuild -%}
    {%- set columns = arguments.dest_columns | map(attribute='quoted') | join(', ') -%}
    {%- set delete -%}
        delete from {{ arguments.target_relation }}
        where {{ rebuild.key }} in (select {{ rebuild.key }} from {{ ref(rebuild.touched) }})
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
