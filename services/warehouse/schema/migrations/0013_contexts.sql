-- What exploration told visitors apart by, and the category of the item: what the topics tell of lists and outcomes. Rows from before have neither. The views are made anew, because a
-- view keeps the columns that "*" meant when it was made.
ALTER TABLE {dm}.recommendations_rows
    ADD COLUMN IF NOT EXISTS context LowCardinality(String) COMMENT 'category:Shoes, segment:vip; empty where the scene does not explore by one' AFTER explored,
    ADD COLUMN IF NOT EXISTS category LowCardinality(String) COMMENT 'of the item; empty where the scene does not explore' AFTER context;

ALTER TABLE {dm}.recommendation_outcomes_rows
    ADD COLUMN IF NOT EXISTS context LowCardinality(String) COMMENT 'of the list' AFTER explored,
    ADD COLUMN IF NOT EXISTS category LowCardinality(String) COMMENT 'of the item; empty where the scene does not explore' AFTER context;

CREATE OR REPLACE VIEW {dm}.recommendations AS
SELECT * FROM {dm}.recommendations_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

CREATE OR REPLACE VIEW {dm}.recommendation_outcomes AS
SELECT * FROM {dm}.recommendation_outcomes_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;
