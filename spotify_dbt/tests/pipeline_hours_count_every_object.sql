-- The hours together hold every object of the batch's days once, with all records that the ledger says it has.

with ledger as (
    select
        cast(first_timestamp as date) as day,
        count(*) as objects,
        sum(records) as records
    from {{ source('bronze', 'load_ledger') }}
    where
        object_key in ({{ known_objects() }})
        and {{ tested('cast(first_timestamp as date)', ref('int_dirty_days'), 'day') }}
    group by cast(first_timestamp as date)
),

hours as (
    select
        day,
        sum(objects) as objects,
        sum(records) as records
    from {{ ref('pipeline_hours') }}
    where {{ tested('day', ref('int_dirty_days'), 'day') }}
    group by day
)

select
    coalesce(ledger.day, hours.day) as day,
    ledger.objects as objects_in_ledger,
    hours.objects as objects_in_hours,
    ledger.records as records_in_ledger,
    hours.records as records_in_hours
from ledger
full outer join hours on ledger.day = hours.day
where
    ledger.day is null
    or hours.day is null
    or ledger.objects <> hours.objects
    or ledger.records <> hours.records
