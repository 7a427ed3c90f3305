-- One row a listener, device, country and UTC day; each kind of event is counted by its kind.

{%- set keys = {'user_id': 'user_id', 'device_type': 'device_type', 'country': 'country', 'day': 'day'} %}

{{ config(incremental_strategy='changed', meta={'changed': keys}) }}

with {{ counted(keys, ['total_plays', 'total_skips', 'playlist_adds']) }}

select
    user_id,
    device_type,
    country,
    total_plays,
    total_skips,
    playlist_adds,
    day
from counted
