-- One row an hour of the events' own time, country and device.

with counted as (
    select
        day,
        {{ hour_of('timestamp') }} as hour,
        country,
        device_type,
        {{ listening_counts() }}
    from {{ ref('int_events_heard') }}
    where {{ touched('day', ref('int_dirty_days'), 'day') }}
    group by day, {{ hour_of('timestamp') }}, country, device_type
)

select
    *,
    {{ listening_rates() }}
from counted
