-- The batch of this run: objects of the loader's ledger that are not in ours, or not any more, and those of earlier batches
-- that have a row with a field that is new to the table of fields. It is frozen here, so that all models work on the same
-- objects while the loader goes on.

{{ config(materialized='table', pre_hook="{{ forget_what_is_judged_again() }}") }}

{%- set new_fields = fields_since_last_batch().added if execute else [] %}

select
    object_key,
    first_timestamp,
    last_timestamp,
    records
from {{ source('bronze', 'load_ledger') }}
{% if execute and transform_ledger() -%}
where
    object_key not in (select object_key from {{ transform_ledger() }})
    {%- if new_fields | selectattr('required') | list %}
    -- A row without a required field is not an event any more.
    or object_key in (select object_key from {{ source('bronze', 'spotify_events') }})
    {%- elif new_fields %}
    or object_key in (
        select object_key
        from {{ source('bronze', 'spotify_events') }}
        where
            {% for field in new_fields -%}
            {{ 'or ' if not loop.first }}{{ payload_has_member('payload', field.name) }}
            {% endfor %}
    )
    {%- endif %}
{%- endif %}
