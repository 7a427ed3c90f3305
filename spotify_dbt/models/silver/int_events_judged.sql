-- Parses every payload once. Each row of bronze comes out with its typed columns, and with a reason and a field where
-- it breaks a rule of docs/formats/event.md; where it breaks several, with those of the first, and with all in one text,
-- which spotify_faults takes apart.

{{ config(
    materialized='incremental',
    incremental_strategy='rebuild',
    on_schema_change='append_new_columns',
    meta={'rebuild': {'key': 'object_key', 'touched': 'int_batch_objects'}}
) }}

with {% if mapping_sql() %}-- What a mapping makes of payloads: docs/formats/mapping.md.
arrived as (
    select
        {{ coordinate_columns() }},
        payload as arrived_payload
    from {{ source('bronze', 'spotify_events') }}
    where object_key in ({{ objects_to_read() }})
),

{{ mapping_sql() }},

{% endif %}events as (
    select
        {{ coordinate_columns() }},
        payload,
        {% if mapping_sql() %}arrived_payload,
        {% endif %}{{ json_members('payload', event_fields()) }} as members
    from {% if mapping_sql() %}mapped{% else %}{{ source('bronze', 'spotify_events') }}
    where object_key in ({{ objects_to_read() }}){% endif %}
),

typed as (
    select
        {{ coordinate_columns() }},
        payload,
        {% if mapping_sql() %}arrived_payload,
        {% endif %}members,
        {{ read_fields('members') }}
    from events
),

judged as (
    select
        *,
        {{ first_fault() }} as fault
    from typed
),

-- Of rejected rows only: most rows have none.
all_judged as (
    select
        *,
        case
            when fault is not null then {{ all_faults() }}
        end as faults
    from judged
)

select
    {{ coordinate_columns() }},
    {{ event_columns() }},
    split_part(fault, ' ', 1) as reason,
    split_part(fault, ' ', 2) as field,
    case when fault is not null then {{ 'arrived_payload' if mapping_sql() else 'payload' }} end as rejected_payload,
    faults
from all_judged
