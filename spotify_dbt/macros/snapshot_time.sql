{#
  The times of LISTENER_HISTORY, in place of dbt's own: when the run works, and always later than what is there. A clock that
  went back would end rows before they begin, and nothing ever writes these again.
#}
{% macro duckdb__snapshot_get_time() -%}
    {{ later_than_the_history() }}
{%- endmacro %}

{% macro snowflake__snapshot_get_time() -%}
    {{ later_than_the_history() }}
{%- endmacro %}

{% macro later_than_the_history() -%}
    {%- set history = load_cached_relation(this) if execute else none -%}
    {%- if history -%}
        (
            select coalesce(greatest({{ utc_now() }}, {{ dbt.dateadd('microsecond', 1, 'max(coalesce(dbt_valid_to, dbt_valid_from))') }}), {{ utc_now() }})
            from {{ history }}
        )
    {%- else -%}
        {{ utc_now() }}
    {%- endif -%}
{%- endmacro %}
