-- One row a UTC year and song. An id that comes with several names shows the smallest.

{%- set keys = {'year': year_of('day'), 'song_id': 'song_id'} %}

{{ config(incremental_strategy='changed', meta={'changed': keys}) }}

with {{ counted(keys, listening_totals(), smallest=['song_name', 'artist_name']) }}

select
    *,
    {{ listening_rates() }}
from counted
