-- One row a song over all events. An id that comes with several names shows the smallest.

select
    song_id,
    min(song_name) as song_name,
    min(artist_name) as artist_name,
    count_if(event_type = 'play') as total_plays,
    count_if(event_type = 'skip') as total_skips
from {{ ref('spotify_silver') }}
group by song_id
