-- What holds now of each listener: what the latest session shows. Earlier states are those that runs of dbt happened to see.
-- columns: user_id VARCHAR, country VARCHAR, device_type VARCHAR
-- where: dbt_valid_to IS NULL
-- other rows: what an earlier run of dbt saw is only told here; none of these rows may be lost, and they follow each other
-- not proved: seen_at TIMESTAMP: the end of a session as the run saw it that wrote the row; the session may have gone on since
-- not proved: dbt_scd_id VARCHAR: dbt's own key; it is only unique
-- not proved: dbt_updated_at TIMESTAMP: when dbt ran is only told here; it is only the same as dbt_valid_from
-- not proved: dbt_valid_from TIMESTAMP: when dbt ran is only told here; it is only the same as dbt_updated_at
-- not proved: dbt_valid_to TIMESTAMP: when dbt ran is only told here; the next row of the listener only comes later
-- faults: _listener_history_faults
SELECT user_id, country, device_type
FROM {{ _listeners }} AS listeners
