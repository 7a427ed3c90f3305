-- One row a listener, device, country and UTC day; each kind of event is counted by its kind.

select
    user_id,
    device_type,
    country,
    count_if(event_type = 'play') as total_plays,
    count_if(event_type = 'skip') as total_skips,
    count_if(event_type = 'add_to_playlist') as playlist_adds,
    cast(timestamp as date) as day
from {{ ref('spotify_silver') }}
group by user_id, device_type, country, cast(timestamp as date)
