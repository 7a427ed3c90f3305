-- Run by SYSADMIN. Extra small is enough for loads and models up to about 10,000 events a second; docs/snowflake.md has
-- the arithmetic. It is suspended after a minute without work, since each start is billed for at least one.

CREATE WAREHOUSE IF NOT EXISTS SPOTIFY_WH
  WAREHOUSE_SIZE = 'XSMALL'
  AUTO_SUSPEND = 60
  AUTO_RESUME = TRUE
  INITIALLY_SUSPENDED = TRUE
  STATEMENT_TIMEOUT_IN_SECONDS = 3600;
