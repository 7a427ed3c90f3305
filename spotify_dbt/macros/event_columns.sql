{# The columns of the fields, comma separated; of a table where one is named. #}
{% macro event_columns(table=none) -%}
    {{ columns_of(event_fields() | map(attribute='name'), table) }}
{%- endmacro %}

{# Where a row stands in the log, and the object that brought it. #}
{% macro coordinate_columns(table=none) -%}
    {{ columns_of(['topic_id', 'kafka_partition', 'kafka_offset', 'kafka_timestamp', 'object_key'], table) }}
{%- endmacro %}

{% macro columns_of(names, table) -%}
    {%- for name in names -%}
        {{ table ~ '.' if table }}{{ name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# A field's rule in one text, so that a change of it is noticed. #}
{% macro definition_of(field) -%}
    {{ field.type }} {{ 'required' if field.required else 'optional' }}{{ ' ' ~ field.choices | join(' ') if field.choices }}
{%- endmacro %}
