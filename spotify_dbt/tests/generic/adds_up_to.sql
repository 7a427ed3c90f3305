{#-
  Day by day the sums of a mart of listening are those of another one, kind by kind. Looks at the days of the batch.
-#}
{% test adds_up_to(model, mart) %}
{%- set counts = ['total_plays', 'total_skips', 'playlist_adds'] %}
with sums as (
    {%- for relation in [model, ref(mart)] %}
    select
        day
        {%- for name in counts %},
        sum({{ name }}) as {{ name }}
        {%- endfor %}
    from {{ relation }}
    where {{ tested('day', ref('int_dirty_days'), 'day') }}
    group by day
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}
)

select day
from sums
group by day
having
    count(*) <> 2
    {%- for name in counts %}
    or min({{ name }}) <> max({{ name }})
    {%- endfor %}
{% endtest %}
