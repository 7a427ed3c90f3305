-- Every row of bronze is exactly one of kept, duplicate, rejected, and nothing else is: as sets of coordinates.

with bronze as (
    select topic_id, kafka_partition, kafka_offset from {{ source('bronze', 'spotify_events') }}
    union all
    select topic_id, kafka_partition, kafka_offset from {{ source('bronze', 'rejected_events') }}
),

verdicts as (
    select topic_id, kafka_partition, kafka_offset from {{ ref('spotify_silver') }}
    union all
    select topic_id, kafka_partition, kafka_offset from {{ ref('spotify_duplicates') }}
    union all
    select topic_id, kafka_partition, kafka_offset from {{ ref('spotify_rejected') }}
),

both_sides as (
    select *, 1 as in_bronze, 0 as in_verdicts from bronze
    union all
    select *, 0 as in_bronze, 1 as in_verdicts from verdicts
)

select topic_id, kafka_partition, kafka_offset, sum(in_bronze) as in_bronze, sum(in_verdicts) as in_verdicts
from both_sides
group by topic_id, kafka_partition, kafka_offset
having sum(in_bronze) <> 1 or sum(in_verdicts) <> 1
