-- What the snapshot looks at: each listener as the latest session shows them.
-- table: TRANSFORM.INT_LISTENERS
-- columns: user_id VARCHAR, country VARCHAR, device_type VARCHAR, seen_at TIMESTAMP
SELECT user_id, country, device_type, seen_at
FROM {{ _listeners }} AS listeners
