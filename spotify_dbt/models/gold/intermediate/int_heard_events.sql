-- Silver's events with what was heard of each play.

{#- No two rows of one listener, session and time but such as are changed together. -#}
{{ config(
    incremental_strategy='changed',
    meta={'changed': {
        'user_id': 'user_id',
        "coalesce(session_id, '')": "coalesce(session_id, '')",
        'session_id is null': 'session_id is null',
        'timestamp': 'timestamp',
    }}
) }}

{%- set changes, silver = changes(), ref('spotify_silver') %}

{% if is_incremental() -%}
select {{ heard_columns() }}
from {{ changes }} as changes
where sign > 0
{%- else -%}
with {{ heard_of(silver) }}

select {{ heard_columns() }}
from heard
{%- endif %}
