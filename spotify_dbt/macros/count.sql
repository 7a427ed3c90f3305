{#
  The counting that all marts share.

  count_where(condition)        how many rows meet it
  sum_where(condition, value)   the sum of an integer over the rows that meet it; 0 of none
  share(part, whole)            part / whole as a number between whatever they are; null when the whole is 0
  milliseconds(from, to)        whole milliseconds between two timestamps
  hour_of(time)                 the hour that a timestamp lies in
  year_of(day)                  the year that a date lies in
  next_value(value, window)     the value of the nearest following row of the window that has one
#}

{% macro count_where(condition) -%}
    cast(count_if({{ condition }}) as bigint)
{%- endmacro %}

{% macro sum_where(condition, value) -%}
    cast(sum(case when {{ condition }} then {{ value }} else 0 end) as bigint)
{%- endmacro %}

{% macro share(part, whole) -%}
    cast({{ part }} as double) / nullif({{ whole }}, 0)
{%- endmacro %}

{% macro milliseconds(from, to) -%}
    {{ dbt.datediff(from, to, 'millisecond') }}
{%- endmacro %}

{% macro hour_of(time) -%}
    date_trunc('hour', {{ time }})
{%- endmacro %}

{% macro year_of(day) -%}
    cast(extract(year from {{ day }}) as bigint)
{%- endmacro %}

{% macro next_value(value, window) -%}
    {{ adapter.dispatch('next_value')(value, window) }}
{%- endmacro %}

{% macro default__next_value(value, window) -%}
    lead({{ value }}) ignore nulls over {{ window }}
{%- endmacro %}

{% macro duckdb__next_value(value, window) -%}
    lead({{ value }} ignore nulls) over {{ window }}
{%- endmacro %}
