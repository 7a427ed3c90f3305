-- One row a listening session and UTC day: midnight cuts a session in two. Events without session_id are put together
-- by listener as long as no pause is longer than 30 minutes.

{{ config(
    incremental_strategy='changed',
    meta={'changed': ['day', 'user_id', 'session_key'], 'changed_by': 'changed_sessions'}
) }}

{%- set heard, changed_listeners = ref('int_heard_events'), changed_listeners() %}

with
{%- if is_incremental() %}
-- Where the sessions begin that have an event at or behind the first change of a listener's day.
touched as (
    select
        changed.day,
        changed.user_id,
        changed.from_at,
        least(changed.from_at, coalesce(min(before.started_at), changed.from_at)) as reads_from
    from {{ changed_listeners }} as changed
    left join {{ this }} as before
        on
            changed.day = before.day
            and changed.user_id = before.user_id
            and changed.from_at <= before.ended_at
    group by changed.day, changed.user_id, changed.from_at
),

-- How many sessions without session_id come before them.
placed as (
    select
        touched.day,
        touched.user_id,
        touched.from_at,
        touched.reads_from,
        count(before.session_key) as sessions_before
    from touched
    left join {{ this }} as before
        on
            touched.day = before.day
            and touched.user_id = before.user_id
            and touched.reads_from > before.started_at
            and before.session_key like 'gap:%'
    group by touched.day, touched.user_id, touched.from_at, touched.reads_from
),

events as (
    select
        heard.*,
        placed.from_at,
        placed.sessions_before
    from {{ heard }} as heard
    inner join placed
        on
            heard.day = placed.day
            and heard.user_id = placed.user_id
            and heard.timestamp >= placed.reads_from
),
{%- else %}
events as (
    select
        *,
        timestamp as from_at,
        0 as sessions_before
    from {{ heard }}
),
{%- endif %}

-- Few beside the events: numbering these and joining is cheaper than a running number over all events.
begins as (
    select
        day,
        user_id,
        timestamp as begins_at,
        sessions_before + row_number() over (partition by day, user_id order by timestamp) as session_number,
        coalesce(
            lead(timestamp) over (partition by day, user_id order by timestamp),
            cast({{ dbt.dateadd('day', 1, 'day') }} as timestamp)
        ) as next_begins_at
    from events
    where begins_session
),

-- The conditions only say that a column equals, precedes or follows another: with any other DuckDB compares each event with
-- all that begins. An event with session_id may find a session here, too, which it has no use for.
in_sessions as (
    select
        events.*,
        case
            when events.session_id is null then 'gap:' || begins.session_number
            else 'id:' || events.session_id
        end as session_key
    from events
    left join begins
        on
            events.day = begins.day
            and events.user_id = begins.user_id
            and events.timestamp >= begins.begins_at
            and events.timestamp < begins.next_begins_at
)

select
    day,
    user_id,
    session_key,
    max(session_id) as session_id,
    min(timestamp) as started_at,
    max(timestamp) as ended_at,
    {{ milliseconds('min(timestamp)', 'max(timestamp)') }} as duration_ms,
    max(case when ends_session then device_type end) as device_type,
    max(case when ends_session then country end) as country,
    count(distinct song_id) as songs,
    {{ listening_counts(['events', 'total_plays', 'total_skips', 'playlist_adds', 'streams', 'heard_ms']) }}
from in_sessions
group by day, user_id, session_key
-- The others were read in part, and stay as they are.
having max(timestamp) >= min(from_at)
