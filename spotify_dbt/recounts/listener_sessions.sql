-- Sessions by session_id; events without one belong together until a pause of more than 30 minutes.
-- columns: day DATE, user_id VARCHAR, session_key VARCHAR, session_id VARCHAR, started_at TIMESTAMP, ended_at TIMESTAMP
-- columns: duration_ms BIGINT, device_type VARCHAR, country VARCHAR, events BIGINT, songs BIGINT, total_plays BIGINT
-- columns: total_skips BIGINT, playlist_adds BIGINT, streams BIGINT, heard_ms BIGINT
WITH
before AS (
    SELECT
        facts.*,
        LAG(at_ms) OVER (PARTITION BY day, user_id, session_id ORDER BY moment, kafka_offset, kafka_partition, topic_id) AS before_ms
    FROM {{ _facts }} AS facts
),
begun AS (
    SELECT before.*, CASE WHEN before_ms IS NULL OR at_ms - before_ms > 1800000 THEN 1 ELSE 0 END AS begins
    FROM before
),
numbered AS (
    SELECT
        begun.*,
        CAST(SUM(begins) OVER (
            PARTITION BY day, user_id, session_id
            ORDER BY moment, kafka_offset, kafka_partition, topic_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS BIGINT) AS gap_number
    FROM begun
),
keyed AS (
    SELECT
        numbered.*,
        CASE WHEN session_id IS NULL THEN 'gap:' || CAST(gap_number AS VARCHAR) ELSE 'id:' || session_id END AS session_key
    FROM numbered
),
ranked AS (
    SELECT
        keyed.*,
        ROW_NUMBER() OVER (
            PARTITION BY day, user_id, session_key
            ORDER BY moment DESC, kafka_offset DESC, kafka_partition DESC, topic_id DESC
        ) AS from_last
    FROM keyed
)
SELECT
    day,
    user_id,
    session_key,
    MAX(session_id) AS session_id,
    MIN(moment) AS started_at,
    MAX(moment) AS ended_at,
    MAX(at_ms) - MIN(at_ms) AS duration_ms,
    MAX(CASE WHEN from_last = 1 THEN device_type END) AS device_type,
    MAX(CASE WHEN from_last = 1 THEN country END) AS country,
    COUNT(DISTINCT song_id) AS songs,
    COUNT(*) AS events,
    COUNT_IF(event_type = 'play') AS total_plays,
    COUNT_IF(event_type = 'skip') AS total_skips,
    COUNT_IF(event_type = 'add_to_playlist') AS playlist_adds,
    CAST(SUM(is_stream) AS BIGINT) AS streams,
    CAST(COALESCE(SUM(heard_ms), 0) AS BIGINT) AS heard_ms
FROM ranked
GROUP BY day, user_id, session_key
