-- Parses every payload once. Each row of bronze comes out with its typed columns, and with a reason and a field where
-- it breaks a rule of docs/formats/event.md; where it breaks several, with those of the first, and with all in one text,
-- which spotify_faults takes apart.

{{ config(
    materialized='incremental',
    incremental_strategy='rebuild',
    on_schema_change='append_new_columns',
    meta={'rebuild': {'key': 'object_key', 'touched': 'int_batch_objects'}}
) }}

with events as (
    select
        {{ coordinate_columns() }},
        payload,
        {{ json_members('payload', event_fields()) }} as members
    from {{ source('bronze', 'spotify_events') }}
    where object_key in ({{ objects_to_read() }})
),

typed as (
    select
        {{ coordinate_columns() }},
        payload,
        members,
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
    case when fault is not null then payload end as rejected_payload,
    faults
from all_judged
