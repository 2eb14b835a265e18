-- Every mapping that identity ever told, not only the last one of an id: what had been merged by a moment in the past, for training sets that know
-- no more than was known then. It fills itself; a database from before has the last mapping of each id.
CREATE TABLE IF NOT EXISTS {dw}.identity_merges_rows
(
    workspace        LowCardinality(String),
    from_customer_id String,
    to_customer_id   String,
    epoch            Int64 COMMENT 'offset in identity.log.v1 of the merge',
    merged_at        DateTime64(3, 'UTC') COMMENT 'when the event that caused it was received'
)
ENGINE = ReplacingMergeTree
ORDER BY (workspace, from_customer_id, epoch)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

CREATE MATERIALIZED VIEW IF NOT EXISTS {dw}.identity_merges_fill TO {dw}.identity_merges_rows AS
SELECT workspace, from_customer_id, to_customer_id, epoch, merged_at FROM {dw}.identity_overrides_rows;

INSERT INTO {dw}.identity_merges_rows
SELECT workspace, from_customer_id, to_customer_id, epoch, merged_at FROM {dw}.identity_overrides_rows FINAL;

CREATE OR REPLACE VIEW {dw}.identity_merges AS
SELECT * FROM {dw}.identity_merges_rows FINAL;
