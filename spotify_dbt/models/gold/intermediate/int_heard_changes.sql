-- The rows of int_events_heard that the batch takes away (sign -1) and adds (sign 1). In each listening session that it
-- touches these are the rows from the last event on that an added or removed one may have ended, to the end of the UTC day;
-- those that stay as they are come with both signs. Empty when the marts start over.
--
-- It depends on int_events_heard as the last closed batch left it.

{{ config(materialized='table') }}

{%- set silver, touched_events = ref('spotify_silver'), ref('int_touched_events') %}
{%- set heard_before = transform_relation('int_events_heard') %}

{% if marts_start_over() -%}
with {{ heard_of(silver) }}

select '{{ invocation_id }}' as made_by, 1 as sign, {{ heard_columns() }}
from heard
where 1 = 0
{%- else -%}
-- What came first of that which the batch adds or may take away.
with touched as (
    select
        cast(timestamp as date) as day,
        user_id,
        session_id,
        min(timestamp) as first_at
    from {{ touched_events }}
    where
        timestamp is not null
        and user_id is not null
    group by cast(timestamp as date), user_id, session_id
),

-- 1. The last event before it that it may have ended.
reached as (
    select
        touched.day,
        touched.user_id,
        touched.session_id,
        coalesce(
            max(case when heard.event_type <> 'add_to_playlist' then heard.timestamp end), cast(touched.day as timestamp)
        ) as begins_at
    from touched
    left join {{ heard_before }} as heard
        on
            {{ same_session('heard', 'touched') }}
            and heard.timestamp < touched.first_at
    group by touched.day, touched.user_id, touched.session_id
),

-- 2. The event before that one tells whether it begins a session.
stretches as (
    select
        reached.day,
        reached.user_id,
        reached.session_id,
        reached.begins_at,
        coalesce(max(heard.timestamp), reached.begins_at) as reads_from
    from reached
    left join {{ heard_before }} as heard
        on
            {{ same_session('heard', 'reached') }}
            and heard.timestamp < reached.begins_at
    group by reached.day, reached.user_id, reached.session_id, reached.begins_at
),

taken_away as (
    select heard.*
    from {{ heard_before }} as heard
    inner join stretches
        on
            {{ same_session('heard', 'stretches') }}
            and heard.timestamp >= stretches.begins_at
),

near as (
    select
        events.*,
        stretches.begins_at
    from {{ silver }} as events
    inner join stretches
        on
            cast(events.timestamp as date) = stretches.day
            and events.user_id = stretches.user_id
            and events.session_id is not distinct from stretches.session_id
            and events.timestamp >= stretches.reads_from
),

{{ heard_of('near', more=['begins_at']) }}

select
    '{{ invocation_id }}' as made_by,
    -1 as sign,
    {{ heard_columns() }}
from taken_away

union all

select
    '{{ invocation_id }}' as made_by,
    1 as sign,
    {{ heard_columns() }}
from heard
where timestamp >= begins_at
{%- endif %}
