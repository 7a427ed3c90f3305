-- Run by the owner of the database, or by `spotify-pipeline warehouse init`, which runs just this. The columns are those of
-- docs/formats/bronze-tables.md.

CREATE TABLE IF NOT EXISTS SPOTIFY_DB.BRONZE.SPOTIFY_EVENTS (
  object_key       VARCHAR          NOT NULL,
  topic            VARCHAR          NOT NULL,
  topic_id         VARCHAR          NOT NULL,
  kafka_partition  INTEGER          NOT NULL,
  kafka_offset     INTEGER          NOT NULL,
  kafka_timestamp  TIMESTAMP_NTZ(3) NOT NULL,
  kafka_key        VARCHAR,
  kafka_key_base64 VARCHAR,
  kafka_headers    VARCHAR,
  payload          VARCHAR          NOT NULL,
  loaded_at        TIMESTAMP_NTZ(3) NOT NULL
);

CREATE TABLE IF NOT EXISTS SPOTIFY_DB.BRONZE.REJECTED_EVENTS (
  object_key       VARCHAR          NOT NULL,
  topic            VARCHAR          NOT NULL,
  topic_id         VARCHAR          NOT NULL,
  kafka_partition  INTEGER          NOT NULL,
  kafka_offset     INTEGER          NOT NULL,
  kafka_timestamp  TIMESTAMP_NTZ(3) NOT NULL,
  kafka_key        VARCHAR,
  kafka_key_base64 VARCHAR,
  kafka_headers    VARCHAR,
  error_code       VARCHAR          NOT NULL,
  raw_base64       VARCHAR,
  loaded_at        TIMESTAMP_NTZ(3) NOT NULL
);

CREATE TABLE IF NOT EXISTS SPOTIFY_DB.BRONZE.LOAD_LEDGER (
  object_key       VARCHAR          NOT NULL,
  topic            VARCHAR          NOT NULL,
  topic_id         VARCHAR          NOT NULL,
  kafka_partition  INTEGER          NOT NULL,
  first_offset     INTEGER          NOT NULL,
  last_offset      INTEGER          NOT NULL,
  records          INTEGER          NOT NULL,
  rejected         INTEGER          NOT NULL,
  first_timestamp  TIMESTAMP_NTZ(3) NOT NULL,
  last_timestamp   TIMESTAMP_NTZ(3) NOT NULL,
  sha256           VARCHAR          NOT NULL,
  writer           VARCHAR          NOT NULL,
  loaded_at        TIMESTAMP_NTZ(3) NOT NULL
);

CREATE VIEW IF NOT EXISTS SPOTIFY_DB.BRONZE.SPOTIFY_EVENTS_PARSED AS
SELECT *, TRY_PARSE_JSON(payload) AS event FROM SPOTIFY_DB.BRONZE.SPOTIFY_EVENTS;

CREATE STAGE IF NOT EXISTS SPOTIFY_DB.BRONZE.LOAD_STAGE;

CREATE TABLE IF NOT EXISTS SPOTIFY_DB.BRONZE.LOAD_LOCK (
  holder           VARCHAR          NOT NULL,
  taken_at         TIMESTAMP_NTZ(3) NOT NULL
);

INSERT INTO SPOTIFY_DB.BRONZE.LOAD_LOCK
SELECT 'nobody', '1970-01-01 00:00:00' WHERE NOT EXISTS (SELECT 1 FROM SPOTIFY_DB.BRONZE.LOAD_LOCK);
