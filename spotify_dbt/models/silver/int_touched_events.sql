-- Rows whose fate the batch decides: its own that have an event_id, valid or not, and all that ever came under one of these
-- ids. Empty when the run works on everything.

{{ config(materialized='table') }}

{%- set judged, batch = ref('int_events_judged'), ref('int_batch_objects') %}
{%- set by_id = 'event_id in (select event_id from %s where object_key in (select object_key from %s))' % (judged, batch) %}

select
    {{ coordinate_columns() }},
    event_id,
    user_id,
    session_id,
    timestamp,
    reason
from {{ judged }}
where {{ '1 = 0' if works_on_everything() else by_id }}
