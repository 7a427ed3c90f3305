-- Valid events whose event_id was already kept: of one event_id the lowest (offset, partition, topic id) is kept.
-- A batch decides again on the event_ids that it brings, together with all rows that ever came under them.

{{ config(
    materialized='incremental',
    incremental_strategy='rebuild',
    meta={'rebuild': {'key': 'event_id', 'touched': 'int_touched_events'}}
) }}

{%- set touched_events, judged = ref('int_touched_events'), ref('int_events_judged') %}
{%- set same_event = 'over (partition by event_id order by kafka_offset, kafka_partition, topic_id)' %}

with valid as (
    select {{ coordinate_columns() }}, event_id
    from {{ touched_events if is_incremental() else judged }}
    where reason is null
),

-- Few ids come more than once: only their rows are sorted.
repeated as (
    select event_id
    from valid
    group by event_id
    having count(*) > 1
),

ranked as (
    select
        {{ coordinate_columns() }},
        event_id,
        row_number() {{ same_event }} as place,
        first_value(topic_id) {{ same_event }} as kept_topic_id,
        first_value(kafka_partition) {{ same_event }} as kept_kafka_partition,
        first_value(kafka_offset) {{ same_event }} as kept_kafka_offset
    from valid
    where event_id in (select event_id from repeated)
)

select
    {{ coordinate_columns() }},
    event_id,
    kept_topic_id,
    kept_kafka_partition,
    kept_kafka_offset
from ranked
where place > 1
