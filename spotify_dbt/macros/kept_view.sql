{#
  A view whose text depends on no data: made where it is missing, and again by a full refresh. Any other build sends no statement
  for it.
#}
{% materialization kept_view, default %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set view = this.incorporate(type='view') -%}
    {%- if existing is none or should_full_refresh() -%}
        {%- do drop_relation_if_exists(existing) -%}
        {%- call statement('main') -%}
            {{ get_create_view_as_sql(view, sql) }}
        {%- endcall -%}
        {%- do persist_docs(view, model) -%}
        {{ adapter.commit() }}
    {%- else -%}
        {%- call noop_statement('main', 'KEPT', 'KEPT') -%}{{ sql }}{%- endcall -%}
    {%- endif -%}
    {{ return({'relations': [view]}) }}
{% endmaterialization %}
