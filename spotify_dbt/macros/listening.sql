{#
  The counts and rates that marts of listening have in common, over rows of int_heard_events.

  listening_counts(names, signed)   the named counts in the order given; of signed rows when they are
  listening_totals()                the names of all counts
  listening_sums()                  all counts, of rows that have them
  listening_rates()                 the rates, from the counts
#}

{% macro listening_totals() %}
    {{ return(['events', 'total_plays', 'total_skips', 'total_pauses', 'playlist_adds', 'streams', 'completions', 'heard_ms']) }}
{% endmacro %}

{% macro listening_counts(names, signed=false) -%}
    {%- set rows = {
        'total_plays': "event_type = 'play'",
        'total_skips': "event_type = 'skip'",
        'total_pauses': "event_type = 'pause'",
        'playlist_adds': "event_type = 'add_to_playlist'",
        'streams': 'is_stream',
        'completions': 'is_completed',
    } -%}
    {%- set counts = {} -%}
    {%- for name, condition in rows.items() -%}
        {%- do counts.update({name: sum_where(condition, 'sign') if signed else count_where(condition)}) -%}
    {%- endfor -%}
    {%- do counts.update({
        'events': 'cast(sum(sign) as bigint)' if signed else 'count(*)',
        'heard_ms': 'cast(coalesce(sum(%sheard_ms), 0) as bigint)' % ('sign * ' if signed else ''),
    }) -%}
    {%- for name in names -%}
        {{ counts[name] }} as {{ name }}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro listening_sums() -%}
    {%- for name in listening_totals() -%}
        cast(sum({{ name }}) as bigint) as {{ name }}{{ ',\n    ' if not loop.last }}
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
