-- One row a UTC day and song. An id that comes with several names shows the smallest.

{%- set keys = {'day': 'day', 'song_id': 'song_id'} %}

{{ config(incremental_strategy='changed', meta={'changed': keys}) }}

with {{ counted(
    keys, listening_totals(), smallest=['song_name', 'artist_name'], distinct={'unique_listeners': 'user_id'}
) }}

select
    *,
    {{ listening_rates() }}
from counted
