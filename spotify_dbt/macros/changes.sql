{#
  How marts of listening follow a batch without counting whole days again: docs/decisions/0072-marts-follow-changes.md.

  int_heard_changes holds the rows of int_heard_events that a batch takes away (sign -1) and adds (sign 1). A mart that is
  the state of the last closed batch becomes that of this one when its touched keys are changed by those rows. Where
  that state is not available, the marts start over: they are counted from all rows of int_heard_events.

  changes_can_be_told()          whether that state is available, before anything of it is changed
  marts_start_over()             whether they start over in this run
  follows_changes()              the same of a model that is a plain table and reads what it was: whether it follows changes
  changes()                      the changes, as a relation; none that another run made
  changed_listeners()            since when the batch changes something of a listener's day, as a relation
  changed_sessions()             keys of the rows of listener_sessions that it changes, as a relation
  counted(keys, ...)             CTEs that end in `counted`: one row a key, by all events or by the changes of the batch
  on_same(one, other, columns)   join condition: equal in all columns, none of which is null
  same_session(one, other)       join condition: events of one listener, day and session_id
#}

{% macro changes_can_be_told() %}
    {%- if works_on_everything() -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set heard = transform_relation('int_heard_events') -%}
    {%- if not load_cached_relation(heard) -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set known = part_names(['model']) -%}
    {%- for identifier in ['int_heard_changes', 'int_heard_events'] if table_name_of(heard.schema, identifier) not in known -%}
        {{ return(false) }}
    {%- endfor -%}
    {#- A run that did not close its batch may have changed some marts and others not. -#}
    {{ return(part_names(['open']) | reject('equalto', invocation_id) | list | length == 0) }}
{% endmacro %}

{#
  Models ask at any moment of a run, and all must be told the same. So it is int_heard_changes that says it, by its row with
  the sign 0, and not what changes during the run. Of a model that runs without it, nothing is told: it starts over.
#}
{% macro marts_start_over() %}
    {%- set told = transform_relation('int_heard_changes') -%}
    {%- if not execute or not load_cached_relation(told) -%}
        {{ return(true) }}
    {%- endif -%}
    {{ return('continues' not in asked_once("select event_type from %s where made_by = '%s' and sign = 0" % (told, invocation_id))) }}
{% endmacro %}

{% macro follows_changes() %}
    {{ return(
        not marts_start_over() and load_cached_relation(this) is not none
        and table_name_of(this.schema, this.identifier) in part_names(['mart', 'model'])
    ) }}
{% endmacro %}

{% macro changes() -%}
    (select * from {{ ref('int_heard_changes') }} where made_by = '{{ invocation_id }}' and sign <> 0)
{%- endmacro %}

{% macro changed_listeners() -%}
    (select day, user_id, min(timestamp) as from_at from {{ changes() }} as changes group by day, user_id)
{%- endmacro %}

{% macro changed_sessions() -%}
    (
        select sessions.day, sessions.user_id, sessions.session_key
        from {{ this }} as sessions
        inner join {{ changed_listeners() }} as changed
            on
                sessions.day = changed.day
                and sessions.user_id = changed.user_id
                and sessions.ended_at >= changed.from_at
    )
{%- endmacro %}

{#
  keys       name: expression over int_heard_events
  counts     names of listening_counts
  smallest   columns of which the smallest value of a key is shown
  distinct   name: column of which the different values of a key are counted

  By changes:
    1. `moves` sums the signed rows of each touched key.
    2. A key of which rows were taken away is looked up among all events: it may be gone, or its smallest value may be.
    3. Different values are counted by (key, value): how many events have it now, and had before.
    4. What the mart holds and what moved are summed.
#}
{% macro counted(keys, counts, smallest=[], distinct={}) -%}
    {%- set heard, changes = ref('int_heard_events'), changes() -%}
    {%- set names = keys | list -%}
    {%- if is_incremental() -%}
        {{ counted_by_changes(keys, names, counts, smallest, distinct, heard, changes) }}
    {%- else -%}
counted as (
    select
        {%- for name, value in keys.items() %}
        {{ value }} as {{ name }},
        {%- endfor %}
        {%- for name in smallest %}
        min({{ name }}) as {{ name }},
        {%- endfor %}
        {%- for name, value in distinct.items() %}
        count(distinct {{ value }}) as {{ name }},
        {%- endfor %}
        {{ listening_counts(counts) }}
    from {{ heard }}
    group by {{ keys.values() | join(', ') }}
)
    {%- endif -%}
{%- endmacro %}

{% macro counted_by_changes(keys, names, counts, smallest, distinct, heard, changes) -%}
    {%- set key = names | join(', ') -%}
    {%- set keys_apart -%}
        {%- for name, value in keys.items() if name != value -%}
            , {{ value }} as {{ name }}
        {%- endfor -%}
    {%- endset -%}
    {#- Not a CTE: what is read more than once is copied by DuckDB. What has no match is asked by `not exists`: DuckDB 2.0.0 loses
        rows where one `left join ... where ... is null` reads another. -#}
    {%- set all_events = '(select *%s from %s) as heard' % (keys_apart, heard) -%}
changed as (
    select * {{- keys_apart }}
    from {{ changes }} as changes
),

moves as (
    select
        {{ key }},
        sum(sign) as events_more,
        {{ listening_counts(counts, signed=true) }}
    from changed
    group by {{ key }}
),

gone as (
    select {{ columns_of(names, 'moves') }}
    from moves
    where
        moves.events_more < 0
        and not exists (select 1 from {{ all_events }} where {{ on_same('moves', 'heard', names) }})
),
{% if smallest %}
lost as (
    select {{ key }}
    from (
        select {{ key }}, {{ smallest | join(', ') }}, sum(sign) as events_more
        from changed
        group by {{ key }}, {{ smallest | join(', ') }}
    ) as by_name
    where events_more < 0
    group by {{ key }}
),

shown as (
    select {{ columns_of(names, 'before') }}, {{ columns_of(smallest, 'before') }}
    from {{ this }} as before
    inner join moves on {{ on_same('before', 'moves', names) }}
    where not exists (select 1 from lost where {{ on_same('before', 'lost', names) }})

    union all

    select {{ key }}, {{ smallest | join(', ') }}
    from changed
    where sign > 0

    union all

    select {{ columns_of(names, 'heard') }}, {{ columns_of(smallest, 'heard') }}
    from {{ all_events }}
    inner join lost on {{ on_same('heard', 'lost', names) }}
),

smallest as (
    select
        {{ key }},
        {%- for name in smallest %}
        min({{ name }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from shown
    group by {{ key }}
),
{% endif %}
{%- for name, value in distinct.items() %}
{%- set pair = names + [value] %}
{{ name }}_moved as (
    select {{ pair | join(', ') }}, sum(sign) as events_more
    from changed
    group by {{ pair | join(', ') }}
),

{{ name }}_now as (
    select {{ columns_of(pair, 'heard') }}, count(*) as events
    from {{ all_events }}
    inner join {{ name }}_moved as moved on {{ on_same('heard', 'moved', pair) }}
    group by {{ columns_of(pair, 'heard') }}
),

{{ name }}_more as (
    select
        {{ columns_of(names, 'moved') }},
        sum(
            case when coalesce(found.events, 0) > 0 then 1 else 0 end
            - case when coalesce(found.events, 0) > moved.events_more then 1 else 0 end
        ) as {{ name }}
    from {{ name }}_moved as moved
    left join {{ name }}_now as found on {{ on_same('moved', 'found', pair) }}
    group by {{ columns_of(names, 'moved') }}
),
{% endfor %}
counted as (
    select
        {{ columns_of(names, 'moves') }}
        {%- for name in smallest %},
        smallest.{{ name }}
        {%- endfor %}
        {%- for name in distinct %},
        cast(coalesce(before.{{ name }}, 0) + {{ name }}_more.{{ name }} as bigint) as {{ name }}
        {%- endfor %}
        {%- for name in counts %},
        cast(coalesce(before.{{ name }}, 0) + moves.{{ name }} as bigint) as {{ name }}
        {%- endfor %}
    from moves
    left join {{ this }} as before on {{ on_same('moves', 'before', names) }}
    {%- if smallest %}
    left join smallest on {{ on_same('moves', 'smallest', names) }}
    {%- endif %}
    {%- for name in distinct %}
    left join {{ name }}_more on {{ on_same('moves', name ~ '_more', names) }}
    {%- endfor %}
    where not exists (select 1 from gone where {{ on_same('moves', 'gone', names) }})
)
{%- endmacro %}

{% macro on_same(one, other, columns) -%}
    {%- for column in columns -%}
        {{ one }}.{{ column }} = {{ other }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro same_session(one, other) -%}
    {{ one }}.day = {{ other }}.day
    and {{ one }}.user_id = {{ other }}.user_id
    and {{ one }}.session_id is not distinct from {{ other }}.session_id
{%- endmacro %}
