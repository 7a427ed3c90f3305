-- Rows whose fate the batch decides: its own that have an event_id, valid or not, and all that ever came under one of these
-- ids. Empty when the run works on everything.

{{ config(materialized='table') }}

{%- set batch = ref('int_batch_objects') %}

select
    {{ coordinate_columns() }},
    event_id,
    user_id,
    session_id,
    timestamp,
    reason
from {{ ref('int_events_judged') }}
where
    {% if works_on_everything() -%}
    1 = 0
    {%- else -%}
    event_id in (
        select event_id
        from {{ ref('int_events_judged') }}
        where object_key in (select object_key from {{ batch }})
    )
    {%- endif %}
