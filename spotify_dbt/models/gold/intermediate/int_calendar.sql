-- Each UTC day of a century. MetricFlow asks for a calendar without holes where a metric runs over time (models/gold/metrics.yml);
-- no mart reads it.

{{ config(materialized='kept_view', access='public') }}

with days as ({{ dbt.generate_series(36525) }})

select cast({{ dbt.dateadd('day', 'cast(generated_number as integer) - 1', "cast('2000-01-01' as date)") }} as date) as day
from days
