{#
  Reading JSON: the only place that knows how an adapter does it. Nothing here may fail because of a payload.

  json_members(payload, fields)     the members named by the fields, from one pass over the text; of members with the
                                    same name the first. What the macros below call `members`.
  member_is_absent(members, name)   whether a member is missing or null
  member_word(members, name)        text of a member whose rule admits no text that a number, boolean, array or object
                                    could have; null when absent
  member_string(members, name)      text of a member that is a string; null otherwise
  member_digits(members, name)      digits of a member that is an integer (no fraction, no exponent) of any length,
                                    with `-` where it is negative; null otherwise
  payload_has_string(payload, name) whether the member is a string; slow, for rows that are rejected anyway
  payload_has_member(payload, name) whether there is such a member, whatever it holds
#}

{% macro json_members(payload, fields) -%}
    {{ adapter.dispatch('json_members')(payload, fields) }}
{%- endmacro %}

{% macro member_is_absent(members, name) -%}
    {{ adapter.dispatch('member_is_absent')(members, name) }}
{%- endmacro %}

{% macro member_word(members, name) -%}
    {{ adapter.dispatch('member_word')(members, name) }}
{%- endmacro %}

{% macro member_string(members, name) -%}
    {{ adapter.dispatch('member_string')(members, name) }}
{%- endmacro %}

{% macro member_digits(members, name) -%}
    {{ adapter.dispatch('member_digits')(members, name) }}
{%- endmacro %}

{% macro payload_has_string(payload, name) -%}
    {{ adapter.dispatch('payload_has_string')(payload, name) }}
{%- endmacro %}

{% macro payload_has_member(payload, name) -%}
    {{ adapter.dispatch('payload_has_member')(payload, name) }}
{%- endmacro %}

{#
  DuckDB: a struct. Free text and integers stay JSON, because there `5` and `"5"` must be told apart; for the others the
  text says enough, and taking it at once is quicker. `try` turns a text that is not JSON into no members at all.
#}
{% macro duckdb__json_members(payload, fields) -%}
    {%- set types = [] -%}
    {%- for field in fields -%}
        {%- do types.append('"%s":"%s"' % (field.name, 'JSON' if field.type in ('text', 'integer') else 'VARCHAR')) -%}
    {%- endfor -%}
    try(json_transform({{ payload }}, '{ {{- types | join(',') -}} }'))
{%- endmacro %}

{% macro duckdb__member_is_absent(members, name) -%}
    {{ members }}.{{ name }} is null
{%- endmacro %}

{% macro duckdb__member_word(members, name) -%}
    {{ members }}.{{ name }}
{%- endmacro %}

{% macro duckdb__member_string(members, name) -%}
    case when starts_with({{ members }}.{{ name }}, '"') then {{ members }}.{{ name }} ->> '$' end
{%- endmacro %}

{% macro duckdb__member_digits(members, name) -%}
    case when regexp_full_match({{ members }}.{{ name }}, '-?[0-9]+') then cast({{ members }}.{{ name }} as varchar) end
{%- endmacro %}

{% macro duckdb__payload_has_string(payload, name) -%}
    coalesce(json_type({{ payload }}, '$.{{ name }}') = 'VARCHAR', false)
{%- endmacro %}

{% macro duckdb__payload_has_member(payload, name) -%}
    coalesce(try(json_exists({{ payload }}, '$.{{ name }}')), false)
{%- endmacro %}

{#
  Snowflake: a VARIANT. It has one value a name and makes numbers of numbers: of an event that has a member twice, and of an
  integer written as 5.0, it cannot tell what was written. The digits therefore come from the text; and such an event as
  the first has no members at all on a real account (docs/snowflake.md).
#}
{% macro snowflake__json_members(payload, fields) -%}
    try_parse_json({{ payload }})
{%- endmacro %}

{% macro snowflake__member_is_absent(members, name) -%}
    coalesce(typeof({{ members }}:{{ name }}), 'NULL_VALUE') = 'NULL_VALUE'
{%- endmacro %}

{% macro snowflake__member_word(members, name) -%}
    cast({{ members }}:{{ name }} as varchar)
{%- endmacro %}

{% macro snowflake__member_string(members, name) -%}
    case when typeof({{ members }}:{{ name }}) = 'VARCHAR' then cast({{ members }}:{{ name }} as varchar) end
{%- endmacro %}

{% macro snowflake__member_digits(members, name) -%}
    case
        when typeof({{ members }}:{{ name }}) in ('INTEGER', 'DECIMAL', 'DOUBLE')
            then regexp_substr(payload, '"{{ name }}"\\s*:\\s*(-?[0-9]+)\\s*[,}]', 1, 1, 'e', 1)
    end
{%- endmacro %}

{% macro snowflake__payload_has_string(payload, name) -%}
    coalesce(typeof(try_parse_json({{ payload }}):{{ name }}) = 'VARCHAR', false)
{%- endmacro %}

{% macro snowflake__payload_has_member(payload, name) -%}
    typeof(try_parse_json({{ payload }}):{{ name }}) is not null
{%- endmacro %}
