-- The sums of both marts are silver's counts, kind by kind.

with silver as (
    select
        count_if(event_type = 'play') as plays,
        count_if(event_type = 'skip') as skips,
        count_if(event_type = 'add_to_playlist') as adds
    from {{ ref('spotify_silver') }}
),

songs as (
    select coalesce(sum(total_plays), 0) as plays, coalesce(sum(total_skips), 0) as skips
    from {{ ref('top_songs') }}
),

users as (
    select
        coalesce(sum(total_plays), 0) as plays,
        coalesce(sum(total_skips), 0) as skips,
        coalesce(sum(playlist_adds), 0) as adds
    from {{ ref('user_engagement') }}
)

select
    silver.plays, songs.plays as song_plays, users.plays as user_plays,
    silver.skips, songs.skips as song_skips, users.skips as user_skips,
    silver.adds, users.adds as user_adds
from silver
cross join songs
cross join users
where
    silver.plays <> songs.plays or silver.plays <> users.plays
    or silver.skips <> songs.skips or silver.skips <> users.skips
    or silver.adds <> users.adds
