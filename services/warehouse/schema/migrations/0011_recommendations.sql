-- Lists that were given: a row for each place. Kept 3 years. Every column of the keys is told by the list itself, so that equal copies always meet.
CREATE TABLE IF NOT EXISTS {dm}.recommendations_rows
(
    workspace     LowCardinality(String),
    request_id    String COMMENT 'names the list' CODEC(ZSTD(3)),
    position      UInt16 COMMENT 'the place, from 1; 0 in the one row of an empty list',
    customer_id   String COMMENT 'for whom; a number of the visit where nobody is known',
    scene         LowCardinality(String),
    variant       LowCardinality(String) COMMENT 'empty where the scene has one only',
    model_version LowCardinality(String) COMMENT 'empty where none was trained',
    answered_at   DateTime64(3, 'UTC') COMMENT 'when the list was given',
    unseen        Bool COMMENT 'made ahead: it counts as seen only when an impression is reported',
    item_id       String,
    source        LowCardinality(String) COMMENT 'what proposed the item: session, taste, trending, pinned',
    explored      Bool COMMENT 'it is there to learn about it'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(answered_at)
ORDER BY (workspace, scene, toDate(answered_at), request_id, position)
TTL toDateTime(answered_at) + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

CREATE OR REPLACE VIEW {dm}.recommendations AS
SELECT * FROM {dm}.recommendations_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

-- What became of places: one row for each outcome. What was told and taken back stands twice, with the signs 1 and -1: sums of sign, and of value_micros times sign, are right at
-- every moment.
CREATE TABLE IF NOT EXISTS {dm}.recommendation_outcomes_rows
(
    workspace     LowCardinality(String),
    outcome_id    String COMMENT 'names the outcome: copies have the same',
    kind          LowCardinality(String) COMMENT 'impression, click, cart, purchase, dismiss',
    sign          Int8 COMMENT '1, or -1 where what was told before is taken back',
    customer_id   String COMMENT 'the customer when it was told',
    request_id    String COMMENT 'the list' CODEC(ZSTD(3)),
    position      UInt16 COMMENT 'the place, from 1',
    scene         LowCardinality(String),
    variant       LowCardinality(String),
    model_version LowCardinality(String),
    item_id       String,
    source        LowCardinality(String),
    explored      Bool,
    answered_at   DateTime64(3, 'UTC') COMMENT 'when the list was given',
    occurred_at   DateTime64(3, 'UTC') COMMENT 'when it became so',
    value_micros  Nullable(Int64) COMMENT 'of a purchase, in millionths of the workspace''s currency; NULL when not known',
    order_id      String COMMENT 'of a purchase; empty when not known'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(answered_at)
ORDER BY (workspace, scene, toDate(answered_at), request_id, outcome_id)
TTL toDateTime(answered_at) + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

CREATE OR REPLACE VIEW {dm}.recommendation_outcomes AS
SELECT * FROM {dm}.recommendation_outcomes_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

-- Both, with the customer of today: lists as kind 'list' with sign 1 in their first row. What all figures are counted from.
CREATE OR REPLACE VIEW {dm}.recommendation_facts AS
SELECT f.*, if(empty(ifNull(o.to_customer_id, '')), f.customer_id, o.to_customer_id) AS visitor
FROM
(
    SELECT workspace, 'list' AS kind, toInt8(1) AS sign, customer_id, request_id, position, scene, variant, model_version, item_id, source, explored,
        answered_at, answered_at AS occurred_at, CAST(NULL, 'Nullable(Int64)') AS value_micros, '' AS order_id
    FROM {dm}.recommendations
    UNION ALL
    SELECT workspace, kind, sign, customer_id, request_id, position, scene, variant, model_version, item_id, source, explored,
        answered_at, occurred_at, value_micros, order_id
    FROM {dm}.recommendation_outcomes
) AS f
LEFT ANY JOIN {dw}.identity_overrides AS o ON o.workspace = f.workspace AND o.from_customer_id = f.customer_id;

-- Impressions, clicks, purchases and revenue by day of the list and by all that tells lists apart. Visitors and orders do not add up over rows: count them from
-- {dm}.recommendation_facts where that matters.
CREATE OR REPLACE VIEW {dm}.recommendation_daily AS
SELECT workspace, toDate(answered_at) AS day, scene, variant, model_version, source, position,
    uniqExactIf(request_id, kind = 'list') AS lists,
    uniqExact(visitor) AS visitors,
    sumIf(sign, kind = 'impression') AS impressions,
    sumIf(sign, kind = 'click') AS clicks,
    sumIf(sign, kind = 'cart') AS carts,
    sumIf(sign, kind = 'dismiss') AS dismissals,
    sumIf(sign, kind = 'purchase') AS purchased_lines,
    sumIf(ifNull(value_micros, 0) * sign, kind = 'purchase') / 1000000 AS revenue,
    if(impressions > 0, clicks / impressions, 0) AS ctr
FROM {dm}.recommendation_facts
WHERE position > 0
GROUP BY workspace, day, scene, variant, model_version, source, position;

-- A row for each visitor of a scene: the variant that he met first in the month, and what he did. What variants are compared by.
CREATE OR REPLACE VIEW {dm}.recommendation_visitors AS
SELECT workspace, scene, visitor, toStartOfMonth(answered_at) AS month,
    argMinIf(variant, answered_at, kind = 'list') AS variant,
    sumIf(sign, kind = 'click') > 0 AS clicked,
    sumIf(sign, kind = 'purchase') > 0 AS bought,
    sumIf(ifNull(value_micros, 0) * sign, kind = 'purchase') / 1000000 AS revenue
FROM {dm}.recommendation_facts
GROUP BY workspace, scene, visitor, month
HAVING countIf(kind = 'list') > 0;

-- The inputs of a comparison, by month: visitors, sums and sums of squares.
CREATE OR REPLACE VIEW {dm}.recommendation_variants AS
SELECT workspace, scene, month, variant, count() AS visitors,
    countIf(clicked) AS clickers, countIf(bought) AS buyers,
    countIf(v.revenue != 0) AS payers, sum(v.revenue) AS revenue, sum(v.revenue * v.revenue) AS revenue_squares
FROM {dm}.recommendation_visitors AS v
GROUP BY workspace, scene, month, variant;
