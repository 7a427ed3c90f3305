-- All days make the top songs, and those of a year the year, by song, by artist and in all.

with years as (
    select
        'listening_years' as mart,
        year,
        total_plays as plays,
        total_skips as skips
    from {{ ref('listening_years') }}

    union all

    select 'song_daily' as mart, {{ year_of('day') }} as year, sum(total_plays) as plays, sum(total_skips) as skips
    from {{ ref('song_daily') }}
    group by {{ year_of('day') }}
    {%- for mart in ['song_years', 'artist_years'] %}

    union all

    select '{{ mart }}' as mart, year, sum(total_plays) as plays, sum(total_skips) as skips
    from {{ ref(mart) }}
    group by year
    {%- endfor %}
),

all_days as (
    select sum(plays) as plays, sum(skips) as skips
    from years
    where mart = 'song_daily'
),

top_songs as (
    select sum(total_plays) as plays, sum(total_skips) as skips
    from {{ ref('top_songs') }}
)

select year, min(plays) as least_plays, max(plays) as most_plays, min(skips) as least_skips, max(skips) as most_skips
from years
group by year
having count(*) <> 4 or min(plays) <> max(plays) or min(skips) <> max(skips)

union all

select
    null as year,
    all_days.plays as least_plays,
    top_songs.plays as most_plays,
    all_days.skips as least_skips,
    top_songs.skips as most_skips
from all_days
cross join top_songs
where all_days.plays <> top_songs.plays or all_days.skips <> top_songs.skips
