-- One row an hour of the lake: what arrived, what became of it, and whether all of it is here. The hour is that of an
-- object's first broker timestamp, as in its key.

{{ config(incremental_strategy='changed', meta={'changed': ['hour'], 'changed_by': 'changed_hours'}) }}

with objects as (
    select
        object_key,
        {{ hour_of('first_timestamp') }} as hour,
        records as records_expected
    from {{ source('bronze', 'load_ledger') }}
    where
        object_key in (
            {{ known_objects() }}
        )
        and {{ touched(hour_of('first_timestamp'), changed_hours(), 'hour') }}
),

rows_by_fate as (
    select
        object_key,
        count(*) as kept,
        0 as duplicates,
        0 as rejected_by_sink,
        0 as rejected_by_silver,
        count_if({{ hour_of('timestamp') }} <> {{ hour_of('kafka_timestamp') }}) as skewed,
        max({{ milliseconds('timestamp', 'kafka_timestamp') }}) as lateness_ms_max
    from {{ ref('spotify_silver') }}
    where object_key in (select object_key from objects)
    group by object_key

    union all

    select
        object_key,
        0 as kept,
        count(*) as duplicates,
        0 as rejected_by_sink,
        0 as rejected_by_silver,
        0 as skewed,
        null as lateness_ms_max
    from {{ ref('spotify_duplicates') }}
    where object_key in (select object_key from objects)
    group by object_key

    union all

    select
        object_key,
        0 as kept,
        0 as duplicates,
        count_if(rejected_by = 'sink') as rejected_by_sink,
        count_if(rejected_by = 'silver') as rejected_by_silver,
        0 as skewed,
        null as lateness_ms_max
    from {{ ref('spotify_rejected') }}
    where object_key in (select object_key from objects)
    group by object_key
),

fates as (
    select
        object_key,
        sum(kept) as kept,
        sum(duplicates) as duplicates,
        sum(rejected_by_sink) as rejected_by_sink,
        sum(rejected_by_silver) as rejected_by_silver,
        sum(skewed) as skewed,
        max(lateness_ms_max) as lateness_ms_max
    from rows_by_fate
    group by object_key
),

hours as (
    select
        objects.hour,
        count(*) as objects,
        cast(sum(objects.records_expected) as bigint) as records_expected,
        cast(sum(coalesce(fates.kept, 0)) as bigint) as kept,
        cast(sum(coalesce(fates.duplicates, 0)) as bigint) as duplicates,
        cast(sum(coalesce(fates.rejected_by_sink, 0)) as bigint) as rejected_by_sink,
        cast(sum(coalesce(fates.rejected_by_silver, 0)) as bigint) as rejected_by_silver,
        cast(sum(coalesce(fates.skewed, 0)) as bigint) as skewed_events,
        cast(max(fates.lateness_ms_max) as bigint) as lateness_ms_max
    from objects
    left join fates on objects.object_key = fates.object_key
    group by objects.hour
)

select
    cast(hour as date) as day,
    hour,
    objects,
    records_expected,
    kept + duplicates + rejected_by_sink + rejected_by_silver as records,
    kept,
    duplicates,
    rejected_by_sink,
    rejected_by_silver,
    skewed_events,
    lateness_ms_max,
    kept + duplicates + rejected_by_sink + rejected_by_silver = records_expected as is_complete
from hours
