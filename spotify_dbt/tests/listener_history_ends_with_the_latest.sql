-- The open row of each listener's history is what the latest session shows, and there is one.

with both_sides as (
    select user_id, country, device_type
    from {{ ref('listener_history') }}
    where dbt_valid_to is null

    union all

    select user_id, country, device_type
    from {{ ref('int_listeners') }}
)

select user_id, country, device_type, count(*) as rows_found
from both_sides
group by user_id, country, device_type
having count(*) <> 2
