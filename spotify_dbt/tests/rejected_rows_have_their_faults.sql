-- The faults of a rejected row are numbered from 1 on without a gap, the first is the one that the row itself names, and
-- nothing else has faults.

with rejected as (
    select topic_id, kafka_partition, kafka_offset, object_key, rejected_by, reason, field
    from {{ ref('spotify_rejected') }}
    where {{ tested('object_key', ref('int_batch_objects'), 'object_key') }}
),

faults as (
    select
        topic_id,
        kafka_partition,
        kafka_offset,
        object_key,
        count(*) as faults,
        min(fault) as first_fault,
        max(fault) as last_fault,
        max(case when fault = 1 then rejected_by || ' ' || reason || ' ' || coalesce(field, '') end) as named_first
    from {{ ref('spotify_faults') }}
    where {{ tested('object_key', ref('int_batch_objects'), 'object_key') }}
    group by topic_id, kafka_partition, kafka_offset, object_key
)

select
    coalesce(rejected.object_key, faults.object_key) as object_key,
    coalesce(rejected.kafka_offset, faults.kafka_offset) as kafka_offset,
    rejected.reason,
    rejected.field,
    faults.faults,
    faults.named_first
from rejected
full outer join faults
    on
        rejected.topic_id = faults.topic_id
        and rejected.kafka_partition = faults.kafka_partition
        and rejected.kafka_offset = faults.kafka_offset
        and rejected.object_key = faults.object_key
where
    rejected.kafka_offset is null
    or faults.kafka_offset is null
    or faults.first_fault <> 1
    or faults.last_fault <> faults.faults
    or faults.named_first <> rejected.rejected_by || ' ' || rejected.reason || ' ' || coalesce(rejected.field, '')
