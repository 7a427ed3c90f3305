-- What holds now of each listener: what the latest session shows. Earlier states are those that runs of dbt happened to see.
-- where: dbt_valid_to IS NULL
-- but for: seen_at, dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to
SELECT user_id, country, device_type
FROM (
    SELECT
        sessions.*,
        ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY ended_at DESC, started_at DESC, session_key ASC) AS from_latest
    FROM {{ listener_sessions }} AS sessions
) AS ranked
WHERE from_latest = 1
