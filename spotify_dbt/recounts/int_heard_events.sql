-- Every kept event, with what was heard of each play and where sessions begin and end.
-- table: TRANSFORM.INT_HEARD_EVENTS
-- columns: day DATE, timestamp TIMESTAMP, event_type VARCHAR, user_id VARCHAR, session_id VARCHAR, song_id VARCHAR
-- columns: song_name VARCHAR, artist_name VARCHAR, device_type VARCHAR, country VARCHAR, position_ms BIGINT, heard_ms BIGINT
-- columns: is_stream BOOLEAN, is_completed BOOLEAN, begins_session BOOLEAN, ends_session BOOLEAN
WITH neighbours AS (
    SELECT
        facts.*,
        LAG(at_ms) OVER (PARTITION BY day, user_id, session_id ORDER BY moment, kafka_offset, kafka_partition, topic_id) AS before_ms,
        LEAD(at_ms) OVER (PARTITION BY day, user_id, session_id ORDER BY moment, kafka_offset, kafka_partition, topic_id) AS after_ms
    FROM {{ _facts }} AS facts
)
SELECT
    day,
    moment AS timestamp,
    event_type, user_id, session_id, song_id, song_name, artist_name, device_type, country,
    position_ms, heard_ms,
    is_stream = 1 AS is_stream,
    is_completed = 1 AS is_completed,
    session_id IS NULL AND (before_ms IS NULL OR at_ms - before_ms > 1800000) AS begins_session,
    after_ms IS NULL OR (session_id IS NULL AND after_ms - at_ms > 1800000) AS ends_session
FROM neighbours
