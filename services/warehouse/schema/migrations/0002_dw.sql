-- Resolved facts, kept 3 years from receipt. Every sorting and partition key is made of columns that a resend cannot change, and holds
-- event_id: equal copies always meet. customer_id is the id at event time and never updated; the current id is looked up.
CREATE DATABASE IF NOT EXISTS {dw};

CREATE DATABASE IF NOT EXISTS {dm};

-- Sorted by day, then customer: a scan of time reads days, and a read of one customer about one granule for each day on which
-- that customer did something (the filter on customer_id skips the others).
CREATE TABLE IF NOT EXISTS {dw}.events_rows
(
    workspace        LowCardinality(String),
    event_id         String,
    customer_id      String COMMENT 'the customer when identity saw the event',
    source           LowCardinality(String),
    type             LowCardinality(String) COMMENT 'track, identify, page, screen, group, alias',
    name             LowCardinality(String),
    identifier_type  LowCardinality(String) COMMENT 'of the identifier with the highest priority',
    identifier_value String,
    occurred_at      DateTime64(3, 'UTC') COMMENT 'corrected event time',
    received_at      DateTime64(3, 'UTC'),
    sent_at          DateTime64(3, 'UTC') COMMENT '1970-01-01 when the client did not say',
    original_at      DateTime64(3, 'UTC') COMMENT '1970-01-01 when the client did not say',
    history          Bool,
    context          String CODEC(ZSTD(3)),
    properties       String CODEC(ZSTD(3)),
    traits           String CODEC(ZSTD(3)),
    identity_epoch   Int64 COMMENT 'offset in identity.log.v1 that identity had read',
    raw_partition    Int32,
    raw_offset       Int64,
    INDEX event_id_bloom event_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX customer_bloom customer_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (workspace, toDate(occurred_at), customer_id, occurred_at, event_id)
TTL toDateTime(received_at) + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW {dw}.events AS
SELECT * FROM {dw}.events_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

CREATE TABLE IF NOT EXISTS {dw}.orders_rows
(
    workspace    LowCardinality(String),
    event_id     String,
    customer_id  String COMMENT 'the customer when identity saw the event',
    order_id     String,
    kind         LowCardinality(String) COMMENT 'completed, refunded, cancelled, adjusted',
    currency     LowCardinality(String),
    total_micros Int64 COMMENT 'signed, in millionths of the currency',
    quantity     Int64 COMMENT 'signed sum of the units of all lines',
    items        UInt32 COMMENT 'number of lines',
    occurred_at  DateTime64(3, 'UTC'),
    received_at  DateTime64(3, 'UTC'),
    history      Bool
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (workspace, customer_id, occurred_at, event_id)
TTL toDateTime(received_at) + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW {dw}.orders AS
SELECT * FROM {dw}.orders_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

CREATE TABLE IF NOT EXISTS {dw}.order_items_rows
(
    workspace         LowCardinality(String),
    event_id          String,
    customer_id       String COMMENT 'the customer when identity saw the event',
    order_id          String,
    kind              LowCardinality(String) COMMENT 'kind of the order event',
    line              Int32 COMMENT 'position in the order, from 1',
    product_id        String,
    name              String CODEC(ZSTD(3)),
    quantity          Int64 COMMENT 'signed units',
    unit_price_micros Int64 COMMENT 'signed price of one unit in millionths of the currency',
    currency          LowCardinality(String),
    occurred_at       DateTime64(3, 'UTC'),
    received_at       DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (workspace, customer_id, occurred_at, event_id, line)
TTL toDateTime(received_at) + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW {dw}.order_items AS
SELECT * FROM {dw}.order_items_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;
