{#
  What a run works on: docs/decisions/0007-batches-by-the-ledger.md.

  transform_ledger()            the relation of the ledger of transformed objects; none before the first whole run. Not a
                                ref: the ledger is built last, and the batch is the first to read it.
  everything_is_new()           whether the batch is all that was ever loaded
  known_objects()               keys of the objects that this run may look at: those of its batch and of earlier ones, not
                                what a loader adds meanwhile
  objects_to_read()             the same, or only the batch where is_incremental()
  touched(column, scope, key)   condition of an incremental model: the column's value is among the scope's keys
  tested(column, scope, key)    the same in a data test. `--vars 'test_all: true'` makes it look at everything, as a first
                                run does anyway.
#}

{% macro transform_ledger() %}
    {{ return(load_cached_relation(api.Relation.create(
        database=target.database, schema=generate_schema_name('TRANSFORM', none), identifier='transform_ledger'
    ))) }}
{% endmacro %}

{% macro everything_is_new() %}
    {%- if not execute -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set ledger = transform_ledger() -%}
    {{ return(not ledger or run_query('select 1 from ' ~ ledger ~ ' limit 1') | length == 0) }}
{% endmacro %}

{% macro known_objects() -%}
    select object_key from {{ ref('int_batch_objects') }}
    {%- set ledger = transform_ledger() if execute else none -%}
    {%- if ledger %}
    union all
    select object_key from {{ ledger }}
    {%- endif -%}
{%- endmacro %}

{% macro objects_to_read() -%}
    {%- if is_incremental() -%}
        select object_key from {{ ref('int_batch_objects') }}
    {%- else -%}
        {{ known_objects() }}
    {%- endif -%}
{%- endmacro %}

{% macro touched(column, scope, key) -%}
    {%- if is_incremental() -%}
        {{ column }} in (select {{ key }} from {{ scope }})
    {%- else -%}
        1 = 1
    {%- endif -%}
{%- endmacro %}

{% macro tested(column, scope, key) -%}
    {%- if var('test_all', false) or everything_is_new() -%}
        1 = 1
    {%- else -%}
        {{ column }} in (select {{ key }} from {{ scope }})
    {%- endif -%}
{%- endmacro %}

{#
  `dbt build --full-refresh` begins by forgetting what was transformed: should it be stopped half-way, the next run does
  all of it again.
#}
{% macro forget_when_refreshing() %}
    {%- set ledger = transform_ledger() if execute and should_full_refresh() else none -%}
    {%- if ledger -%}
        delete from {{ ledger }}
    {%- endif -%}
{% endmacro %}
