{#-
  Columns that are never null, and columns with a list of values: one scan for all of them, since each test is a query
  and some 50 ms of dbt of its own. Looks at the rows whose `key` is in `scope`.
-#}
{% test columns_valid(model, scope, key, filled=[], choices={}) %}
{%- set faults = [] -%}
{%- for column in filled -%}
    {%- do faults.append(column ~ ' is null') -%}
{%- endfor -%}
{%- for column, values in choices.items() -%}
    {%- do faults.append(column ~ " not in ('" ~ values | join("', '") ~ "')") -%}
{%- endfor %}
select *
from {{ model }}
where
    {{ tested(key, ref(scope), key) }}
    and ({{ faults | join('\n        or ') }})
{% endtest %}
