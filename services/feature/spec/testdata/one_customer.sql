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
        [toInt64(countIf(f.occurred_at >= fromUnixTimestamp64Milli({start_1h:Int64}, 'UTC'))),
         toInt64(countIf(f.occurred_at >= fromUnixTimestamp64Milli({start_24h:Int64}, 'UTC'))),
         toInt64(countIf(f.occurred_at >= fromUnixTimestamp64Milli({start_30d:Int64}, 'UTC'))),
         toInt64(countIf(f.occurred_at >= fromUnixTimestamp64Milli({start_90d:Int64}, 'UTC'))),
         toInt64(countIf(f.occurred_at >= fromUnixTimestamp64Milli({start_365d:Int64}, 'UTC'))),
         toInt64(count())] AS events,
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
        [toInt64(clamp(sumIf(f.orders, f.at_ms >= {start_1h:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.orders, f.at_ms >= {start_24h:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.orders, f.at_ms >= {start_30d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.orders, f.at_ms >= {start_90d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.orders, f.at_ms >= {start_365d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sum(f.orders), toInt128(-9223372036854775807), toInt128(9223372036854775807)))] AS orders,
        [toInt64(clamp(sumIf(f.quantity_micros, f.at_ms >= {start_1h:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.quantity_micros, f.at_ms >= {start_24h:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.quantity_micros, f.at_ms >= {start_30d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.quantity_micros, f.at_ms >= {start_90d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.quantity_micros, f.at_ms >= {start_365d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sum(f.quantity_micros), toInt128(-9223372036854775807), toInt128(9223372036854775807)))] AS quantity_micros,
        [toInt64(clamp(sumIf(f.spend_micros, f.at_ms >= {start_1h:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.spend_micros, f.at_ms >= {start_24h:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.spend_micros, f.at_ms >= {start_30d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.spend_micros, f.at_ms >= {start_90d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.spend_micros, f.at_ms >= {start_365d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sum(f.spend_micros), toInt128(-9223372036854775807), toInt128(9223372036854775807)))] AS spend_micros,
        [toInt64(clamp(sumIf(f.refunds, f.at_ms >= {start_1h:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.refunds, f.at_ms >= {start_24h:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.refunds, f.at_ms >= {start_30d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.refunds, f.at_ms >= {start_90d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.refunds, f.at_ms >= {start_365d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sum(f.refunds), toInt128(-9223372036854775807), toInt128(9223372036854775807)))] AS refunds,
        [toInt64(clamp(sumIf(f.refund_micros, f.at_ms >= {start_1h:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.refund_micros, f.at_ms >= {start_24h:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.refund_micros, f.at_ms >= {start_30d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.refund_micros, f.at_ms >= {start_90d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sumIf(f.refund_micros, f.at_ms >= {start_365d:Int64}), toInt128(-9223372036854775807), toInt128(9223372036854775807))),
         toInt64(clamp(sum(f.refund_micros), toInt128(-9223372036854775807), toInt128(9223372036854775807)))] AS refund_micros,
        minIf(f.at_ms, f.orders > 0) AS first_ms,
        maxIf(f.at_ms, f.orders > 0) AS last_ms,
        f.customer AS customer
    FROM
    (
        SELECT
            toUnixTimestamp64Milli(f.occurred_at) AS at_ms,
            sum(toInt128(f.orders) * f.sign) AS orders,
            sum(toInt128(f.quantity_micros) * f.sign) AS quantity_micros,
            sum(toInt128(f.spend_micros) * f.sign) AS spend_micros,
            sum(toInt128(f.refunds) * f.sign) AS refunds,
            sum(toInt128(f.refund_micros) * f.sign) AS refund_micros,
            if(m.new = '', f.customer_id, m.new) AS customer
        FROM dw.order_postings AS f
        LEFT JOIN moved AS m ON m.old = f.customer_id
        WHERE f.workspace = {workspace:String} AND f.occurred_at <= as_of
            AND (f.customer_id = {customer:String} OR f.customer_id IN (SELECT old FROM moved WHERE new = {customer:String}))
        GROUP BY customer, at_ms
    ) AS f
    GROUP BY customer
) AS o ON o.customer = e.customer
ORDER BY customer_id
