{# Made from src/event/fields.h; a test of that folder writes it. #}

{# The fields of a listening event in the order in which they are checked: docs/formats/event.md. #}
{% macro event_fields() %}
    {{ return([
        {'name': 'event_id', 'type': 'uuid', 'required': true, 'rule': 1},
        {'name': 'event_type', 'type': 'choice', 'required': true, 'choices': ['play', 'pause', 'skip', 'add_to_playlist'], 'rule': 1},
        {'name': 'user_id', 'type': 'uuid', 'required': true, 'rule': 1},
        {'name': 'song_id', 'type': 'uuid', 'required': true, 'rule': 1},
        {'name': 'song_name', 'type': 'text', 'required': true, 'rule': 1},
        {'name': 'artist_name', 'type': 'text', 'required': true, 'rule': 1},
        {'name': 'device_type', 'type': 'choice', 'required': true, 'choices': ['mobile', 'desktop', 'web'], 'rule': 1},
        {'name': 'country', 'type': 'country', 'required': true, 'rule': 1},
        {'name': 'timestamp', 'type': 'time', 'required': true, 'rule': 2},
        {'name': 'session_id', 'type': 'text', 'required': false, 'rule': 1},
        {'name': 'position_ms', 'type': 'integer', 'required': false, 'rule': 1},
        {'name': 'duration_ms', 'type': 'integer', 'required': false, 'rule': 1},
        {'name': 'app_version', 'type': 'text', 'required': false, 'rule': 1},
        {'name': 'schema_version', 'type': 'integer', 'required': false, 'rule': 1},
    ]) }}
{% endmacro %}

{# A valid event, as SQL text; tests replace pieces of it. #}
{% macro example_event() -%}
    '{"event_id":"00112233-4455-4677-8899-aabbccddeeff","event_type":"play","user_id":"881dc191-47cf-4642-b4b2-9334c488cd67","song_id":"09a7d5c8-d131-55b1-9758-8cfdc6375651","song_name":"Levitating","artist_name":"Dua Lipa","device_type":"mobile","country":"UK","timestamp":"2026-02-15T17:52:36.123Z","session_id":"s-1","position_ms":5,"duration_ms":199000,"app_version":"9.1.0","schema_version":1}'
{%- endmacro %}
