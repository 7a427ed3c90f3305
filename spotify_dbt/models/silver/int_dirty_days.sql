-- UTC days whose marts the batch may change: days on which its events happened or arrived, and those of every row that
-- shares an event_id with one of them, since another row of that id may be the kept one now.

{{ config(materialized='table') }}

{%- set touched_events, judged = ref('int_touched_events'), ref('int_events_judged') %}

with touched_days as (
    select distinct cast(timestamp as date) as day, object_key
    from {{ judged if works_on_everything() else touched_events }}
    where
        timestamp is not null
        and event_id is not null
),

days as (
    select day
    from touched_days

    union all

    select cast(loaded.first_timestamp as date) as day
    from {{ source('bronze', 'load_ledger') }} as loaded
    where
        loaded.object_key in (select object_key from touched_days)
        or loaded.object_key in (select object_key from {{ ref('int_batch_objects') }})
)

select distinct day
from days
