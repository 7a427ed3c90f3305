{#
  What was heard of each play, by the rule of docs/formats/mart-tables.md.

  heard_of(events, more)    CTEs over a relation with silver's columns that end in `heard`, which has heard_columns and the
                            columns `more`. What ends a play is looked for on its own UTC day only, so that a day can be
                            computed alone.
  heard_columns(but)        the columns of int_heard_events, without those that are named
  heard_columns_of(values)  the same columns with these values, and null
#}

{% macro heard_columns(but=[]) -%}
    {{ [
        'day', 'timestamp', 'event_type', 'user_id', 'session_id', 'song_id', 'song_name', 'artist_name', 'device_type', 'country',
        'position_ms', 'heard_ms', 'is_stream', 'is_completed', 'begins_session', 'ends_session',
    ] | reject('in', but) | join(', ') }}
{%- endmacro %}

{% macro heard_columns_of(values) -%}
    {%- for column in heard_columns().split(', ') -%}
        {{ values.get(column, 'null') }} as {{ column }}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro heard_of(events, more=[]) -%}
{%- set session = 'partition by cast(timestamp as date), user_id, session_id' %}
{%- set in_session = '(' ~ session ~ ' order by timestamp, kafka_offset, kafka_partition, topic_id)' %}
{%- set end_position = "case when event_type = 'play' then -1 else coalesce(position_ms, -1) end" %}
{%- set ends_play = "case when event_type <> 'add_to_playlist' then %s end" %}
followed as (
    select
        cast(timestamp as date) as day,
        timestamp,
        event_type,
        user_id,
        session_id,
        song_id,
        song_name,
        artist_name,
        device_type,
        country,
        position_ms,
        {%- for column in more %}
        {{ column }},
        {%- endfor %}
        coalesce(position_ms, 0) as begin_ms,
        duration_ms,
        lag(timestamp) over {{ in_session }} as previous_at,
        lead(timestamp) over {{ in_session }} as next_at,
        {{ next_value(ends_play % 'timestamp', in_session) }} as end_at,
        {{ next_value(ends_play % 'song_id', in_session) }} as end_song_id,
        -- A play tells where it begins, not how far the song before it came; -1 stands for a position that is unknown.
        {{ next_value(ends_play % end_position, in_session) }} as end_ms
    from {{ events }}
),

timed as (
    select
        *,
        session_id is null
        and (
            previous_at is null
            or {{ milliseconds('previous_at', 'timestamp') }} > {{ session_gap_ms() }}
        ) as begins_session,
        next_at is null
        or (
            session_id is null
            and {{ milliseconds('timestamp', 'next_at') }} > {{ session_gap_ms() }}
        ) as ends_session,
        coalesce(
            {{ milliseconds('timestamp', 'end_at') }},
            {{ day_ms() }} - {{ milliseconds('cast(timestamp as date)', 'timestamp') }}
        ) as passed_ms,
        case
            when end_song_id <> song_id or end_ms < 0 then null
            when end_ms < begin_ms then 0
            else end_ms - begin_ms
        end as moved_ms,
        -- Not greatest(..., 0), in which a null counts for nothing on one adapter and for all on another.
        case when duration_ms < begin_ms then 0 else duration_ms - begin_ms end as left_ms
    from followed
),

measured as (
    select
        *,
        case
            when event_type <> 'play' then null
            when moved_ms is not null then least(moved_ms, passed_ms)
            when left_ms is not null then least(left_ms, passed_ms)
        end as heard_ms
    from timed
),

heard as (
    select
        {{ heard_columns(['day', 'is_stream', 'is_completed']) }},
        day,
        {%- for column in more %}
        {{ column }},
        {%- endfor %}
        coalesce(begin_ms < {{ stream_ms() }} and begin_ms + heard_ms >= {{ stream_ms() }}, false) as is_stream,
        coalesce(begin_ms + heard_ms >= duration_ms, false) as is_completed
    from measured
)
{%- endmacro %}
