-- One row a stretch of ten seconds of a song, over all songs and days; what lies behind five minutes is one stretch. A skip
-- that does not say where it happened is in none.

{%- set step_s = 10 %}
{%- set last_s = 300 %}

{{ config(materialized='table') }}

{%- set heard, changes = ref('int_heard_events'), changes() %}

with skipped as (
    {% if follows_changes() -%}
    select second_from, skips
    from {{ this }}

    union all

    {% endif -%}
    select
        cast(floor(least(position_ms, {{ last_s * 1000 }}) / {{ step_s * 1000 }}) * {{ step_s }} as bigint) as second_from,
        {{ 'sign' if follows_changes() else '1' }} as skips
    from {{ changes ~ ' as changes' if follows_changes() else heard }}
    where event_type = 'skip' and position_ms is not null
),

counted as (
    select
        second_from,
        cast(sum(skips) as bigint) as skips
    from skipped
    group by second_from
),

total as (
    select sum(skips) as skips
    from counted
),

stretches as (
    {%- for second in range(0, last_s + step_s, step_s) %}
    select cast({{ second }} as bigint) as second_from
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    stretches.second_from,
    case when stretches.second_from < {{ last_s }} then stretches.second_from + {{ step_s }} end as second_to,
    coalesce(counted.skips, 0) as skips,
    {{ share('coalesce(counted.skips, 0)', 'total.skips') }} as share
from stretches
left join counted on stretches.second_from = counted.second_from
cross join total
where total.skips > 0
