-- The batch of this run: objects of the loader's ledger that are not in ours yet. It is frozen here, so that all models
-- work on the same objects while the loader goes on.

{{ config(materialized='table', pre_hook="{{ forget_when_refreshing() }}") }}

select
    object_key,
    first_timestamp,
    last_timestamp,
    records
from {{ source('bronze', 'load_ledger') }}
{% if execute and transform_ledger() -%}
where object_key not in (select object_key from {{ transform_ledger() }})
{%- endif %}
