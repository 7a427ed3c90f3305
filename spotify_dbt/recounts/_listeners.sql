-- Each listener as the latest session shows them.
SELECT user_id, country, device_type, ended_at AS seen_at
FROM (
    SELECT
        sessions.*,
        ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY ended_at DESC, started_at DESC, session_key ASC) AS from_latest
    FROM {{ listener_sessions }} AS sessions
) AS ranked
WHERE from_latest = 1
