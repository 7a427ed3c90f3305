-- Every row that is not an event, with the reason: refused by the sink (no JSON object) or by silver (breaks a rule).

select
    {{ coordinate_columns() }},
    'silver' as rejected_by,
    reason,
    field,
    cast(rejected_payload as varchar) as payload,
    cast(null as varchar) as raw_base64
from {{ ref('int_events_judged') }}
where reason is not null

union all

select
    {{ coordinate_columns() }},
    'sink' as rejected_by,
    error_code as reason,
    cast(null as varchar) as field,
    cast(null as varchar) as payload,
    raw_base64
from {{ source('bronze', 'rejected_events') }}
