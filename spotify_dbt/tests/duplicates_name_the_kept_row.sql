-- The row that a duplicate points at is in silver under the same event_id, and comes before the duplicate.

select duplicates.*
from {{ ref('spotify_duplicates') }} as duplicates
left join {{ ref('spotify_silver') }} as kept
    on
        kept.event_id = duplicates.event_id
        and kept.topic_id = duplicates.kept_topic_id
        and kept.kafka_partition = duplicates.kept_kafka_partition
        and kept.kafka_offset = duplicates.kept_kafka_offset
where
    kept.event_id is null
    or (kept.kafka_offset, kept.kafka_partition, kept.topic_id)
    >= (duplicates.kafka_offset, duplicates.kafka_partition, duplicates.topic_id)
