{#
  What a run works on: docs/decisions/0007-batches-by-the-ledger.md. The ledger itself is in closing.sql.

  fields_since_last_batch()     `added`: the event fields that the last closed batch was made without, see
                                docs/decisions/0029-event-fields.md; `widened`: those whose rule admits more since, see
                                docs/decisions/0053-faults-and-rules.md. Fails when a rule changed in another way, or the mapping.
  everything_is_new()           whether the batch is all that was ever loaded
  works_on_everything()         whether this run does not continue from what closed batches left
  known_objects()               keys of the objects that this run may look at: those of its batch and of earlier ones, not
                                what a loader adds meanwhile
  objects_to_read()             the same, or only the batch where is_incremental()
  changed_hours()               hours of the lake in which an object of the batch came, or one with a row whose fate it decides;
                                a relation
  touched(column, scope, key)   condition of an incremental model: the column's value is among the scope's keys
  tested(column, scope, key)    the same in a data test. `--vars 'test_all: true'` makes it look at everything, as a first
                                run does anyway.
#}

{% macro everything_is_new() %}
    {%- if not execute -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set ledger = transform_ledger() -%}
    {{ return(not ledger or asked_once('select count(*) from (select 1 from %s limit 1) as known' % ledger)[0] == 0) }}
{% endmacro %}

{% macro works_on_everything() %}
    {{ return(not execute or flags.FULL_REFRESH or everything_is_new()) }}
{% endmacro %}

{% macro fields_since_last_batch() %}
    {%- if should_full_refresh() or everything_is_new() or not transform_parts() -%}
        {{ return({'added': [], 'widened': []}) }}
    {%- endif -%}
    {%- do check_mapping() -%}
    {%- set known = {} -%}
    {%- for row in run_query("select name, definition from " ~ transform_parts() ~ " where kind = 'field'").rows -%}
        {%- do known.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {%- set fields = event_fields() | map(attribute='name') | list -%}
    {%- set removed = known | reject('in', fields) | list -%}
    {%- set added, widened, changed = [], [], [] -%}
    {%- for field in event_fields() -%}
        {%- if field.name not in known -%}
            {%- do added.append(field) -%}
        {%- elif rule_version_of(known[field.name]) < field.rule -%}
            {%- do widened.append(field) -%}
        {%- elif known[field.name] is not none and known[field.name] != definition_of(field) -%}
            {%- do changed.append(field.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if removed or changed -%}
        {%- do exceptions.raise_compiler_error(
            'The rules of the event fields ' ~ (changed + removed) | join(', ') ~ ' are not those by which earlier batches were judged. '
            ~ 'Judge all rows again: `spotify-pipeline transform --full-refresh`.'
        ) -%}
    {%- endif -%}
    {{ return({'added': added if known else [], 'widened': widened}) }}
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

{% macro changed_hours() -%}
    (
        select distinct {{ hour_of('first_timestamp') }} as hour
        from {{ source('bronze', 'load_ledger') }}
        where
            object_key in (
                select object_key from {{ ref('int_batch_objects') }}
                union all
                select object_key from {{ ref('int_touched_events') }}
            )
    )
{%- endmacro %}

{% macro touched(column, scope, key) -%}
    {%- if is_incremental() -%}
        {{ column }} in (select {{ key }} from {{ scope }})
    {%- else -%}
        1 = 1
    {%- endif -%}
{%- endmacro %}

{% macro tested(column, scope, key) -%}
    {%- if var('test_all', false) or works_on_everything() -%}
        1 = 1
    {%- else -%}
        {{ column }} in (select {{ key }} from {{ scope }})
    {%- endif -%}
{%- endmacro %}

{#
  What is judged again is first forgotten to have been transformed: should the run be stopped half-way, the next one does
  it again. That is everything with `dbt build --full-refresh`; the objects with a row that silver refused when a rule
  admits more than it did, when the last batch was closed without spotify_faults, or with `--vars 'judge_again: true'`.
#}
{% macro forget_what_is_judged_again() %}
    {%- set ledger = transform_ledger() if execute else none -%}
    {%- set rejected = load_cached_relation(transform_relation('spotify_rejected')) if execute else none -%}
    {%- if not ledger -%}
    {%- elif should_full_refresh() -%}
        delete from {{ ledger }}
    {%- elif rejected and (var('judge_again', false) or fields_since_last_batch().widened or not faults_are_listed()) -%}
        delete from {{ ledger }}
        where object_key in (select object_key from {{ rejected }} where rejected_by = 'silver')
    {%- endif -%}
{% endmacro %}

{# Earlier versions noted the first fault of a row only. #}
{% macro faults_are_listed() %}
    {%- set faults = transform_relation('spotify_faults') -%}
    {{ return(table_name_of(faults.schema, faults.identifier) in part_names(['model'])) }}
{% endmacro %}
