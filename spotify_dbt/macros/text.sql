{#
  Tests of texts that adapters spell differently.

  matches(text, pattern)   whether the whole text matches the regular expression (character classes, counts, groups)
  utc_timestamp(text)      a text of the form YYYY-MM-DDTHH:MM:SS[.1-9 digits](Z or +00:00) as a timestamp without zone;
                           null for a date that does not exist
  bigint_or_null(digits)   an integer in decimal digits; null when it does not fit
#}

{% macro matches(text, pattern) -%}
    {{ adapter.dispatch('matches')(text, pattern) }}
{%- endmacro %}

{% macro utc_timestamp(text) -%}
    {{ adapter.dispatch('utc_timestamp')(text) }}
{%- endmacro %}

{% macro bigint_or_null(digits) -%}
    {{ adapter.dispatch('bigint_or_null')(digits) }}
{%- endmacro %}

{% macro duckdb__matches(text, pattern) -%}
    regexp_full_match({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro duckdb__utc_timestamp(text) -%}
    try_cast({{ text }} as timestamp)
{%- endmacro %}

{% macro duckdb__bigint_or_null(digits) -%}
    try_cast({{ digits }} as bigint)
{%- endmacro %}

{% macro snowflake__matches(text, pattern) -%}
    regexp_like({{ text }}, '^({{ pattern }})$')
{%- endmacro %}

{# Without its zone, which is UTC, and cut to microseconds, which is what the other adapters keep. #}
{% macro snowflake__utc_timestamp(text) -%}
    try_to_timestamp_ntz(left(regexp_replace({{ text }}, '(Z|[+]00:00)$', ''), 26))
{%- endmacro %}

{% macro snowflake__bigint_or_null(digits) -%}
    try_to_number({{ digits }}, 38, 0)
{%- endmacro %}
