-- Rows that no run of dbt writes, whatever it saw: why, and which.
SELECT
    CASE
        WHEN missing = 1 THEN 'a column is NULL'
        WHEN of_this_id > 1 THEN 'its dbt_scd_id is not unique'
        WHEN dbt_updated_at <> dbt_valid_from THEN 'dbt_updated_at is not dbt_valid_from'
        WHEN dbt_valid_to < dbt_valid_from THEN 'it ends before it begins'
        ELSE 'it still holds when the next row of the listener begins'
    END AS fault,
    user_id, dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to
FROM (
    SELECT
        history.*,
        CASE
            WHEN
                user_id IS NULL OR country IS NULL OR device_type IS NULL OR seen_at IS NULL OR dbt_scd_id IS NULL
                OR dbt_updated_at IS NULL OR dbt_valid_from IS NULL
                THEN 1
            ELSE 0
        END AS missing,
        COUNT(*) OVER (PARTITION BY dbt_scd_id) AS of_this_id,
        LEAD(dbt_valid_from) OVER (PARTITION BY user_id ORDER BY dbt_valid_from, dbt_valid_to) AS next_from
    FROM MART.LISTENER_HISTORY AS history
) AS looked_at
WHERE
    missing = 1
    OR of_this_id > 1
    OR dbt_updated_at <> dbt_valid_from
    OR dbt_valid_to < dbt_valid_from
    OR (next_from IS NOT NULL AND (dbt_valid_to IS NULL OR dbt_valid_to > next_from))
