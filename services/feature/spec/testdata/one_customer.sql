WITH
    fromUnixTimestamp64Milli({as_of:Int64}, 'UTC') AS as_of,
    moved AS
    (
        SELECT from_customer_id AS old, to_customer_id AS new
        FROM dw.identity_overrides
        WHERE workspace = {workspace:String}
    )
SELECT
    e.customer AS customer_id,
    e.events AS events,
    o.orders AS orders,
    o.quantity_micros AS quantity_micros,
    o.spend_micros AS spend_micros,
    o.refunds AS refunds,
    o.refund_micros AS refund_micros,
    e.first_ms AS first_seen_ms,
    e.last_ms AS last_seen_ms,
    o.first_ms AS first_order_ms,
    o.last_ms AS last_order_ms,
    arrayMap(x -> x.1, e.latest) AS names,
    arrayMap(x -> x.2, e.latest) AS name_ms
FROM
(
    SELECT
        [toInt64(sumIf(1, f.occurred_at >= fromUnixTimestamp64Milli({start_1h:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.occurred_at >= fromUnixTimestamp64Milli({start_24h:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.occurred_at >= fromUnixTimestamp64Milli({start_30d:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.occurred_at >= fromUnixTimestamp64Milli({start_90d:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.occurred_at >= fromUnixTimestamp64Milli({start_365d:Int64}, 'UTC'))),
         toInt64(sum(1))] AS events,
        min(toUnixTimestamp64Milli(f.occurred_at)) AS first_ms,
        max(toUnixTimestamp64Milli(f.occurred_at)) AS last_ms,
        maxMap(map(if(f.type = 'track', toString(f.name), toString(f.type)), toUnixTimestamp64Milli(f.occurred_at))) AS by_name,
        arraySlice(arraySort(x -> (-x.2, x.1), arrayZip(mapKeys(by_name), mapValues(by_name))), 1, 64) AS latest,
        if(m.new = '', f.customer_id, m.new) AS customer
    FROM dw.events AS f
    LEFT JOIN moved AS m ON m.old = f.customer_id
    WHERE f.workspace = {workspace:String} AND f.occurred_at <= as_of
        AND (f.customer_id = {customer:String} OR f.customer_id IN (SELECT old FROM moved WHERE new = {customer:String}))
    GROUP BY customer
) AS e
LEFT JOIN
(
    SELECT
        [toInt64(sumIf(1, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_1h:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_24h:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_30d:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_90d:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_365d:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.kind = 'completed'))] AS orders,
        [toInt64(sumIf(f.quantity * 1000000, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_1h:Int64}, 'UTC'))),
         toInt64(sumIf(f.quantity * 1000000, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_24h:Int64}, 'UTC'))),
         toInt64(sumIf(f.quantity * 1000000, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_30d:Int64}, 'UTC'))),
         toInt64(sumIf(f.quantity * 1000000, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_90d:Int64}, 'UTC'))),
         toInt64(sumIf(f.quantity * 1000000, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_365d:Int64}, 'UTC'))),
         toInt64(sumIf(f.quantity * 1000000, f.kind = 'completed'))] AS quantity_micros,
        [toInt64(sumIf(f.total_micros, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_1h:Int64}, 'UTC'))),
         toInt64(sumIf(f.total_micros, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_24h:Int64}, 'UTC'))),
         toInt64(sumIf(f.total_micros, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_30d:Int64}, 'UTC'))),
         toInt64(sumIf(f.total_micros, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_90d:Int64}, 'UTC'))),
         toInt64(sumIf(f.total_micros, f.kind = 'completed' AND f.occurred_at >= fromUnixTimestamp64Milli({start_365d:Int64}, 'UTC'))),
         toInt64(sumIf(f.total_micros, f.kind = 'completed'))] AS spend_micros,
        [toInt64(sumIf(1, f.kind = 'refunded' AND f.occurred_at >= fromUnixTimestamp64Milli({start_1h:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.kind = 'refunded' AND f.occurred_at >= fromUnixTimestamp64Milli({start_24h:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.kind = 'refunded' AND f.occurred_at >= fromUnixTimestamp64Milli({start_30d:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.kind = 'refunded' AND f.occurred_at >= fromUnixTimestamp64Milli({start_90d:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.kind = 'refunded' AND f.occurred_at >= fromUnixTimestamp64Milli({start_365d:Int64}, 'UTC'))),
         toInt64(sumIf(1, f.kind = 'refunded'))] AS refunds,
        [toInt64(sumIf(abs(f.total_micros), f.kind = 'refunded' AND f.occurred_at >= fromUnixTimestamp64Milli({start_1h:Int64}, 'UTC'))),
         toInt64(sumIf(abs(f.total_micros), f.kind = 'refunded' AND f.occurred_at >= fromUnixTimestamp64Milli({start_24h:Int64}, 'UTC'))),
         toInt64(sumIf(abs(f.total_micros), f.kind = 'refunded' AND f.occurred_at >= fromUnixTimestamp64Milli({start_30d:Int64}, 'UTC'))),
         toInt64(sumIf(abs(f.total_micros), f.kind = 'refunded' AND f.occurred_at >= fromUnixTimestamp64Milli({start_90d:Int64}, 'UTC'))),
         toInt64(sumIf(abs(f.total_micros), f.kind = 'refunded' AND f.occurred_at >= fromUnixTimestamp64Milli({start_365d:Int64}, 'UTC'))),
         toInt64(sumIf(abs(f.total_micros), f.kind = 'refunded'))] AS refund_micros,
        minIf(toUnixTimestamp64Milli(f.occurred_at), f.kind = 'completed') AS first_ms,
        maxIf(toUnixTimestamp64Milli(f.occurred_at), f.kind = 'completed') AS last_ms,
        if(m.new = '', f.customer_id, m.new) AS customer
    FROM dw.orders AS f
    LEFT JOIN moved AS m ON m.old = f.customer_id
    WHERE f.workspace = {workspace:String} AND f.occurred_at <= as_of
        AND (f.customer_id = {customer:String} OR f.customer_id IN (SELECT old FROM moved WHERE new = {customer:String}))
    GROUP BY customer
) AS o ON o.customer = e.customer
ORDER BY customer_id
