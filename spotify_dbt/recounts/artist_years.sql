-- What happened to each artist's songs in each UTC year.
-- columns: year BIGINT, artist_name VARCHAR, events BIGINT, total_plays BIGINT, total_skips BIGINT, total_pauses BIGINT
-- columns: playlist_adds BIGINT, streams BIGINT, completions BIGINT, heard_ms BIGINT, skip_rate DOUBLE, completion_rate DOUBLE
SELECT
    CAST(EXTRACT(YEAR FROM moment) AS BIGINT) AS year,
    artist_name,
    COUNT(*) AS events,
    COUNT_IF(event_type = 'play') AS total_plays,
    COUNT_IF(event_type = 'skip') AS total_skips,
    COUNT_IF(event_type = 'pause') AS total_pauses,
    COUNT_IF(event_type = 'add_to_playlist') AS playlist_adds,
    CAST(SUM(is_stream) AS BIGINT) AS streams,
    CAST(SUM(is_completed) AS BIGINT) AS completions,
    CAST(COALESCE(SUM(heard_ms), 0) AS BIGINT) AS heard_ms,
    CAST(COUNT_IF(event_type = 'skip') AS DOUBLE) / NULLIF(COUNT_IF(event_type = 'play'), 0) AS skip_rate,
    CAST(SUM(is_completed) AS DOUBLE) / NULLIF(COUNT_IF(event_type = 'play'), 0) AS completion_rate
FROM {{ _facts }} AS facts
GROUP BY EXTRACT(YEAR FROM moment), artist_name
