{#
  The rules of docs/formats/event.md, one type at a time.

  read_field(members, field)   the field's value in its column's type; null when it is absent or breaks a rule
  read_fields(members)         all fields by read_field, each under its name
  field_fault(field)           `reason field` when the field breaks a rule, else null. Looks at the value that read_field
                               gave (in the column named as the field) first, so that a valid event costs little.
  first_fault()                the fault of the first field, in their order, that has one; null for a valid event
  all_faults()                 the faults of all fields in their order, each followed by a comma
#}

{% macro read_field(members, field) -%}
    {%- set word = member_word(members, field.name) -%}
    {%- if field.type == 'uuid' -%}
        case when {{ matches(word, '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}') }} then lower({{ word }}) end
    {%- elif field.type == 'choice' -%}
        case when {{ word }} in ('{{ field.choices | join("', '") }}') then {{ word }} end
    {%- elif field.type == 'country' -%}
        case when {{ matches(word, '[A-Z]{2}') }} then {{ word }} end
    {%- elif field.type == 'time' -%}
        {#- Most times are in UTC: without an offset, no time of these years is outside of them. -#}
        {#- The days beside 2000-2099 are those that an offset can bring into these years. -#}
        {%- set time = utc_timestamp(word) -%}
        case
            when {{ matches(word, '20[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?[Zz]') }} then {{ plain_timestamp('left(%s, length(%s) - 1)' % (word, word)) }}
            when not {{ matches(word, '(1999-12-31|20[0-9]{2}-[0-9]{2}-[0-9]{2}|2100-01-01)[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])') }} then null
            when {{ time }} >= cast('2000-01-01' as timestamp) and {{ time }} < cast('2100-01-01' as timestamp) then {{ time }}
        end
    {%- elif field.type == 'integer' -%}
        {%- set number = bigint_or_null(member_digits(members, field.name)) -%}
        case when {{ number }} between 0 and 9007199254740991 then {{ number }} end
    {%- elif field.required -%}
        nullif({{ member_string(members, field.name) }}, '')
    {%- else -%}
        {{ member_string(members, field.name) }}
    {%- endif -%}
{%- endmacro %}

{% macro read_fields(members) -%}
    {%- for field in event_fields() -%}
        {{ read_field(members, field) }} as {{ field.name }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro first_fault() -%}
    coalesce(
        {%- for field in event_fields() %}
            {{ field_fault(field) }}{{ ',' if not loop.last }}
        {%- endfor %}
        )
{%- endmacro %}

{% macro all_faults() -%}
    {%- for field in event_fields() -%}
        coalesce({{ field_fault(field) }} || ',', ''){{ '\n            || ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro field_fault(field) -%}
    {%- set rule_broken = {
        'uuid': 'bad_uuid', 'country': 'bad_country', 'time': 'bad_timestamp', 'integer': 'out_of_range',
        'text': 'empty_text', 'choice': 'unknown_' ~ field.name,
    }[field.type] -%}
    case
        when {{ field.name }} is not null then null
        when {{ member_is_absent('members', field.name) }} then {{ "'missing_field %s'" % field.name if field.required else 'null' }}
        when {% if field.type == 'integer' -%}
            {{ member_digits('members', field.name) }} is null
        {%- else -%}
            not {{ payload_has_string('payload', field.name) }}
        {%- endif %} then 'wrong_type {{ field.name }}'
        else '{{ rule_broken }} {{ field.name }}'
    end
{%- endmacro %}
