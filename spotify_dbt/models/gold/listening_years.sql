-- One row a UTC year. It is made of smaller marts, and no event is looked at.

{{ config(materialized='table') }}

with days as (
    select
        {{ year_of('day') }} as year,
        day,
        {{ listening_sums() }}
    from {{ ref('country_device_hourly') }}
    group by day
),

years as (
    select
        year,
        {{ listening_sums() }},
        {{ count_where('total_plays > 0') }} as days_played,
        max(total_plays) as busiest_day_plays
    from days
    group by year
),

-- Days that follow each other have the same number of days before them without a play.
played as (
    select
        year,
        day,
        (day - cast('1999-12-27' as date)) - row_number() over (partition by year order by day) as days_without
    from days
    where total_plays > 0
),

streaks as (
    select
        year,
        min(day) as begins,
        count(*) as days
    from played
    group by year, days_without
),

longest as (
    select
        year,
        begins,
        days,
        row_number() over (partition by year order by days desc, begins asc) as place
    from streaks
),

busiest as (
    select
        days.year,
        min(days.day) as day
    from days
    inner join years on days.year = years.year and days.total_plays = years.busiest_day_plays
    where days.total_plays > 0
    group by days.year
),

songs as (
    select
        year,
        {{ count_where('total_plays > 0') }} as songs
    from {{ ref('song_years') }}
    group by year
),

artists as (
    select
        year,
        {{ count_where('total_plays > 0') }} as artists
    from {{ ref('artist_years') }}
    group by year
)

select
    years.year,
    {%- for name in listening_totals() %}
    years.{{ name }},
    {%- endfor %}
    songs.songs,
    artists.artists,
    years.days_played,
    cast(coalesce(longest.days, 0) as bigint) as longest_streak_days,
    longest.begins as longest_streak_begins,
    busiest.day as busiest_day,
    cast(years.busiest_day_plays as bigint) as busiest_day_plays,
    {{ listening_rates() }}
from years
inner join songs on years.year = songs.year
inner join artists on years.year = artists.year
left join longest on years.year = longest.year and longest.place = 1
left join busiest on years.year = busiest.year
