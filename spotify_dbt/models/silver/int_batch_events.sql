-- The events of the batch: its valid rows, and those that may have been valid by an earlier table of fields, which still
-- have an id and a time. So what becomes of such an id, and of its day, is decided again, too.

{{ config(materialized='view') }}

select
    {{ coordinate_columns() }},
    event_id,
    timestamp
from {{ ref('int_events_judged') }}
where
    event_id is not null
    and timestamp is not null
    and object_key in (select object_key from {{ ref('int_batch_objects') }})
