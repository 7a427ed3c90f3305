-- One row a UTC day and artist; artists have no id, so the name is taken as it was sent.

with counted as (
    select
        day,
        artist_name,
        count(distinct song_id) as songs,
        {{ listening_counts() }}
    from {{ ref('int_events_heard') }}
    where {{ touched('day', ref('int_dirty_days'), 'day') }}
    group by day, artist_name
)

select
    *,
    {{ listening_rates() }}
from counted
