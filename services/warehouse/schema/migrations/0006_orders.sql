-- One order is one order. What used to be dw.orders, a row for each order event, is now dw.order_events; dw.orders has one row an order,
-- as package order makes it of all its events; dw.order_postings is what orders add to customers, and take back.
-- A database from before keeps its order events. Its orders come into dw.orders with the next event of each.
CREATE TABLE IF NOT EXISTS {dw}.order_events_rows
(
    workspace      LowCardinality(String),
    event_id       String,
    customer_id    String COMMENT 'the customer when identity saw the event',
    identified     Bool COMMENT 'the event names a user id',
    order_id       String COMMENT 'empty when the event has no number that can be read: it is part of no order',
    kind           LowCardinality(String) COMMENT 'completed, updated, refunded, cancelled, adjusted',
    currency       LowCardinality(String),
    value_currency LowCardinality(String) COMMENT 'the workspace''s currency then; empty when there is no rate',
    rate_e12       Int64 COMMENT 'what one unit is worth in the workspace''s currency, in 1e-12; 0 when there is no rate',
    rate_date      LowCardinality(String) COMMENT 'the day of the rate; empty where none was needed',
    total_micros   Nullable(Int64) COMMENT 'signed, in millionths of the currency; NULL when the event does not tell it',
    quantity       Decimal(38, 6) COMMENT 'signed sum of the units of all lines',
    items          UInt32 COMMENT 'number of lines',
    occurred_at    DateTime64(3, 'UTC'),
    received_at    DateTime64(3, 'UTC'),
    history        Bool
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (workspace, customer_id, occurred_at, event_id)
TTL toDateTime(received_at) + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS {dw}.order_event_items_rows
(
    workspace         LowCardinality(String),
    event_id          String,
    customer_id       String COMMENT 'the customer when identity saw the event',
    order_id          String,
    kind              LowCardinality(String) COMMENT 'kind of the order event',
    line              Int32 COMMENT 'position in the order, from 1',
    product_id        String,
    sku               String,
    name              String CODEC(ZSTD(3)),
    quantity          Decimal(18, 6) COMMENT 'signed units',
    unit_price_micros Nullable(Int64) COMMENT 'signed price of one unit in millionths of the currency; NULL when the shop sent none',
    total_micros      Nullable(Int64) COMMENT 'signed value of the line; NULL when the shop sent none: quantity times price',
    currency          LowCardinality(String),
    occurred_at       DateTime64(3, 'UTC'),
    received_at       DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (workspace, customer_id, occurred_at, event_id, line)
TTL toDateTime(received_at) + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000;

-- What the old tables hold moves over. From here on they take no row: a warehouse of the old version that still runs is refused, keeps its
-- block, and leaves it to one of the new version. The empty tables stay, so that processes that start together can each do all of this:
-- a row that is moved twice is one row.
ALTER TABLE {dw}.orders_rows ADD CONSTRAINT IF NOT EXISTS moved_to_order_events CHECK 0;

ALTER TABLE {dw}.order_items_rows ADD CONSTRAINT IF NOT EXISTS moved_to_order_event_items CHECK 0;

INSERT INTO {dw}.order_events_rows
    (workspace, event_id, customer_id, order_id, kind, currency, total_micros, quantity, items, occurred_at, received_at, history)
SELECT workspace, event_id, customer_id, order_id, kind, currency, total_micros, quantity, items, occurred_at, received_at, history
FROM {dw}.orders_rows FINAL
SETTINGS max_partitions_per_insert_block = 5000;

INSERT INTO {dw}.order_event_items_rows
    (workspace, event_id, customer_id, order_id, kind, line, product_id, name, quantity, unit_price_micros, currency, occurred_at, received_at)
SELECT workspace, event_id, customer_id, order_id, kind, line, product_id, name, quantity, unit_price_micros, currency, occurred_at, received_at
FROM {dw}.order_items_rows FINAL
SETTINGS max_partitions_per_insert_block = 5000;

TRUNCATE TABLE {dw}.orders_rows;

TRUNCATE TABLE {dw}.order_items_rows;

CREATE OR REPLACE VIEW {dw}.order_events AS
SELECT * FROM {dw}.order_events_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

CREATE OR REPLACE VIEW {dw}.order_event_items AS
SELECT * FROM {dw}.order_event_items_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

-- The storage of dw.orders. A new version of an order replaces the old one, and may change everything but its number: so it is not
-- partitioned, and the view must find the last version before it filters.
CREATE TABLE IF NOT EXISTS {dw}.order_states_rows
(
    workspace         LowCardinality(String),
    order_id          String,
    version           Int64 COMMENT 'counts the changes of the order; the highest one holds',
    kind              LowCardinality(String) COMMENT 'completed: a sale, however much was given back; cancelled; refunded: a credit note without a sale; adjusted; waiting: no sale yet',
    state             LowCardinality(String) COMMENT 'waiting, completed, partially_refunded, refunded, cancelled, adjusted, credited',
    event_id          String COMMENT 'the event that the value was taken from',
    customer_id       String COMMENT 'whose order it is, when identity saw it',
    currency          LowCardinality(String),
    total_micros      Nullable(Int64) COMMENT 'signed, before refunds, in millionths of the currency; NULL when no event tells it',
    quantity          Decimal(38, 6) COMMENT 'signed sum of the units of all lines',
    items             UInt32 COMMENT 'number of lines',
    items_event_id    String COMMENT 'the event that the lines were taken from',
    value_currency    LowCardinality(String) COMMENT 'the workspace''s currency; empty when there is no rate',
    value_micros      Nullable(Int64) COMMENT 'the total in the workspace''s currency, as features add it up; NULL: in no sum',
    rate_e12          Int64 COMMENT 'what one unit is worth in the workspace''s currency, in 1e-12; 0 when there is no rate',
    rate_date         LowCardinality(String),
    refunds           UInt32 COMMENT 'refunds that took something back',
    refunded_micros   Int64 COMMENT 'what they took back, positive, in millionths of the currency',
    occurred_at       DateTime64(3, 'UTC') COMMENT 'when it was sold; without a sale, when its first event happened',
    first_received_at DateTime64(3, 'UTC'),
    received_at       DateTime64(3, 'UTC') COMMENT 'of the last event that has a say',
    history           Bool COMMENT 'all of its events are history',
    truncated         Bool COMMENT 'it had more events of a kind than are kept; the others have no say'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (workspace, order_id)
TTL toDateTime(received_at) + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW {dw}.orders AS
SELECT * FROM {dw}.order_states_rows FINAL
SETTINGS optimize_move_to_prewhere_if_final = 0;

-- The lines of the orders as they are now; those of every event are in order_event_items.
CREATE OR REPLACE VIEW {dw}.order_items AS
SELECT i.* FROM {dw}.order_event_items AS i
WHERE (i.workspace, i.event_id) IN (SELECT workspace, items_event_id FROM {dw}.orders WHERE items_event_id != '');

-- What orders add to customers: sign 1 counts from then on, sign -1 counts no more. Sum every measure times sign. Rows never change; the
-- last columns of the key are the order book's own numbering, so that a record sent twice is one row.
CREATE TABLE IF NOT EXISTS {dw}.order_postings_rows
(
    workspace         LowCardinality(String),
    customer_id       String COMMENT 'whose, when identity saw it',
    order_id          String,
    occurred_at       DateTime64(3, 'UTC') COMMENT 'when it counts: the sale, or the refund',
    sign              Int8,
    orders            Int64,
    quantity_micros   Int64,
    spend_micros      Int64 COMMENT 'in millionths of the workspace''s currency',
    refunds           Int64,
    refund_micros     Int64 COMMENT 'positive, in millionths of the workspace''s currency',
    first_received_at DateTime64(3, 'UTC') COMMENT 'of the order: what was taken back and what it took back go together',
    book_partition    Int32,
    book_sequence     Int64,
    line              Int32
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (workspace, customer_id, occurred_at, order_id, book_partition, book_sequence, line)
TTL toDateTime(first_received_at) + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW {dw}.order_postings AS
SELECT * FROM {dw}.order_postings_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

CREATE OR REPLACE VIEW {dw}.orders_current AS
SELECT r.*, if(empty(ifNull(o.to_customer_id, '')), r.customer_id, o.to_customer_id) AS current_customer_id
FROM {dw}.orders AS r
LEFT ANY JOIN {dw}.identity_overrides AS o ON o.workspace = r.workspace AND o.from_customer_id = r.customer_id;

CREATE OR REPLACE VIEW {dw}.order_items_current AS
SELECT i.*, if(empty(ifNull(o.to_customer_id, '')), i.customer_id, o.to_customer_id) AS current_customer_id
FROM {dw}.order_items AS i
LEFT ANY JOIN {dw}.identity_overrides AS o ON o.workspace = i.workspace AND o.from_customer_id = i.customer_id;

CREATE OR REPLACE VIEW {dw}.customers AS
SELECT
    e.workspace AS workspace,
    e.customer_id AS customer_id,
    e.identified AS identified,
    e.first_seen_at AS first_seen_at,
    e.last_seen_at AS last_seen_at,
    e.events AS events,
    ifNull(r.orders, 0) AS orders
FROM
(
    SELECT
        workspace,
        current_customer_id AS customer_id,
        max(identifier_type = 'user_id') = 1 AS identified,
        min(occurred_at) AS first_seen_at,
        max(occurred_at) AS last_seen_at,
        count() AS events
    FROM {dw}.events_current
    GROUP BY workspace, customer_id
) AS e
LEFT ANY JOIN
(
    SELECT workspace, current_customer_id AS customer_id, countIf(kind = 'completed') AS orders
    FROM {dw}.orders_current
    GROUP BY workspace, customer_id
) AS r ON r.workspace = e.workspace AND r.customer_id = e.customer_id;
