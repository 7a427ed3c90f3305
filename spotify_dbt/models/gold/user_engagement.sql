-- One row a listener, device, country and UTC day; each kind of event is counted by its kind.

{{ config(
    materialized='incremental',
    incremental_strategy='rebuild',
    meta={'rebuild': {'key': 'day', 'touched': 'int_dirty_days'}}
) }}

select
    user_id,
    device_type,
    country,
    {{ count_where("event_type = 'play'") }} as total_plays,
    {{ count_where("event_type = 'skip'") }} as total_skips,
    {{ count_where("event_type = 'add_to_playlist'") }} as playlist_adds,
    day
from {{ ref('int_events_heard') }}
where {{ touched('day', ref('int_dirty_days'), 'day') }}
group by user_id, device_type, country, day
