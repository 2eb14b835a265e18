-- What visitors did with items: touches.v1, by which models of recommendation learn. Kept 2 years from when it happened. The key is the event's own and in the order of
-- time: it is read by workspace and span. A copy, and a touch that is told anew after its visitor was merged, replaces what was told before.
CREATE TABLE IF NOT EXISTS {dw}.touches_rows
(
    workspace   LowCardinality(String),
    customer_id String COMMENT 'the visitor when the event was seen; of an anonymous touch a pseudonym of that one visit',
    item_id     String,
    kind        LowCardinality(String) COMMENT 'view, click, cart, uncart, wish, buy, return, rate',
    at          DateTime64(3, 'UTC') COMMENT 'when it happened',
    received_at DateTime64(3, 'UTC') COMMENT 'when it was received',
    quantity_micros Int64 COMMENT 'units in millionths; 1000000 when not said',
    value_micros Nullable(Int64) COMMENT 'of the whole line in the workspace''s currency, in millionths; of a rating the rating; NULL when not known',
    order_id    String COMMENT 'empty where it is none',
    request_id  String COMMENT 'the recommendation that the event names; empty when it names none',
    event_id    String,
    line        Int32 COMMENT 'which item of the event, from 1',
    history     Bool COMMENT 'of an import or a replay',
    country     LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty when not known',
    anonymous   Bool COMMENT 'no profile may be made of this customer_id',
    undone      Bool COMMENT 'the order was undone: the touch of this kind, order and item counts no more',
    task        Int32 COMMENT 'partition of the task that told it',
    sequence    Int64 COMMENT 'rises with every touch of that partition; copies have the same'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (workspace, at, event_id, line, kind, undone)
TTL toDateTime(at) + INTERVAL 2 YEAR
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

CREATE OR REPLACE VIEW {dw}.touches AS
SELECT * FROM {dw}.touches_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

-- What counts today: without what was undone, and with the id that the customer has now.
CREATE OR REPLACE VIEW {dw}.touches_current AS
SELECT t.*, if(empty(ifNull(o.to_customer_id, '')), t.customer_id, o.to_customer_id) AS current_customer_id
FROM {dw}.touches AS t
LEFT ANY JOIN {dw}.identity_overrides AS o ON o.workspace = t.workspace AND o.from_customer_id = t.customer_id
WHERE NOT t.undone
    AND (t.order_id = '' OR (t.workspace, t.order_id, t.item_id, t.kind) NOT IN
        (SELECT workspace, order_id, item_id, kind FROM {dw}.touches_rows WHERE undone AND order_id != ''));
