-- One row a UTC day and song. An id that comes with several names shows the smallest.

with counted as (
    select
        day,
        song_id,
        min(song_name) as song_name,
        min(artist_name) as artist_name,
        {{ listening_counts() }}
    from {{ ref('int_events_heard') }}
    where {{ touched('day', ref('int_dirty_days'), 'day') }}
    group by day, song_id
)

select
    *,
    {{ listening_rates() }}
from counted
