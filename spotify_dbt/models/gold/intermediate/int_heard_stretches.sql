-- Where in a listening session the batch changes int_heard_events: from the last event on that an added or removed one may
-- have ended, to the end of the UTC day. Empty when the marts start over.
--
-- It looks at int_heard_events as the last closed batch left it.

{{ config(materialized='table') }}

{%- set touched_events = ref('int_touched_events') %}
{%- set heard_before = transform_relation('int_heard_events') %}

{% if not changes_can_be_told() -%}
select
    cast(timestamp as date) as day,
    user_id,
    session_id,
    timestamp as begins_at,
    timestamp as reads_from
from {{ touched_events }}
where 1 = 0
{%- else -%}
-- What comes first of that which the batch adds or may take away.
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
)

-- 2. The event before that one tells whether it begins a session.
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
{%- endif %}
