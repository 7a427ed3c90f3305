-- The row that a duplicate points at is in silver under the same event_id, and comes before the duplicate.

select duplicates.*
from {{ ref('spotify_duplicates') }} as duplicates
left join {{ ref('spotify_silver') }} as kept
    on
        duplicates.event_id = kept.event_id
        and duplicates.kept_topic_id = kept.topic_id
        and duplicates.kept_kafka_partition = kept.kafka_partition
        and duplicates.kept_kafka_offset = kept.kafka_offset
where
    {{ tested('duplicates.event_id', ref('int_touched_events'), 'event_id') }}
    and (
        kept.event_id is null
        or kept.kafka_offset > duplicates.kafka_offset
        or (
            kept.kafka_offset = duplicates.kafka_offset
            and (
                kept.kafka_partition > duplicates.kafka_partition
                or (kept.kafka_partition = duplicates.kafka_partition and kept.topic_id >= duplicates.topic_id)
            )
        )
    )
