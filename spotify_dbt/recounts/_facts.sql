-- Every kept event with its time in milliseconds, and what was heard of each play (docs/formats/mart-tables.md).
-- Sums are cast to integers: their own type, and so their text, differs between warehouses.
WITH
kept AS (
    SELECT
        CAST(timestamp AS DATE) AS day,
        epoch_ms(timestamp) AS at_ms,
        timestamp AS moment,
        event_type, user_id, session_id, song_id, song_name, artist_name, device_type, country, position_ms, duration_ms,
        kafka_offset, kafka_partition, topic_id
    FROM TRANSFORM.SPOTIFY_SILVER
),
moves AS (
    SELECT
        kept.*,
        LEAD(event_type) OVER (PARTITION BY day, user_id, session_id ORDER BY moment, kafka_offset, kafka_partition, topic_id) AS next_type,
        LEAD(song_id) OVER (PARTITION BY day, user_id, session_id ORDER BY moment, kafka_offset, kafka_partition, topic_id) AS next_song,
        LEAD(position_ms) OVER (PARTITION BY day, user_id, session_id ORDER BY moment, kafka_offset, kafka_partition, topic_id) AS next_position,
        LEAD(at_ms) OVER (PARTITION BY day, user_id, session_id ORDER BY moment, kafka_offset, kafka_partition, topic_id) AS next_ms
    FROM kept
    WHERE event_type <> 'add_to_playlist'
),
plays AS (
    SELECT
        moves.*,
        COALESCE(position_ms, 0) AS begin_ms,
        COALESCE(next_ms, epoch_ms(CAST(day AS TIMESTAMP)) + 86400000) - at_ms AS passed_ms,
        CASE
            WHEN next_type IN ('pause', 'skip') AND next_song = song_id AND next_position IS NOT NULL THEN next_position
            ELSE duration_ms
        END AS until_ms
    FROM moves
    WHERE event_type = 'play'
),
heard AS (
    SELECT
        plays.*,
        CASE
            WHEN until_ms IS NULL THEN NULL
            WHEN until_ms < begin_ms THEN 0
            WHEN until_ms - begin_ms < passed_ms THEN until_ms - begin_ms
            ELSE passed_ms
        END AS heard_ms
    FROM plays
)
SELECT
    day, at_ms, moment, event_type, user_id, session_id, song_id, song_name, artist_name, device_type, country,
    kafka_offset, kafka_partition, topic_id, position_ms, heard_ms,
    CASE WHEN begin_ms < 30000 AND begin_ms + heard_ms >= 30000 THEN 1 ELSE 0 END AS is_stream,
    CASE WHEN begin_ms + heard_ms >= duration_ms THEN 1 ELSE 0 END AS is_completed
FROM heard
UNION ALL
SELECT
    day, at_ms, moment, event_type, user_id, session_id, song_id, song_name, artist_name, device_type, country,
    kafka_offset, kafka_partition, topic_id, position_ms, NULL, 0, 0
FROM kept
WHERE event_type <> 'play'
