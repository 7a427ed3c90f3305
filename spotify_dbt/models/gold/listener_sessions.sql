-- One row a listening session and UTC day: midnight cuts a session in two. Events without session_id are put together
-- by listener as long as no pause is longer than 30 minutes.

with events as (
    select *
    from {{ ref('int_events_heard') }}
    where {{ touched('day', ref('int_dirty_days'), 'day') }}
),

-- Few beside the events: numbering these and joining is cheaper than a running number over all events.
begins as (
    select
        day,
        user_id,
        timestamp as begins_at,
        row_number() over (partition by day, user_id order by timestamp) as session_number,
        lead(timestamp) over (partition by day, user_id order by timestamp) as next_begins_at
    from events
    where begins_session
),

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
            events.session_id is null
            and events.day = begins.day
            and events.user_id = begins.user_id
            and events.timestamp >= begins.begins_at
            and (begins.next_begins_at is null or events.timestamp < begins.next_begins_at)
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
