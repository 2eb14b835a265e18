-- Which customer ids were merged away. Flattened by identity: one look-up is always enough. Kept for ever: facts keep old ids.
CREATE TABLE IF NOT EXISTS {dw}.identity_overrides_rows
(
    workspace        LowCardinality(String),
    from_customer_id String,
    to_customer_id   String,
    epoch            Int64 COMMENT 'offset in identity.log.v1 of the merge; the highest one holds',
    event_id         String COMMENT 'the event that caused the merge',
    merged_at        DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(epoch)
ORDER BY (workspace, from_customer_id)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW {dw}.identity_overrides AS
SELECT * FROM {dw}.identity_overrides_rows FINAL;

-- For hot paths that may be up to two seconds behind; the views below join the table and are never behind.
-- Use: dictGetOrDefault('{dw}.identity_overrides_dict', 'to_customer_id', (workspace, customer_id), customer_id)
CREATE DICTIONARY IF NOT EXISTS {dw}.identity_overrides_dict
(
    workspace        String,
    from_customer_id String,
    to_customer_id   String
)
PRIMARY KEY workspace, from_customer_id
SOURCE(CLICKHOUSE({dictionary_login}QUERY 'SELECT workspace, from_customer_id, to_customer_id FROM {dw}.identity_overrides_rows FINAL'))
LIFETIME(MIN 1 MAX 2)
LAYOUT(COMPLEX_KEY_HASHED());

CREATE OR REPLACE VIEW {dw}.events_current AS
SELECT e.*, if(empty(ifNull(o.to_customer_id, '')), e.customer_id, o.to_customer_id) AS current_customer_id
FROM {dw}.events AS e
LEFT ANY JOIN {dw}.identity_overrides AS o ON o.workspace = e.workspace AND o.from_customer_id = e.customer_id;

CREATE OR REPLACE VIEW {dw}.orders_current AS
SELECT r.*, if(empty(ifNull(o.to_customer_id, '')), r.customer_id, o.to_customer_id) AS current_customer_id
FROM {dw}.orders AS r
LEFT ANY JOIN {dw}.identity_overrides AS o ON o.workspace = r.workspace AND o.from_customer_id = r.customer_id;

CREATE OR REPLACE VIEW {dw}.order_items_current AS
SELECT i.*, if(empty(ifNull(o.to_customer_id, '')), i.customer_id, o.to_customer_id) AS current_customer_id
FROM {dw}.order_items AS i
LEFT ANY JOIN {dw}.identity_overrides AS o ON o.workspace = i.workspace AND o.from_customer_id = i.customer_id;

-- One row a customer as of now, after all merges.
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
