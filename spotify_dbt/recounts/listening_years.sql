-- What happened in each UTC year; days by their number since 1970, and streaks by where they begin and end.
-- columns: year BIGINT, events BIGINT, total_plays BIGINT, total_skips BIGINT, total_pauses BIGINT, playlist_adds BIGINT
-- columns: streams BIGINT, completions BIGINT, heard_ms BIGINT, songs BIGINT, artists BIGINT, days_played BIGINT
-- columns: longest_streak_days BIGINT, longest_streak_begins DATE, busiest_day DATE, busiest_day_plays BIGINT
-- columns: skip_rate DOUBLE, completion_rate DOUBLE
WITH
facts AS (
    SELECT facts.*, EXTRACT(YEAR FROM moment) AS year, FLOOR(at_ms / 86400000) AS day_number
    FROM {{ _facts }} AS facts
),
played AS (
    SELECT year, day, day_number, COUNT(*) AS plays
    FROM facts
    WHERE event_type = 'play'
    GROUP BY year, day, day_number
),
begins AS (
    SELECT
        played.year, played.day, played.day_number,
        LEAD(day_number) OVER (PARTITION BY year ORDER BY day_number) AS next_begin
    FROM (
        SELECT played.*, LAG(day_number) OVER (PARTITION BY year ORDER BY day_number) AS day_before
        FROM played
    ) AS played
    WHERE played.day_before IS NULL OR day_number - day_before > 1
),
streaks AS (
    SELECT begins.year, begins.day, COUNT(*) AS days
    FROM begins
    JOIN played
        ON
            played.year = begins.year
            AND played.day_number >= begins.day_number
            AND (begins.next_begin IS NULL OR played.day_number < begins.next_begin)
    GROUP BY begins.year, begins.day
),
most AS (
    SELECT year, MAX(plays) AS plays, COUNT(*) AS days
    FROM played
    GROUP BY year
),
longest AS (
    SELECT year, MAX(days) AS days
    FROM streaks
    GROUP BY year
),
busiest_days AS (
    SELECT played.year, MIN(played.day) AS day
    FROM played
    JOIN most ON most.year = played.year AND most.plays = played.plays
    GROUP BY played.year
),
longest_begins AS (
    SELECT streaks.year, MIN(streaks.day) AS day
    FROM streaks
    JOIN longest ON longest.year = streaks.year AND longest.days = streaks.days
    GROUP BY streaks.year
),
counted AS (
    SELECT
        year,
        COUNT(DISTINCT CASE WHEN event_type = 'play' THEN song_id END) AS songs,
        COUNT(DISTINCT CASE WHEN event_type = 'play' THEN artist_name END) AS artists,
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
    FROM facts
    GROUP BY year
)
SELECT
    CAST(counted.year AS BIGINT) AS year,
    counted.events,
    counted.total_plays,
    counted.total_skips,
    counted.total_pauses,
    counted.playlist_adds,
    counted.streams,
    counted.completions,
    counted.heard_ms,
    counted.songs,
    counted.artists,
    COALESCE(most.days, 0) AS days_played,
    COALESCE(longest.days, 0) AS longest_streak_days,
    longest_begins.day AS longest_streak_begins,
    busiest_days.day AS busiest_day,
    COALESCE(most.plays, 0) AS busiest_day_plays,
    counted.skip_rate,
    counted.completion_rate
FROM counted
LEFT JOIN most ON most.year = counted.year
LEFT JOIN longest ON longest.year = counted.year
LEFT JOIN longest_begins ON longest_begins.year = counted.year
LEFT JOIN busiest_days ON busiest_days.year = counted.year
