{#
  The fields of a listening event in the order in which they are checked: docs/formats/event.md. A test holds this list
  against docs/formats/listening-event.schema.json, which comes from the C++ table of fields.
#}
{% macro event_fields() %}
    {{ return([
        {'name': 'event_id', 'type': 'uuid', 'required': true},
        {'name': 'event_type', 'type': 'choice', 'required': true, 'unknown': 'unknown_event_type',
         'choices': ['play', 'pause', 'skip', 'add_to_playlist']},
        {'name': 'user_id', 'type': 'uuid', 'required': true},
        {'name': 'song_id', 'type': 'uuid', 'required': true},
        {'name': 'song_name', 'type': 'text', 'required': true},
        {'name': 'artist_name', 'type': 'text', 'required': true},
        {'name': 'device_type', 'type': 'choice', 'required': true, 'unknown': 'unknown_device_type',
         'choices': ['mobile', 'desktop', 'web']},
        {'name': 'country', 'type': 'country', 'required': true},
        {'name': 'timestamp', 'type': 'time', 'required': true},
        {'name': 'session_id', 'type': 'text', 'required': false},
        {'name': 'position_ms', 'type': 'integer', 'required': false},
        {'name': 'duration_ms', 'type': 'integer', 'required': false},
        {'name': 'app_version', 'type': 'text', 'required': false},
        {'name': 'schema_version', 'type': 'integer', 'required': false},
    ]) }}
{% endmacro %}

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
