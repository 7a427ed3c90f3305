-- One row a song over all days. An id that comes with several names shows the smallest.

{{ config(materialized='table') }}

select
    song_id,
    min(song_name) as song_name,
    min(artist_name) as artist_name,
    cast(sum(total_plays) as bigint) as total_plays,
    cast(sum(total_skips) as bigint) as total_skips
from {{ ref('song_daily') }}
group by song_id
