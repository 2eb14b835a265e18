-- Whose partition and offset it is: a topic that is made anew, or loses its tail, gives its offsets out again. Rows from before have 0.
ALTER TABLE {ods}.events_rows
    ADD COLUMN IF NOT EXISTS raw_life UInt32 COMMENT 'the life of events.raw.v1 that raw_partition and raw_offset are of' AFTER raw_offset;

CREATE OR REPLACE VIEW {ods}.events AS
SELECT * FROM {ods}.events_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

ALTER TABLE {dw}.events_rows
    ADD COLUMN IF NOT EXISTS raw_life UInt32 COMMENT 'the life of events.raw.v1 that raw_partition and raw_offset are of' AFTER raw_offset;

CREATE OR REPLACE VIEW {dw}.events AS
SELECT * FROM {dw}.events_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

CREATE OR REPLACE VIEW {dw}.events_current AS
SELECT e.*, if(empty(ifNull(o.to_customer_id, '')), e.customer_id, o.to_customer_id) AS current_customer_id
FROM {dw}.events AS e
LEFT ANY JOIN {dw}.identity_overrides AS o ON o.workspace = e.workspace AND o.from_customer_id = e.customer_id;
