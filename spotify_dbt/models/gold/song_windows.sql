-- One row a window of hours and song that was played or skipped in it, or played in the window of the same length before.
-- The windows end with the newest hour of the marts that is not ahead of the log: docs/formats/mart-tables.md.

{%- set windows = [24, 168, 672] %}
{#- Where windows and those before them begin, in hours before the end. #}
{%- set reaches = [24, 48, 168, 336, 672, 1344] %}

{{ config(materialized='table') }}

-- No clock of a listener reaches these two: what brokers stamped, and when the loader took it.
with now_at as (
    select least(max(last_timestamp), max(loaded_at)) as latest
    from {{ source('bronze', 'load_ledger') }}
    where
        object_key in (
            {{ known_objects() }}
        )
),

newest as (
    select {{ dbt.dateadd('hour', 1, 'max(hours.hour)') }} as ends_at
    from {{ ref('country_device_hourly') }} as hours
    cross join now_at
    where hours.hour <= now_at.latest
),

recent as (
    select
        events.song_id,
        events.event_type,
        events.timestamp,
        newest.ends_at
    from {{ ref('int_heard_events') }} as events
    cross join newest
    where
        events.event_type in ('play', 'skip')
        and events.timestamp < newest.ends_at
        and events.timestamp >= {{ dbt.dateadd('hour', -(reaches | last), 'newest.ends_at') }}
),

aged as (
    select
        song_id,
        event_type,
        {{ dbt.datediff('timestamp', 'ends_at', 'hour') }} as age
    from recent
),

reaching as (
    select
        song_id,
        event_type,
        case
            {%- for hours in reaches %}
            when age <= {{ hours }} then {{ hours }}
            {%- endfor %}
        end as reach
    from aged
),

reached as (
    select
        song_id,
        reach,
        {{ listening_counts(['total_plays', 'total_skips']) }}
    from reaching
    group by song_id, reach
),

windows as (
    {%- for hours in windows %}
    select cast({{ hours }} as bigint) as window_hours
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

counted as (
    select
        windows.window_hours,
        reached.song_id,
        cast(sum(case when reached.reach <= windows.window_hours then reached.total_plays else 0 end) as bigint) as plays,
        cast(sum(case when reached.reach <= windows.window_hours then reached.total_skips else 0 end) as bigint) as skips,
        cast(sum(case when reached.reach > windows.window_hours then reached.total_plays else 0 end) as bigint) as plays_before
    from windows
    inner join reached on reached.reach <= 2 * windows.window_hours
    group by windows.window_hours, reached.song_id
)

select
    counted.window_hours,
    counted.song_id,
    songs.song_name,
    songs.artist_name,
    counted.plays,
    counted.skips,
    counted.plays_before,
    {{ share('(counted.plays - counted.plays_before)', 'counted.plays_before') }} as change
from counted
inner join {{ ref('top_songs') }} as songs on counted.song_id = songs.song_id
where counted.plays + counted.skips + counted.plays_before > 0
