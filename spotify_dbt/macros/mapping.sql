{#
  A mapping makes events of payloads that are none: docs/formats/mapping.md. `spotify-pipeline transform --mapping FILE`
  compiles it and passes it on in the environment. It is asked for while a run works, not while dbt reads the project, which
  therefore need not be read again for another mapping.

  mapping_sql()      common table expressions from `arrived` to `mapped`; empty where events come as they are
  mapping_digest()   what the mapping says, in 64 hex digits; empty where there is none
  check_mapping()    fails when closed batches were judged by another mapping than this run's
#}

{% macro mapping_sql() %}
    {{ return(env_var('SDP_MAPPING_SQL', '') if execute else '') }}
{% endmacro %}

{% macro mapping_digest() %}
    {{ return(env_var('SDP_MAPPING_DIGEST', '') if execute else '') }}
{% endmacro %}

{% macro check_mapping() %}
    {%- set known = run_query("select definition from " ~ transform_parts() ~ " where kind = 'mapping'").columns[0].values() | list -%}
    {%- if (known[0] if known else '') != mapping_digest() -%}
        {%- do exceptions.raise_compiler_error(
            'Earlier batches were judged ' ~ ('by the mapping ' ~ known[0][:12] if known else 'without a mapping') ~ ', and this run has '
            ~ ('the mapping ' ~ mapping_digest()[:12] if mapping_digest() else 'none')
            ~ '. Set the mapping of before, or judge all rows again: `spotify-pipeline transform --full-refresh`'
            ~ (' with --mapping.' if mapping_digest() else '.')
        ) -%}
    {%- endif -%}
{% endmacro %}
