-- What happened in each hour of the events' own time, by country and device.
-- columns: day DATE, hour TIMESTAMP, country VARCHAR, device_type VARCHAR, events BIGINT, total_plays BIGINT
-- columns: total_skips BIGINT, total_pauses BIGINT, playlist_adds BIGINT, streams BIGINT, completions BIGINT
-- columns: heard_ms BIGINT, unique_listeners BIGINT, skip_rate DOUBLE, completion_rate DOUBLE
SELECT
    day,
    DATE_TRUNC('hour', moment) AS hour,
    country,
    device_type,
    COUNT(*) AS events,
    COUNT_IF(event_type = 'play') AS total_plays,
    COUNT_IF(event_type = 'skip') AS total_skips,
    COUNT_IF(event_type = 'pause') AS total_pauses,
    COUNT_IF(event_type = 'add_to_playlist') AS playlist_adds,
    CAST(SUM(is_stream) AS BIGINT) AS streams,
    CAST(SUM(is_completed) AS BIGINT) AS completions,
    CAST(COALESCE(SUM(heard_ms), 0) AS BIGINT) AS heard_ms,
    COUNT(DISTINCT user_id) AS unique_listeners,
    CAST(COUNT_IF(event_type = 'skip') AS DOUBLE) / NULLIF(COUNT_IF(event_type = 'play'), 0) AS skip_rate,
    CAST(SUM(is_completed) AS DOUBLE) / NULLIF(COUNT_IF(event_type = 'play'), 0) AS completion_rate
FROM {{ _facts }} AS facts
GROUP BY day, DATE_TRUNC('hour', moment), country, device_type
