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

{# The columns of the fields, comma separated. #}
{% macro event_columns() -%}
    {{ event_fields() | map(attribute='name') | join(', ') }}
{%- endmacro %}

{# Where a row stands in the log, and the object that brought it. #}
{% macro coordinate_columns() -%}
    topic_id, kafka_partition, kafka_offset, kafka_timestamp, object_key
{%- endmacro %}
