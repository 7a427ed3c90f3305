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

{# A field's rule in one text, so that a change of it is noticed: `time/2 required`. The version 1 of a rule is not written. #}
{% macro definition_of(field) -%}
    {{ field.type }}{{ '/%d' % field.rule if field.rule > 1 }} {{ 'required' if field.required else 'optional' }}{{ ' ' ~ field.choices | join(' ') if field.choices }}
{%- endmacro %}

{# The version of the rule in such a text; 1 of none, since earlier versions of the project noted none. #}
{% macro rule_version_of(definition) %}
    {%- set type = (definition or '').split(' ')[0] -%}
    {{ return(type.split('/')[1] | int if '/' in type else 1) }}
{% endmacro %}
