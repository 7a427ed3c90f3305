-- The batch of this run: objects of the loader's ledger that are not in ours yet, and those of earlier batches that have a
-- row with a field that is new to the table of fields, or, with `--vars 'judge_again: true'`, a row that silver rejected. It is
-- frozen here, so that all models work on the same objects while the loader goes on.

{{ config(materialized='table', pre_hook="{{ forget_when_refreshing() }}") }}

{%- set new_fields = fields_new_to_batches() if execute else [] %}
{%- set rejected = load_cached_relation(transform_relation('spotify_rejected')) if execute and var('judge_again', false) else none %}

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
    {%- if rejected %}
    or object_key in (select object_key from {{ rejected }} where rejected_by = 'silver')
    {%- endif %}
{%- endif %}
