-- What the collector read out of an event's surroundings, its consent, and what its tracking plan says of it. Rows from before have the
-- defaults: nothing known. The views are made anew, because a view keeps the columns that "*" meant when it was made.
ALTER TABLE {dw}.events_rows
    ADD COLUMN IF NOT EXISTS country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2, from the address' AFTER traits,
    ADD COLUMN IF NOT EXISTS region LowCardinality(String) COMMENT 'ISO 3166-2 subdivision without the country' AFTER country,
    ADD COLUMN IF NOT EXISTS city LowCardinality(String) AFTER region,
    ADD COLUMN IF NOT EXISTS browser LowCardinality(String) COMMENT 'family; the bot''s name for a bot' AFTER city,
    ADD COLUMN IF NOT EXISTS browser_version LowCardinality(String) AFTER browser,
    ADD COLUMN IF NOT EXISTS os LowCardinality(String) AFTER browser_version,
    ADD COLUMN IF NOT EXISTS os_version LowCardinality(String) AFTER os,
    ADD COLUMN IF NOT EXISTS device_type LowCardinality(String) COMMENT 'desktop, mobile, tablet, tv, console, wearable' AFTER os_version,
    ADD COLUMN IF NOT EXISTS device_model LowCardinality(String) AFTER device_type,
    ADD COLUMN IF NOT EXISTS is_bot Bool COMMENT 'a crawler, monitor or headless browser that says so' AFTER device_model,
    ADD COLUMN IF NOT EXISTS channel LowCardinality(String) COMMENT 'advertising, social, organic, referral, direct, email, offline, internal' AFTER is_bot,
    ADD COLUMN IF NOT EXISTS campaign_source LowCardinality(String) AFTER channel,
    ADD COLUMN IF NOT EXISTS campaign_medium LowCardinality(String) AFTER campaign_source,
    ADD COLUMN IF NOT EXISTS campaign_name LowCardinality(String) AFTER campaign_medium,
    ADD COLUMN IF NOT EXISTS campaign_term String CODEC(ZSTD(3)) AFTER campaign_name,
    ADD COLUMN IF NOT EXISTS campaign_content String CODEC(ZSTD(3)) AFTER campaign_term,
    ADD COLUMN IF NOT EXISTS click_id_type LowCardinality(String) COMMENT 'gclid, fbclid, msclkid, ...' AFTER campaign_content,
    ADD COLUMN IF NOT EXISTS referrer_host LowCardinality(String) COMMENT 'lower case, without www.' AFTER click_id_type,
    ADD COLUMN IF NOT EXISTS session_id String COMMENT 'the client''s own, a hint' AFTER referrer_host,
    ADD COLUMN IF NOT EXISTS session_start Bool COMMENT 'the client says that the event began the session' AFTER session_id,
    ADD COLUMN IF NOT EXISTS consent_granted Array(LowCardinality(String)) COMMENT 'purposes, sorted' AFTER session_start,
    ADD COLUMN IF NOT EXISTS consent_denied Array(LowCardinality(String)) COMMENT 'purposes, sorted' AFTER consent_granted,
    ADD COLUMN IF NOT EXISTS opted_out Bool COMMENT 'the browser sent DNT or Sec-GPC' AFTER consent_denied,
    ADD COLUMN IF NOT EXISTS plan_violations UInt16 COMMENT 'disagreements with the tracking plan, at most 20' AFTER opted_out,
    ADD COLUMN IF NOT EXISTS plan_rules Array(LowCardinality(String)) COMMENT 'the rules broken, each once, in the order met' AFTER plan_violations;

CREATE OR REPLACE VIEW {dw}.events AS
SELECT * FROM {dw}.events_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1;

CREATE OR REPLACE VIEW {dw}.events_current AS
SELECT e.*, if(empty(ifNull(o.to_customer_id, '')), e.customer_id, o.to_customer_id) AS current_customer_id
FROM {dw}.events AS e
LEFT ANY JOIN {dw}.identity_overrides AS o ON o.workspace = e.workspace AND o.from_customer_id = e.customer_id;
