-- Inserts a result per minute for each of $1 gateways of organization $2: the last 30 days for the first $3
-- of them, the last $4 hours for the others, in the order in which the worker would have stored them. One in
-- a hundred is degraded, one in five hundred down.
INSERT INTO gateway_results (org_id, gateway_key, at, id, status, latency_ms, loss_percent, jitter_ms,
  sip_code, error, source)
SELECT $2, md5('bench-' || gateway)::uuid,
  now() - make_interval(mins => minute, secs => gateway % 60), uuidv7(),
  CASE
    WHEN luck < 0.002 THEN 2
    WHEN luck < 0.012 THEN 1
    ELSE 0
  END,
  CASE WHEN luck >= 0.002 THEN 20 + (luck * 1000)::int % 17 END,
  0, 2, 200, NULL, 'probe'
FROM (
  SELECT minute, gateway, random() AS luck
  FROM generate_series(30 * 24 * 60 - 1, 0, -1) AS minute
  CROSS JOIN LATERAL
    generate_series(1, CASE WHEN minute < $4::int * 60 THEN $1::int ELSE $3::int END) AS gateway
) AS result
