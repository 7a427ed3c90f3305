-- The valid events of the batch.

{{ config(materialized='view') }}

select
    {{ coordinate_columns() }},
    event_id,
    timestamp
from {{ ref('int_events_judged') }}
where
    reason is null
    and object_key in (select object_key from {{ ref('int_batch_objects') }})
