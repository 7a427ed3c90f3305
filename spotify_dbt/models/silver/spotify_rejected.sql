-- Every row that is not an event, with the reason: refused by the sink (no JSON object) or by silver (breaks a rule).
-- One row an event, with the first rule that it breaks; spotify_faults has all of them.

{{ config(
    materialized='incremental',
    incremental_strategy='rebuild',
    meta={'rebuild': {'key': 'object_key', 'touched': 'int_batch_objects'}}
) }}

select
    {{ coordinate_columns() }},
    'silver' as rejected_by,
    reason,
    field,
    cast(rejected_payload as varchar) as payload,
    cast(null as varchar) as raw_base64
from {{ ref('int_events_judged') }}
where
    reason is not null
    and {{ touched('object_key', ref('int_batch_objects'), 'object_key') }}

union all

select
    {{ coordinate_columns() }},
    'sink' as rejected_by,
    error_code as reason,
    cast(null as varchar) as field,
    cast(null as varchar) as payload,
    raw_base64
from {{ source('bronze', 'rejected_events') }}
where object_key in ({{ objects_to_read() }})
