{#-
  Day by day the sums of a mart of listening are silver's counts, kind by kind. Looks at the days of the batch.
-#}
{% test adds_up_to_silver(model) %}
with sums as (
    select
        cast(timestamp as date) as day,
        {{ listening_counts(['total_plays', 'total_skips', 'playlist_adds']) }}
    from {{ ref('spotify_silver') }}
    where {{ tested('cast(timestamp as date)', ref('int_dirty_days'), 'day') }}
    group by cast(timestamp as date)

    union all

    select
        day,
        sum(total_plays) as total_plays,
        sum(total_skips) as total_skips,
        sum(playlist_adds) as playlist_adds
    from {{ model }}
    where {{ tested('day', ref('int_dirty_days'), 'day') }}
    group by day
)

select day
from sums
group by day
having
    count(*) <> 2
    or min(total_plays) <> max(total_plays)
    or min(total_skips) <> max(total_skips)
    or min(playlist_adds) <> max(playlist_adds)
{% endtest %}
