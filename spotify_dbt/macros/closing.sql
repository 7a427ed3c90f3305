{#
  How a batch closes: docs/decisions/0028-marts-and-closed-batches.md.

  prepare_ledger()         on-run-start: makes the two tables below where they are missing
  close_batch(results)     on-run-end: after a `dbt build` in which every enabled model, snapshot and data test ran and
                           none failed, writes both tables in one transaction; says otherwise why the batch stays open
  transform_ledger()       TRANSFORM.TRANSFORM_LEDGER, the objects of closed batches; none before the first run
  transform_parts()        TRANSFORM.TRANSFORM_PARTS, what the last closed batch was made by: a row for each event field
                           (`field`), mart (`mart`, a table of schema MART) and other table (`model`), and one for the mapping
                           (`mapping`) where there is one; none before the first run
  part_names(kinds)        names of those parts of the last closed batch, such as MART.TOP_SONGS
  asked_once(query)        the values of a query's only column, which is run once a run of dbt and not once a model
  tables_of_the_project()  the graph's nodes that become tables or views: models and snapshots
#}

{% macro prepare_ledger() %}
    {%- if execute and flags.WHICH in ['build', 'run', 'snapshot', 'test'] -%}
        create schema if not exists {{ transform_relation('transform_ledger').without_identifier() }};
        create table if not exists {{ transform_relation('transform_ledger') }} (
            object_key varchar not null,
            records bigint not null,
            first_timestamp timestamp not null,
            last_timestamp timestamp not null,
            transformed_at timestamp not null
        );
        create table if not exists {{ transform_relation('transform_parts') }} (
            kind varchar not null,
            name varchar not null,
            definition varchar,
            row_count bigint,
            closed_at timestamp not null
        );
        {{ note_fields_of_earlier_versions() }}
        {%- if flags.WHICH != 'test' %}
        {{ note_open_batch() }}
        {%- endif -%}
        {#- So that this run finds them, too. -#}
        {%- for identifier in ['transform_ledger', 'transform_parts'] if not load_cached_relation(transform_relation(identifier)) -%}
            {%- do adapter.cache_added(as_catalogued(transform_relation(identifier)).incorporate(type='table')) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{# The relation under the name by which dbt looks for it in what it knows of the catalogue. #}
{% macro as_catalogued(relation) %}
    {{ return(adapter.dispatch('as_catalogued')(relation)) }}
{% endmacro %}

{% macro default__as_catalogued(relation) %}
    {{ return(relation) }}
{% endmacro %}

{# Names without quotes are upper case there. #}
{% macro snowflake__as_catalogued(relation) %}
    {{ return(api.Relation.create(
        database=relation.database | upper, schema=relation.schema | upper, identifier=relation.identifier | upper
    )) }}
{% endmacro %}

{#
  A warehouse whose batches were closed by a version without TRANSFORM_PARTS has the fields of that version as columns.
  They are noted before this run adds any.
#}
{% macro note_fields_of_earlier_versions() %}
    {%- set judged = load_cached_relation(transform_relation('int_events_judged')) -%}
    {%- if judged and not part_names(['field']) -%}
        {#- By run_query, since adapter.get_columns_in_relation would begin a transaction that nobody ends. -#}
        {%- set found = run_query(
            "select lower(column_name) from information_schema.columns where upper(table_name) = 'INT_EVENTS_JUDGED' and upper(table_schema) = '"
            ~ judged.schema | upper ~ "'"
        ) -%}
        {%- set columns = found.columns[0].values() | list -%}
        {%- set rows = [] -%}
        {%- for field in event_fields() if field.name in columns -%}
            {%- do rows.append("('field', '%s', %s)" % (field.name, utc_now())) -%}
        {%- endfor -%}
        insert into {{ transform_relation('transform_parts') }} (kind, name, closed_at)
        values {{ rows | join(', ') }};
    {%- endif -%}
{% endmacro %}

{# Until a run closes the batch, marts may hold a part of it: marts_start_over. #}
{% macro note_open_batch() %}
        insert into {{ transform_relation('transform_parts') }} (kind, name, closed_at)
        select 'open' as kind, '{{ invocation_id }}' as name, {{ utc_now() }} as closed_at
        where not exists (select 1 from {{ transform_relation('transform_parts') }} where kind = 'open');
{% endmacro %}

{% macro close_batch(results) %}
    {%- set batch = ref('int_batch_objects') -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'snapshot'] -%}
        {%- set obstacles = obstacles_to_closing(results) -%}
        {%- if obstacles -%}
            {%- set others = ' and %d more' % (obstacles | length - 5) if obstacles | length > 5 else '' -%}
            {%- do exceptions.warn(
                'The batch stays open: ' ~ obstacles[:5] | join(', ') ~ others ~ '. The next `dbt build` does it again, whole, and closes it.'
            ) -%}
        {%- else -%}
            begin;
            {{ close_objects(batch) }};
            {{ replace_parts() }};
            commit;
            {{ drop_what_earlier_versions_made() }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{# Tables and views that this version does not make: verify names what no closed batch made. #}
{% macro drop_what_earlier_versions_made() %}
    {%- for identifier in ['int_batch_events', 'int_events_heard'] -%}
        {%- set relation = load_cached_relation(transform_relation(identifier)) -%}
        {%- if relation %}
            drop {{ relation.type }} if exists {{ relation }};
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{# What a run lacks to close its batch; empty when it lacks nothing. #}
{% macro obstacles_to_closing(results) %}
    {%- set obstacles = [] -%}
    {%- if flags.WHICH == 'build' and (flags.EMPTY or flags.SAMPLE) -%}
        {%- do obstacles.append('this run read a part of its input only') -%}
    {%- endif -%}
    {%- set ran = [] -%}
    {%- for result in results -%}
        {%- do ran.append(result.node.unique_id) -%}
        {%- if result.status not in ['success', 'pass', 'warn', 'no-op'] -%}
            {%- do obstacles.append('%s %s: %s' % (result.node.resource_type, result.node.name, result.status)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() | sort(attribute='unique_id')
            if node.resource_type in ['model', 'snapshot', 'test'] and node.config.enabled
            and node.config.materialized != 'ephemeral' and node.unique_id not in ran -%}
        {%- do obstacles.append('%s %s did not run' % (node.resource_type, node.name)) -%}
    {%- endfor -%}
    {{ return(obstacles) }}
{% endmacro %}

{% macro close_objects(batch) %}
    delete from {{ transform_relation('transform_ledger') }}
    where object_key in (select object_key from {{ batch }});

    insert into {{ transform_relation('transform_ledger') }} (object_key, records, first_timestamp, last_timestamp, transformed_at)
    select object_key, records, first_timestamp, last_timestamp, {{ utc_now() }}
    from {{ batch }}
{%- endmacro %}

{% macro replace_parts() %}
    {%- set parts = [] -%}
    {%- for field in event_fields() -%}
        {%- do parts.append("'field' as kind, '%s' as name, '%s' as definition, cast(null as bigint) as row_count" % (field.name, definition_of(field))) -%}
    {%- endfor -%}
    {%- if mapping_digest() -%}
        {%- do parts.append("'mapping' as kind, 'mapping' as name, '%s' as definition, cast(null as bigint) as row_count" % mapping_digest()) -%}
    {%- endif -%}
    {%- for node in tables_of_the_project() -%}
        {%- set is_mart = node.schema | upper == 'MART' -%}
        {%- set row_count = '(select count(*) from %s)' % node.relation_name if is_mart else 'cast(null as bigint)' -%}
        {%- do parts.append("'%s' as kind, '%s' as name, cast(null as varchar) as definition, %s as row_count" % (
            'mart' if is_mart else 'model', table_name_of(node.schema, node.alias), row_count
        )) -%}
    {%- endfor -%}
    delete from {{ transform_relation('transform_parts') }};

    insert into {{ transform_relation('transform_parts') }} (kind, name, definition, row_count, closed_at)
    select kind, name, definition, row_count, {{ utc_now() }}
    from (select {{ parts | join('\n        union all select ') }}) as parts
{%- endmacro %}

{% macro tables_of_the_project() %}
    {{ return(
        graph.nodes.values() | selectattr('resource_type', 'in', ['model', 'snapshot'])
        | selectattr('config.enabled') | rejectattr('config.materialized', 'equalto', 'ephemeral') | sort(attribute='unique_id') | list
    ) }}
{% endmacro %}

{% macro table_name_of(schema, identifier) %}
    {{ return((schema ~ '.' ~ identifier) | upper) }}
{% endmacro %}

{% macro transform_relation(identifier) %}
    {{ return(api.Relation.create(
        database=target.database, schema=generate_schema_name('TRANSFORM', none), identifier=identifier
    )) }}
{% endmacro %}

{% macro transform_ledger() %}
    {{ return(load_cached_relation(transform_relation('transform_ledger'))) }}
{% endmacro %}

{% macro transform_parts() %}
    {{ return(load_cached_relation(transform_relation('transform_parts'))) }}
{% endmacro %}

{% macro part_names(kinds) %}
    {%- set parts = transform_parts() if execute else none -%}
    {%- if not parts -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return(asked_once("select name from %s where kind in ('%s')" % (parts, kinds | join("', '")))) }}
{% endmacro %}

{#
  Every model asks the same of the warehouse, which is a round trip each on Snowflake. An answer that has rows does not
  change during a run, so it is kept beside the graph until the next run. Only a full refresh empties the ledger in its
  course: what goes by that asks works_on_everything.
#}
{% macro asked_once(query) %}
    {%- set answers = graph.setdefault('answers of ' ~ invocation_id, {}) -%}
    {%- if not answers.get(query) -%}
        {%- do answers.update({query: run_query(query).columns[0].values() | list}) -%}
    {%- endif -%}
    {{ return(answers[query]) }}
{% endmacro %}

{#
  dbt's own macro, with more reasons to build a table in full: everything is new; the last closed batch was made without this
  model, so that the rows of earlier batches may be missing (it was added, or disabled for a while); it follows changes, and
  has to start over.
#}
{% macro should_full_refresh() %}
    {%- set configured = config.get('full_refresh') -%}
    {%- if configured is not none -%}
        {{ return(configured) }}
    {%- endif -%}
    {%- if flags.FULL_REFRESH or not execute or model.config.materialized != 'incremental' -%}
        {{ return(flags.FULL_REFRESH) }}
    {%- endif -%}
    {#- Marts that follow changes start over where everything is new, too. -#}
    {%- set follows_changes = 'model.%s.int_heard_changes' % model.package_name in model.depends_on.nodes -%}
    {%- if (marts_start_over() if follows_changes else everything_is_new()) -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set known = part_names(['model', 'mart']) -%}
    {{ return(known | length > 0 and table_name_of(this.schema, this.identifier) not in known) }}
{% endmacro %}
