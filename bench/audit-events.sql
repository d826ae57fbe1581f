-- Inserts $1 events of the last twelve months as the worker stores them: four fifths in organization $2, the
-- rest in twenty others. A hundred of those in $2 contain "zeppelin" and a quarter contains "login".
INSERT INTO audit_events (id, org_id, created_at, event_type, severity, actor_type, actor_id, resource_type,
  resource_id, description, words, metadata, ip_address, user_agent)
SELECT
  'evt-' || to_char(at, 'YYYYMMDD') || '-'
    || lpad(to_hex((extract(epoch FROM at - date_trunc('day', at)) * 1000)::int), 7, '0')
    || left(md5(i::text), 16),
  org, at, type, severity, actor,
  CASE WHEN actor = 'user' THEN 100 + (power(r4, 3) * 2000)::int END,
  resource, resource || '-' || (power(r5, 2) * 5000)::int,
  description, string_to_array(lower(description), ' '),
  '{"previous_value":"old_rule","new_value":"new_rule"}'::json,
  '10.0.0.0'::inet + (power(r6, 2) * 20000)::int,
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
FROM (
  SELECT i, at, org, r4, r5, r6,
    (ARRAY['config_change','user_login','user_logout','call_started','call_ended',
      'extension_updated','trunk_registered','trunk_lost','security','report_viewed',
      'queue_joined','queue_left','voicemail_read','device_registered','device_lost',
      'gateway_up','gateway_down','key_created','key_revoked','backup_done'
    ])[1 + (power(r1, 1.5) * 19.99)::int % 20] AS type,
    CASE
      WHEN r2 < 0.85 THEN 0
      WHEN r2 < 0.95 THEN 1
      WHEN r2 < 0.99 THEN 2
      ELSE 3
    END AS severity,
    CASE
      WHEN r3 < 0.7 THEN 'user'
      WHEN r3 < 0.9 THEN 'system'
      ELSE 'api'
    END AS actor,
    (ARRAY['dialplan','device','trunk','extension','queue','user','gateway','report'
    ])[1 + floor(r3 * 8)::int] AS resource,
    CASE
      WHEN org = $2 AND rank % GREATEST(($1::bigint * 4 / 5) / 100, 1) = 7
        THEN 'Zeppelin moored at tower ' || i
      WHEN r1 < 0.25
        THEN 'Successful login of operator ' || (r4 * 5000)::int || ' from desk ' || (r5 * 300)::int
      WHEN r1 < 0.5
        THEN 'Updated outbound dialing rules of plan ' || (r6 * 9000)::int
      WHEN r1 < 0.75
        THEN 'Device ' || (r5 * 20000)::int || ' registered again after ' || (r4 * 600)::int || ' seconds'
      ELSE 'Call ' || i || ' ended with cause ' || (r6 * 120)::int
    END AS description
  FROM (
    SELECT i,
      random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5, random() AS r6,
      CASE WHEN i % 5 < 4 THEN $2::int ELSE $2::int + 1 + (i / 5 % 20)::int END AS org,
      i / 5 * 4 + i % 5 AS rank,
      date_trunc('milliseconds', now() AT TIME ZONE 'UTC' - interval '365 days' * (1 - i / $1::float8))
        AT TIME ZONE 'UTC' AS at
    FROM generate_series(1, $1::bigint) AS i
  ) AS drawn
) AS event
