-- Hours of the lake: what its objects hold by the loader's ledger, and what became of their rows.
-- columns: day DATE, hour TIMESTAMP, objects BIGINT, records_expected BIGINT, records BIGINT, kept BIGINT
-- columns: duplicates BIGINT, rejected_by_sink BIGINT, rejected_by_silver BIGINT, skewed_events BIGINT
-- columns: lateness_ms_max BIGINT, is_complete BOOLEAN
WITH
fates AS (
    SELECT
        object_key, 1 AS kept, 0 AS duplicates, 0 AS by_sink, 0 AS by_silver,
        CASE WHEN FLOOR(epoch_ms(timestamp) / 3600000) <> FLOOR(epoch_ms(kafka_timestamp) / 3600000) THEN 1 ELSE 0 END AS skewed,
        epoch_ms(kafka_timestamp) - epoch_ms(timestamp) AS late_ms
    FROM TRANSFORM.SPOTIFY_SILVER
    UNION ALL
    SELECT object_key, 0, 1, 0, 0, 0, NULL
    FROM TRANSFORM.SPOTIFY_DUPLICATES
    UNION ALL
    SELECT
        object_key, 0, 0, CASE WHEN rejected_by = 'sink' THEN 1 ELSE 0 END, CASE WHEN rejected_by = 'silver' THEN 1 ELSE 0 END, 0, NULL
    FROM TRANSFORM.SPOTIFY_REJECTED
),
of_objects AS (
    SELECT
        object_key, SUM(kept) AS kept, SUM(duplicates) AS duplicates, SUM(by_sink) AS by_sink, SUM(by_silver) AS by_silver,
        SUM(skewed) AS skewed, MAX(late_ms) AS late_ms
    FROM fates
    GROUP BY object_key
),
objects AS (
    SELECT DATE_TRUNC('hour', first_timestamp) AS hour, ledger.records AS expected, of_objects.*
    FROM BRONZE.LOAD_LEDGER AS ledger
    JOIN of_objects ON of_objects.object_key = ledger.object_key
)
SELECT
    CAST(hour AS DATE) AS day,
    hour,
    COUNT(*) AS objects,
    CAST(SUM(expected) AS BIGINT) AS records_expected,
    CAST(SUM(kept + duplicates + by_sink + by_silver) AS BIGINT) AS records,
    CAST(SUM(kept) AS BIGINT) AS kept,
    CAST(SUM(duplicates) AS BIGINT) AS duplicates,
    CAST(SUM(by_sink) AS BIGINT) AS rejected_by_sink,
    CAST(SUM(by_silver) AS BIGINT) AS rejected_by_silver,
    CAST(SUM(skewed) AS BIGINT) AS skewed_events,
    CAST(MAX(late_ms) AS BIGINT) AS lateness_ms_max,
    SUM(expected) = SUM(kept + duplicates + by_sink + by_silver) AS is_complete
FROM objects
GROUP BY hour
