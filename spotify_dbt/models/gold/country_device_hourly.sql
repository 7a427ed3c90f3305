-- One row an hour of the events' own time, country and device.

{%- set keys = {
    'day': 'day', 'hour': hour_of('timestamp'), 'country': 'country', 'device_type': 'device_type',
} %}

{{ config(incremental_strategy='changed', meta={'changed': keys}) }}

with {{ counted(keys, listening_totals(), distinct={'unique_listeners': 'user_id'}) }}

select
    *,
    {{ listening_rates() }}
from counted
