-- Every row of bronze is exactly one of kept, duplicate, rejected, and nothing else is: object by object, by count and
-- two sums over the offsets, which only the same offsets have in common. The ledger says how many there must be.

{%- set offset_counts -%}
    count(*) as records,
    sum(kafka_offset) as offsets,
    sum(mod(kafka_offset, 1000003) * mod(kafka_offset, 1000003)) as squares
{%- endset %}

with ledger as (
    select object_key, records
    from {{ ref('int_batch_objects') }}
    {%- if var('test_all', false) %}
    union all
    select object_key, records
    from {{ source('bronze', 'load_ledger') }}
    where
        object_key in ({{ known_objects() }})
        and object_key not in (select object_key from {{ ref('int_batch_objects') }})
    {%- endif %}
),

bronze_rows as (
    select object_key, kafka_offset from {{ source('bronze', 'spotify_events') }}
    union all
    select object_key, kafka_offset from {{ source('bronze', 'rejected_events') }}
),

bronze as (
    select object_key, {{ offset_counts }}
    from bronze_rows
    where object_key in (select object_key from ledger)
    group by object_key
),

verdict_rows as (
    select object_key, kafka_offset from {{ ref('spotify_silver') }}
    union all
    select object_key, kafka_offset from {{ ref('spotify_duplicates') }}
    union all
    select object_key, kafka_offset from {{ ref('spotify_rejected') }}
),

verdicts as (
    select object_key, {{ offset_counts }}
    from verdict_rows
    where object_key in (select object_key from ledger)
    group by object_key
)

select
    ledger.object_key,
    ledger.records as in_ledger,
    bronze.records as in_bronze,
    verdicts.records as in_verdicts
from ledger
left join bronze on ledger.object_key = bronze.object_key
left join verdicts on ledger.object_key = verdicts.object_key
where
    ledger.records <> coalesce(bronze.records, 0)
    or ledger.records <> coalesce(verdicts.records, 0)
    or bronze.offsets <> verdicts.offsets
    or bronze.squares <> verdicts.squares
