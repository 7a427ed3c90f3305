-- Objects whose rows stand in all of silver and the marts. Built last, when every model and test before it went well:
-- what is not in here is done again, whole, by the next run.
{% for model in ['spotify_silver', 'spotify_rejected', 'top_songs', 'user_engagement', 'artist_daily', 'country_device_hourly',
                 'listener_sessions', 'pipeline_hours', 'listener_history'] %}
-- depends_on: {{ ref(model) }}
{%- endfor %}

{{ config(
    materialized='incremental',
    incremental_strategy='rebuild',
    meta={'rebuild': {'key': 'object_key', 'touched': 'int_batch_objects'}}
) }}

select
    object_key,
    records,
    first_timestamp,
    last_timestamp,
    {{ utc_now() }} as transformed_at
from {{ ref('int_batch_objects') }}
