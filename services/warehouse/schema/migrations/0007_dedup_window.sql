-- How long ClickHouse remembers the token of a block must not depend on the server's defaults. Tables of one server count parts
-- (non_replicated_deduplication_window). Where an operator has made the tables replicated, two limits hold at once: a number of blocks and
-- an age, and newer servers shorten the age to an hour: a block that was planned before a longer outage would land a second time.
-- Here it is 30 days. Tables that are not replicated take the settings and do not use them.
ALTER TABLE {ods}.events_rows MODIFY SETTING replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

ALTER TABLE {ods}.rejected_rows MODIFY SETTING replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

ALTER TABLE {dw}.events_rows MODIFY SETTING replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

ALTER TABLE {dw}.orders_rows MODIFY SETTING replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

ALTER TABLE {dw}.order_items_rows MODIFY SETTING replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

ALTER TABLE {dw}.order_events_rows MODIFY SETTING replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

ALTER TABLE {dw}.order_event_items_rows MODIFY SETTING replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

ALTER TABLE {dw}.order_states_rows MODIFY SETTING replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

ALTER TABLE {dw}.order_postings_rows MODIFY SETTING replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

ALTER TABLE {dw}.identity_overrides_rows MODIFY SETTING replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;
