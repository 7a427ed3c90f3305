-- The bronze tables as the loader creates them, for tests that need a warehouse without the loader.
create schema if not exists bronze;

create table if not exists bronze.spotify_events (
    object_key varchar not null,
    topic varchar not null,
    topic_id varchar not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    kafka_timestamp timestamp not null,
    kafka_key varchar,
    kafka_key_base64 varchar,
    kafka_headers json,
    payload json not null,
    loaded_at timestamp not null
);

create table if not exists bronze.rejected_events (
    object_key varchar not null,
    topic varchar not null,
    topic_id varchar not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    kafka_timestamp timestamp not null,
    kafka_key varchar,
    kafka_key_base64 varchar,
    kafka_headers json,
    error_code varchar not null,
    raw_base64 varchar,
    loaded_at timestamp not null
);

create table if not exists bronze.load_ledger (
    object_key varchar primary key,
    topic varchar not null,
    topic_id varchar not null,
    kafka_partition integer not null,
    first_offset bigint not null,
    last_offset bigint not null,
    records bigint not null,
    rejected bigint not null,
    first_timestamp timestamp not null,
    last_timestamp timestamp not null,
    sha256 varchar not null,
    writer varchar not null,
    loaded_at timestamp not null
);
