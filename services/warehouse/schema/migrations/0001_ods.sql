-- As received, kept 30 days from receipt. One row is one record of the topic: (raw_partition, raw_offset) is its place in
-- events.raw.v1, so a record written twice is one row.
-- Here and in dw, <name>_rows is the storage and <name> the view to read: the view applies FINAL, so that no reader has to know
-- of it. Only the warehouse service writes to the storage.
CREATE DATABASE IF NOT EXISTS {ods};

CREATE TABLE IF NOT EXISTS {ods}.events_rows
(
    raw_partition Int32,
    raw_offset    Int64,
    workspace     LowCardinality(String),
    source        LowCardinality(String),
    event_id      String,
    type          LowCardinality(String),
    name          LowCardinality(String),
    identifiers   Array(String) COMMENT 'type:value, highest priority first',
    original_at   DateTime64(3, 'UTC') COMMENT 'what the client said; 1970-01-01 when it said nothing',
    sent_at       DateTime64(3, 'UTC') COMMENT 'when the client sent it; 1970-01-01 when it did not say',
    received_at   DateTime64(3, 'UTC') COMMENT 'when the collector took it',
    occurred_at   DateTime64(3, 'UTC') COMMENT 'corrected event time, never after received_at',
    context       String CODEC(ZSTD(3)),
    properties    String CODEC(ZSTD(3)),
    traits        String CODEC(ZSTD(3)),
    history       Bool,
    inserted_at   DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (raw_partition, raw_offset, event_id)
TTL toDateTime(received_at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW {ods}.events AS
SELECT * FROM {ods}.events_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

-- Refused events. Equal copies of one refusal (a resend) are one row; a client that sends a bad event again is refused again. The payload
-- counts: different events under one id, refused in one moment, are rows of their own.
CREATE TABLE IF NOT EXISTS {ods}.rejected_rows
(
    workspace   LowCardinality(String),
    source      LowCardinality(String),
    event_id    String,
    rejected_by LowCardinality(String),
    reason      LowCardinality(String),
    detail      String CODEC(ZSTD(3)),
    payload     String CODEC(ZSTD(3)),
    received_at DateTime64(3, 'UTC') COMMENT 'when it was refused',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (workspace, source, reason, rejected_by, event_id, received_at, cityHash64(payload))
TTL toDateTime(received_at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW {ods}.rejected AS
SELECT * FROM {ods}.rejected_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;
