{# Now, UTC, as a timestamp without zone. #}
{% macro utc_now() -%}
    {{ adapter.dispatch('utc_now')() }}
{%- endmacro %}

{% macro duckdb__utc_now() -%}
    cast(current_timestamp at time zone 'UTC' as timestamp)
{%- endmacro %}

{% macro snowflake__utc_now() -%}
    sysdate()
{%- endmacro %}
