-- One row a UTC year and artist; artists have no id, so the name is taken as it was sent.

{%- set keys = {'year': year_of('day'), 'artist_name': 'artist_name'} %}

{{ config(incremental_strategy='changed', meta={'changed': keys}) }}

with {{ counted(keys, listening_totals()) }}

select
    *,
    {{ listening_rates() }}
from counted
