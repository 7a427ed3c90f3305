-- One row a weekday and hour of the day with a play or a skip, over all days.

{{ config(materialized='table') }}

with hours as (
    select
        -- No event is older than this Monday.
        mod(day - cast('1999-12-27' as date), 7) + 1 as weekday,
        extract(hour from hour) as hour_of_day,
        total_plays,
        total_skips
    from {{ ref('country_device_hourly') }}
    where total_plays + total_skips > 0
)

select
    cast(weekday as bigint) as weekday,
    cast(hour_of_day as bigint) as hour,
    cast(sum(total_plays) as bigint) as plays,
    cast(sum(total_skips) as bigint) as skips
from hours
group by weekday, hour_of_day
