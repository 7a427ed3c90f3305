-- Skips by how far into the song they happened, in steps of ten seconds up to five minutes.
-- columns: second_from BIGINT, second_to BIGINT, skips BIGINT, share DOUBLE
WITH
placed AS (
    SELECT position_ms
    FROM TRANSFORM.SPOTIFY_SILVER
    WHERE event_type = 'skip' AND position_ms IS NOT NULL
),
whole AS (
    SELECT COUNT(*) AS skips
    FROM placed
),
digits AS (
    SELECT 0 AS digit UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
    UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9
),
steps AS (
    SELECT 10 * (10 * tens.digit + ones.digit) AS second
    FROM digits AS tens
    CROSS JOIN digits AS ones
    WHERE 10 * tens.digit + ones.digit <= 30
),
counted AS (
    SELECT steps.second, COUNT(placed.position_ms) AS skips
    FROM steps
    LEFT JOIN placed
        ON placed.position_ms >= 1000 * steps.second AND (placed.position_ms < 1000 * (steps.second + 10) OR steps.second = 300)
    GROUP BY steps.second
)
SELECT
    CAST(counted.second AS BIGINT) AS second_from,
    CASE WHEN counted.second < 300 THEN CAST(counted.second + 10 AS BIGINT) END AS second_to,
    counted.skips,
    CAST(counted.skips AS DOUBLE) / whole.skips AS share
FROM counted
CROSS JOIN whole
WHERE whole.skips > 0
