-- What is wrong with the rows of spotify_rejected: one row for each rule that a row breaks, numbered in the order of the
-- table of fields. A record that the sink refused has one.

{{ config(
    materialized='incremental',
    incremental_strategy='rebuild',
    meta={'rebuild': {'key': 'object_key', 'touched': 'int_batch_objects'}}
) }}

with numbers as (
    {%- for field in event_fields() %}
    select {{ loop.index }} as fault {{- ' union all' if not loop.last }}
    {%- endfor %}
),

faults as (
    select
        {{ coordinate_columns('judged') }},
        numbers.fault,
        -- Not null where it has a reason; DuckDB 2.0 binds no split_part of a column that has nothing but nulls.
        split_part(coalesce(judged.faults, ''), ',', numbers.fault) as reason_and_field
    from {{ ref('int_events_judged') }} as judged
    cross join numbers
    where
        judged.reason is not null
        and {{ touched('judged.object_key', ref('int_batch_objects'), 'object_key') }}
)

select
    {{ coordinate_columns() }},
    cast(fault as integer) as fault,
    'silver' as rejected_by,
    split_part(reason_and_field, ' ', 1) as reason,
    split_part(reason_and_field, ' ', 2) as field
from faults
where reason_and_field <> ''

union all

select
    {{ coordinate_columns() }},
    cast(1 as integer) as fault,
    rejected_by,
    reason,
    field
from {{ ref('spotify_rejected') }}
where
    rejected_by = 'sink'
    and {{ touched('object_key', ref('int_batch_objects'), 'object_key') }}
