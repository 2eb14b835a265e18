-- What of an event could not be read, or was read another way than it was written; docs/events.md has the kinds. Rows from before have none. The
-- views are made anew, because a view keeps the columns that "*" meant when it was made.
ALTER TABLE {dw}.events_rows
    ADD COLUMN IF NOT EXISTS note_kinds Array(LowCardinality(String)) COMMENT 'the kinds of notes, each once, in the order met' AFTER plan_rules,
    ADD COLUMN IF NOT EXISTS notes Array(String) COMMENT 'kind path: sentence; at most 20' CODEC(ZSTD(3)) AFTER note_kinds;

CREATE OR REPLACE VIEW {dw}.events AS
SELECT * FROM {dw}.events_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

CREATE OR REPLACE VIEW {dw}.events_current AS
SELECT e.*, if(empty(ifNull(o.to_customer_id, '')), e.customer_id, o.to_customer_id) AS current_customer_id
FROM {dw}.events AS e
LEFT ANY JOIN {dw}.identity_overrides AS o ON o.workspace = e.workspace AND o.from_customer_id = e.customer_id;
