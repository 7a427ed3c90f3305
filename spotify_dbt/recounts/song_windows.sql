-- Plays and skips of each song in the hours before the newest one, by the number of hours since 1970; of several names the smallest.
-- columns: window_hours BIGINT, song_id VARCHAR, song_name VARCHAR, artist_name VARCHAR, plays BIGINT, skips BIGINT
-- columns: plays_before BIGINT, change DOUBLE
WITH
events AS (
    SELECT song_id, song_name, artist_name, event_type, FLOOR(epoch_ms(timestamp) / 3600000) AS hour_number
    FROM TRANSFORM.SPOTIFY_SILVER
),
objects AS (
    SELECT object_key FROM TRANSFORM.SPOTIFY_SILVER
    UNION
    SELECT object_key FROM TRANSFORM.SPOTIFY_DUPLICATES
    UNION
    SELECT object_key FROM TRANSFORM.SPOTIFY_REJECTED
),
came AS (
    SELECT
        FLOOR(epoch_ms(MAX(ledger.last_timestamp)) / 3600000) AS record_hour,
        FLOOR(epoch_ms(MAX(ledger.loaded_at)) / 3600000) AS load_hour
    FROM BRONZE.LOAD_LEDGER AS ledger
    JOIN objects ON objects.object_key = ledger.object_key
),
newest AS (
    SELECT MAX(events.hour_number) AS last_hour
    FROM events
    CROSS JOIN came
    WHERE events.hour_number <= came.record_hour AND events.hour_number <= came.load_hour
),
windows AS (
    SELECT 24 AS hours UNION ALL SELECT 168 AS hours UNION ALL SELECT 672 AS hours
),
names AS (
    SELECT song_id, MIN(song_name) AS song_name, MIN(artist_name) AS artist_name
    FROM events
    GROUP BY song_id
),
counted AS (
    SELECT
        windows.hours,
        events.song_id,
        COUNT_IF(events.event_type = 'play' AND events.hour_number > newest.last_hour - windows.hours) AS plays,
        COUNT_IF(events.event_type = 'skip' AND events.hour_number > newest.last_hour - windows.hours) AS skips,
        COUNT_IF(events.event_type = 'play' AND events.hour_number <= newest.last_hour - windows.hours) AS plays_before
    FROM events
    CROSS JOIN newest
    CROSS JOIN windows
    WHERE events.hour_number <= newest.last_hour AND events.hour_number > newest.last_hour - 2 * windows.hours
    GROUP BY windows.hours, events.song_id
)
SELECT
    CAST(counted.hours AS BIGINT) AS window_hours,
    counted.song_id,
    names.song_name,
    names.artist_name,
    counted.plays,
    counted.skips,
    counted.plays_before,
    CAST(counted.plays - counted.plays_before AS DOUBLE) / NULLIF(counted.plays_before, 0) AS change
FROM counted
JOIN names ON names.song_id = counted.song_id
WHERE counted.plays > 0 OR counted.skips > 0 OR counted.plays_before > 0
