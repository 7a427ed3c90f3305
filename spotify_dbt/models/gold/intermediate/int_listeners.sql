-- One row a listener, as the latest session shows it. What the snapshot listener_history looks at.

{{ config(materialized='view') }}

select
    user_id,
    country,
    device_type,
    ended_at as seen_at
from {{ ref('listener_sessions') }}
qualify row_number() over (partition by user_id order by ended_at desc, started_at desc, session_key asc) = 1
