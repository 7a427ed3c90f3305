{#-
  No two rows with the same values; looks at the keys that the batch touched, as `scope` and `key` say.
-#}
{% test unique_together(model, columns, scope=none, key=none) %}
select {{ columns | join(', ') }}, count(*) as rows_found
from {{ model }}
{% if scope -%}
where {{ tested(key, ref(scope), key) }}
{%- endif %}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
