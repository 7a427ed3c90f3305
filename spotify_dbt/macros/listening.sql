{#
  The counts and rates that marts of listening have in common, over rows of int_events_heard.
#}

{% macro listening_counts() -%}
    count(*) as events,
        {{ count_where("event_type = 'play'") }} as total_plays,
        {{ count_where("event_type = 'skip'") }} as total_skips,
        {{ count_where("event_type = 'pause'") }} as total_pauses,
        {{ count_where("event_type = 'add_to_playlist'") }} as playlist_adds,
        {{ count_where('is_stream') }} as streams,
        {{ count_where('is_completed') }} as completions,
        cast(coalesce(sum(heard_ms), 0) as bigint) as heard_ms,
        count(distinct user_id) as unique_listeners
{%- endmacro %}

{% macro listening_rates() -%}
    {{ share('total_skips', 'total_plays') }} as skip_rate,
    {{ share('completions', 'total_plays') }} as completion_rate
{%- endmacro %}
