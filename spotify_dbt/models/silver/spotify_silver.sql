-- One row an event_id. A view: the wide rows are written once, as they are judged, and a fate changes in one small table
-- (spotify_duplicates) at once. Whoever reads it never sees an event twice or not at all.

{{ config(materialized='view', access='public') }}

select
    {{ event_columns('events') }},
    {{ coordinate_columns('events') }}
from {{ ref('int_events_judged') }} as events
-- Not `where not exists`, for which DuckDB first copies all events.
left join {{ ref('spotify_duplicates') }} as duplicates
    on
        events.topic_id = duplicates.topic_id
        and events.kafka_partition = duplicates.kafka_partition
        and events.kafka_offset = duplicates.kafka_offset
where
    events.reason is null
    and duplicates.kafka_offset is null
