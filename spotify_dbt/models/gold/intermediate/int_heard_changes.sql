-- The rows of int_heard_events that the batch takes away (sign -1) and adds (sign 1): those of int_heard_stretches. One that
-- stays as it is comes with both signs. One row has the sign 0 and says whether the marts of this run are those of the last
-- closed batch with these changes, or start over.

{{ config(materialized='table') }}

{%- set silver, stretches = ref('spotify_silver'), ref('int_heard_stretches') %}
{%- set judged, duplicates = ref('int_events_judged'), ref('spotify_duplicates') %}
{%- set heard_before = transform_relation('int_heard_events') %}

{%- set continues = changes_can_be_told() %}

{% if not continues -%}
with {{ heard_of(silver) }}

select
    '{{ invocation_id }}' as made_by,
    1 as sign,
    {{ heard_columns() }}
from heard
where 1 = 0
{%- else -%}
with taken_away as (
    select heard.*
    from {{ heard_before }} as heard
    inner join {{ stretches }} as stretches
        on
            {{ same_session('heard', 'stretches') }}
            and heard.timestamp >= stretches.begins_at
),

-- Kept events, as in spotify_silver: the few of these stretches are looked for first.
near as (
    select
        {{ columns_of([
            'timestamp', 'event_type', 'user_id', 'session_id', 'song_id', 'song_name', 'artist_name', 'device_type', 'country',
            'position_ms', 'duration_ms', 'kafka_offset', 'kafka_partition', 'topic_id',
        ], 'events') }},
        stretches.begins_at
    from {{ judged }} as events
    inner join {{ stretches }} as stretches
        on
            cast(events.timestamp as date) = stretches.day
            and events.user_id = stretches.user_id
            and events.session_id is not distinct from stretches.session_id
            and events.timestamp >= stretches.reads_from
    left join {{ duplicates }} as duplicates
        on {{ on_same('events', 'duplicates', ['topic_id', 'kafka_partition', 'kafka_offset']) }}
    where
        events.reason is null
        and duplicates.kafka_offset is null
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

union all

select
    '{{ invocation_id }}' as made_by,
    0 as sign,
    {{ heard_columns_of({'event_type': "'continues'" if continues else "'starts over'"}) }}
