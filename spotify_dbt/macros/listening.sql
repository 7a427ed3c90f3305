{#
  The counts and rates that marts of listening have in common, over rows of int_events_heard.

  listening_counts(names)   the named counts in the order given, all of them when none is named
  listening_rates()         the rates, from the counts
#}

{% macro listening_counts(names=none) -%}
    {%- set counts = {
        'events': 'count(*)',
        'total_plays': count_where("event_type = 'play'"),
        'total_skips': count_where("event_type = 'skip'"),
        'total_pauses': count_where("event_type = 'pause'"),
        'playlist_adds': count_where("event_type = 'add_to_playlist'"),
        'streams': count_where('is_stream'),
        'completions': count_where('is_completed'),
        'heard_ms': 'cast(coalesce(sum(heard_ms), 0) as bigint)',
        'unique_listeners': 'count(distinct user_id)',
    } -%}
    {%- for name in names or counts -%}
        {{ counts[name] }} as {{ name }}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro listening_rates() -%}
    {{ share('total_skips', 'total_plays') }} as skip_rate,
    {{ share('completions', 'total_plays') }} as completion_rate
{%- endmacro %}

{# Milliseconds of a UTC day. #}
{% macro day_ms() -%}
    86400000
{%- endmacro %}

{# A play that carries its song past this position is a stream. #}
{% macro stream_ms() -%}
    30000
{%- endmacro %}

{# Events without session_id belong to one session as long as no pause between them is longer than 30 minutes. #}
{% macro session_gap_ms() -%}
    1800000
{%- endmacro %}
