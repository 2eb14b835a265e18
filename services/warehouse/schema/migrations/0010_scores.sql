-- What models and warnings said of a customer, each time they said something else: a row for each target of each set of scores.v1. Kept 3 years from the
-- moment the scores hold for. Every column of the keys is told by the set itself, so that equal copies always meet.
CREATE TABLE IF NOT EXISTS {dm}.scores_rows
(
    workspace        LowCardinality(String),
    customer_id      String COMMENT 'the customer when they were scored',
    target           LowCardinality(String) COMMENT 'what is predicted, such as churn_risk_60d; empty in the row of a set without targets',
    version          Int64 COMMENT 'counts the sets of the customer: the rows of the highest one hold',
    model_version    LowCardinality(String) COMMENT 'the model that said so; empty without a score',
    shadow           Bool COMMENT 'said by a challenger: nobody acts on it',
    value            Nullable(Float64) COMMENT 'a probability, or an amount in the workspace''s currency; NULL without a score',
    band             LowCardinality(String) COMMENT 'high, medium, low; empty for targets without bands',
    missing          String COMMENT 'why there is no score, in words' CODEC(ZSTD(3)),
    as_of            DateTime64(3, 'UTC') COMMENT 'the moment the scores hold for',
    scored_at        DateTime64(3, 'UTC') COMMENT 'when the set was published',
    received_at      DateTime64(3, 'UTC') COMMENT 'of the earliest live event behind the change; 1970-01-01 when there is none',
    reason           LowCardinality(String) COMMENT 'event, time, merge, model',
    history          Bool COMMENT 'the change came from history',
    holdout          Bool COMMENT 'of the random group that nobody should act on',
    features_version Int64 COMMENT 'the set of features that was scored',
    warnings         Array(LowCardinality(String)) COMMENT 'the early warnings that held',
    warnings_since   Array(DateTime64(3, 'UTC')) COMMENT 'since when, in the same order',
    evidence         Array(String) COMMENT 'what each warning saw, in the same order: feature value against value'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(as_of)
ORDER BY (workspace, customer_id, target, version, model_version)
TTL toDateTime(as_of) + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000;

CREATE OR REPLACE VIEW {dm}.scores AS
SELECT * FROM {dm}.scores_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

-- The whole history, with the id that the customer has today.
CREATE OR REPLACE VIEW {dm}.scores_current AS
SELECT s.*, if(empty(ifNull(o.to_customer_id, '')), s.customer_id, o.to_customer_id) AS current_customer_id
FROM {dm}.scores AS s
LEFT ANY JOIN {dw}.identity_overrides AS o ON o.workspace = s.workspace AND o.from_customer_id = s.customer_id;

-- What holds today: the newest set of every customer who was not merged away, without what challengers say.
CREATE OR REPLACE VIEW {dm}.scores_latest AS
SELECT * FROM {dm}.scores
WHERE NOT shadow
    AND (workspace, customer_id, version) IN (SELECT workspace, customer_id, max(version) FROM {dm}.scores_rows GROUP BY workspace, customer_id)
    AND (workspace, customer_id) NOT IN (SELECT workspace, from_customer_id FROM {dw}.identity_overrides WHERE from_customer_id != to_customer_id);
