-- Plays and skips by weekday and hour of the day, from milliseconds since 1970, which began on a Thursday.
-- columns: weekday BIGINT, hour BIGINT, plays BIGINT, skips BIGINT
SELECT
    CAST(MOD(FLOOR(epoch_ms(timestamp) / 86400000) + 3, 7) + 1 AS BIGINT) AS weekday,
    CAST(MOD(FLOOR(epoch_ms(timestamp) / 3600000), 24) AS BIGINT) AS hour,
    COUNT_IF(event_type = 'play') AS plays,
    COUNT_IF(event_type = 'skip') AS skips
FROM TRANSFORM.SPOTIFY_SILVER
WHERE event_type IN ('play', 'skip')
GROUP BY MOD(FLOOR(epoch_ms(timestamp) / 86400000) + 3, 7), MOD(FLOOR(epoch_ms(timestamp) / 3600000), 24)
