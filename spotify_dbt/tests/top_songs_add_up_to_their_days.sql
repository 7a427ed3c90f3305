-- All days make the top songs.

with all_days as (
    select sum(total_plays) as plays, sum(total_skips) as skips
    from {{ ref('song_daily') }}
),

top_songs as (
    select sum(total_plays) as plays, sum(total_skips) as skips
    from {{ ref('top_songs') }}
)

select all_days.plays, all_days.skips
from all_days
cross join top_songs
where all_days.plays <> top_songs.plays or all_days.skips <> top_songs.skips
