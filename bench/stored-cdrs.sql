-- Inserts $1 calls as the intake would have stored them a year ago, by rules that kept national numbers as
-- they were. The id is derived from the natural key, as the intake derives it.
INSERT INTO cdrs (id, org_id, call_id, leg, caller, callee, caller_raw, callee_raw, start_time, end_time,
  duration, billsec, disposition, trunk_id, source, batch_id, content_hash, raw)
SELECT
  (substr(ms, 1, 12) || '8' || substr(h, 14, 1) || substr(h, 15, 2)
    || to_hex(128 | (('x' || substr(h, 17, 2))::bit(8)::int & 63)) || substr(h, 19, 14))::uuid,
  1, call_id, 'a', '(415) 555-1234', '+14155555678', '(415) 555-1234', '+14155555678',
  start_time, start_time + interval '342 s', 342, 342,
  'ANSWERED', 'trunk_001', 'bench', 'bench', 'as it was',
  json_build_object('call_id', call_id, 'caller', '(415) 555-1234', 'callee', '+14155555678',
    'start_time', to_char(start_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'duration', 342, 'disposition', 'ANSWERED', 'trunk_id', 'trunk_001')
FROM (
  SELECT *,
    lpad(to_hex((extract(epoch FROM start_time) * 1000)::bigint), 12, '0') AS ms,
    encode(sha256(convert_to(
      '[1,"bench","' || call_id || '",' || (extract(epoch FROM start_time) * 1000)::bigint || ']',
      'UTF8')), 'hex') AS h
  FROM (
    SELECT 'stored-' || i AS call_id, timestamptz '2024-01-01T00:00:00Z' + i * interval '1 s' AS start_time
    FROM generate_series(1, $1::int) AS i
  ) AS calls
) AS keyed;
