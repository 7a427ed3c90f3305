{#- One scan for many columns: each dbt test is a query and some 50 ms of dbt of its own. -#}
{% test columns_not_null(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
where {{ columns | join(' is null or ') }} is null
{% endtest %}
