-- Day by day the sums of every mart of listening are silver's counts, kind by kind; and all days make the top songs.

{%- set marts = ['song_daily', 'artist_daily', 'user_engagement', 'country_device_hourly', 'listener_sessions'] %}

with sums as (
    select
        cast(timestamp as date) as day,
        {{ count_where("event_type = 'play'") }} as plays,
        {{ count_where("event_type = 'skip'") }} as skips,
        {{ count_where("event_type = 'add_to_playlist'") }} as adds
    from {{ ref('spotify_silver') }}
    where {{ tested('cast(timestamp as date)', ref('int_dirty_days'), 'day') }}
    group by cast(timestamp as date)
    {%- for mart in marts %}

    union all

    select
        day,
        sum(total_plays) as plays,
        sum(total_skips) as skips,
        sum(playlist_adds) as adds
    from {{ ref(mart) }}
    where {{ tested('day', ref('int_dirty_days'), 'day') }}
    group by day
    {%- endfor %}
),

days as (
    select day
    from sums
    group by day
    having
        count(*) <> {{ marts | length + 1 }}
        or min(plays) <> max(plays)
        or min(skips) <> max(skips)
        or min(adds) <> max(adds)
),

all_days as (
    select sum(total_plays) as plays, sum(total_skips) as skips
    from {{ ref('song_daily') }}
),

top_songs as (
    select sum(total_plays) as plays, sum(total_skips) as skips
    from {{ ref('top_songs') }}
)

select day from days

union all

select cast(null as date) as day
from all_days
cross join top_songs
where all_days.plays <> top_songs.plays or all_days.skips <> top_songs.skips
