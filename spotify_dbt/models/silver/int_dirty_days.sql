-- UTC days whose marts the batch may change: days on which its events happened or arrived, and those of every row that
-- shares an event_id with one of them, since another row of that id may be the kept one now.

{{ config(materialized='table') }}

with contested as (
    select event_id
    from {{ ref('spotify_duplicates') }}
    where event_id in (select event_id from {{ ref('int_batch_events') }})

    union all

    -- A row that is refused now may have been the kept one.
    select event_id
    from {{ ref('int_events_judged') }}
    where
        reason is not null
        and event_id is not null
        and object_key in (select object_key from {{ ref('int_batch_objects') }})
),

touched_events as (
    select object_key, timestamp
    from {{ ref('int_batch_events') }}
    union all
    select object_key, timestamp
    from {{ ref('int_events_judged') }}
    where
        reason is null
        and event_id in (select event_id from contested)
),

touched_days as (
    select distinct cast(timestamp as date) as day, object_key
    from touched_events
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
