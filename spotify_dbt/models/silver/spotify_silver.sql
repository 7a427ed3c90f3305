-- One row an event_id. A view: the wide rows are written once, as they are judged, and a fate changes in one small table
-- (spotify_duplicates) at once. Whoever reads it never sees an event twice or not at all.

{{ config(materialized='view') }}

select
    {{ event_columns() }},
    {{ coordinate_columns() }}
from {{ ref('int_events_judged') }} as events
where
    reason is null
    and not exists (
        select 1
        from {{ ref('spotify_duplicates') }} as duplicates
        where
            duplicates.topic_id = events.topic_id
            and duplicates.kafka_partition = events.kafka_partition
            and duplicates.kafka_offset = events.kafka_offset
    )
