-- One row a UTC day and artist; artists have no id, so the name is taken as it was sent.

{%- set keys = {'day': 'day', 'artist_name': 'artist_name'} %}

{{ config(incremental_strategy='changed', meta={'changed': keys}) }}

with {{ counted(keys, listening_totals(), distinct={'songs': 'song_id', 'unique_listeners': 'user_id'}) }}

select
    *,
    {{ listening_rates() }}
from counted
