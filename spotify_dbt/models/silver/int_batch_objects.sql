-- The batch of this run: objects of the loader's ledger that are not in ours yet. It is frozen here, so that all models
-- work on the same objects while the loader goes on.

{{ config(materialized='table', pre_hook="{{ forget_when_refreshing() }}") }}

select
    object_key,
    first_timestamp,
    last_timestamp,
    records
from {{ source('bronze', 'load_ledger') }} as loaded
{% if execute and transform_ledger() -%}
where
    not exists (
        select 1
        from {{ transform_ledger() }} as transformed
        where transformed.object_key = loaded.object_key
    )
{%- endif %}
