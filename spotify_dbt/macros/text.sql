{#
  Tests of texts that adapters spell differently.

  matches(text, pattern)   whether the whole text matches the regular expression (character classes, counts, groups)
  utc_timestamp(text)      a text of the form YYYY-MM-DDTHH:MM:SS[.1-9 digits](Z or +HH:MM or -HH:MM), `t` and `z` in either
                           case, as a timestamp in UTC without zone; null for a date that does not exist. Whatever the
                           session's time zone is: the offset is taken away by arithmetic.
  plain_timestamp(text)    the same for a text without the part in brackets
  bigint_or_null(digits)   an integer in decimal digits; null when it does not fit
#}

{% macro matches(text, pattern) -%}
    {{ adapter.dispatch('matches')(text, pattern) }}
{%- endmacro %}

{% macro utc_timestamp(text) -%}
    {%- set minutes -%}
        (60 * try_cast(left(right({{ text }}, 5), 2) as integer) + try_cast(right({{ text }}, 2) as integer))
    {%- endset -%}
    {%- set before_offset = plain_timestamp('left(%s, length(%s) - 6)' % (text, text)) -%}
    case
        when right({{ text }}, 1) in ('Z', 'z') then {{ plain_timestamp('left(%s, length(%s) - 1)' % (text, text)) }}
        when left(right({{ text }}, 6), 1) = '+' then {{ dbt.dateadd('minute', '-' ~ minutes, before_offset) }}
        else {{ dbt.dateadd('minute', minutes, before_offset) }}
    end
{%- endmacro %}

{% macro plain_timestamp(text) -%}
    {{ adapter.dispatch('plain_timestamp')(text) }}
{%- endmacro %}

{% macro bigint_or_null(digits) -%}
    {{ adapter.dispatch('bigint_or_null')(digits) }}
{%- endmacro %}

{% macro duckdb__matches(text, pattern) -%}
    regexp_full_match({{ text }}, '{{ pattern }}')
{%- endmacro %}

{# It would read a zone, and leave it out of account. #}
{% macro duckdb__plain_timestamp(text) -%}
    try_cast(upper({{ text }}) as timestamp)
{%- endmacro %}

{% macro duckdb__bigint_or_null(digits) -%}
    try_cast({{ digits }} as bigint)
{%- endmacro %}

{% macro snowflake__matches(text, pattern) -%}
    regexp_like({{ text }}, '^({{ pattern }})$')
{%- endmacro %}

{# Cut to microseconds, which is what the other adapters keep. #}
{% macro snowflake__plain_timestamp(text) -%}
    try_to_timestamp_ntz(left(upper({{ text }}), 26))
{%- endmacro %}

{% macro snowflake__bigint_or_null(digits) -%}
    try_to_number({{ digits }}, 38, 0)
{%- endmacro %}
