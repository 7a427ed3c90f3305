-- One row a listener, device, country and UTC day; each kind of event is counted by its kind.

select
    user_id,
    device_type,
    country,
    {{ listening_counts(['total_plays', 'total_skips', 'playlist_adds']) }},
    day
from {{ ref('int_events_heard') }}
where {{ touched('day', ref('int_dirty_days'), 'day') }}
group by user_id, device_type, country, day
