-- From here on: what Prisma cannot say.

-- Legs arrive in partitions of a week (ISO, UTC), whose indexes fit in memory where those of a month do not
-- (docs/decisions/0003-cdr-storage.md). Partitions of a month that exist already stay.

-- The partitions of a table with a range, which is [lower_bound, upper_bound).
CREATE FUNCTION range_partitions(parent regclass)
  RETURNS TABLE (partition regclass, lower_bound timestamptz, upper_bound timestamptz)
  LANGUAGE sql STABLE AS $$
  SELECT oid::regclass, bounds[1]::timestamptz, bounds[2]::timestamptz
  FROM pg_inherits
  JOIN pg_class ON oid = inhrelid
  CROSS JOIN LATERAL regexp_match(pg_get_expr(relpartbound, oid), $re$FROM \('(.+)'\) TO \('(.+)'\)$re$) AS bounds
  WHERE inhparent = parent
    AND bounds IS NOT NULL
$$;

-- Makes a partition of one table for a range, and moves into it what the default partition caught.
-- The lock on the default partition comes first, so that no row slips in between moving and attaching.
CREATE FUNCTION make_partition(parent regclass, name text, lower_bound timestamptz, upper_bound timestamptz) RETURNS void LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
  fallback text := parent::text || '_default';
  key_column text;
BEGIN
  SELECT attname INTO STRICT key_column
    FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent;
  EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', fallback);
  EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING ALL)', name, parent);
  EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
    fallback, key_column, lower_bound, key_column, upper_bound, name);
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, name, lower_bound, upper_bound);
END $$;

CREATE OR REPLACE FUNCTION make_month_partition(parent regclass, month timestamptz) RETURNS boolean LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
  lower_bound timestamptz := date_trunc('month', month, 'UTC');
  name text := parent::text || '_' || to_char(lower_bound, 'YYYY_MM');
BEGIN
  IF to_regclass(name) IS NOT NULL THEN RETURN false; END IF;
  PERFORM make_partition(parent, name, lower_bound, lower_bound + interval '1 month');
  RETURN true;
END $$;

-- Makes the partition of one table for the week of a moment, or for what other partitions leave of that week.
CREATE FUNCTION make_week_partition(parent regclass, moment timestamptz) RETURNS boolean LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
  week_start timestamptz := date_trunc('week', moment, 'UTC');
  free_from timestamptz;
  free_to timestamptz;
BEGIN
  IF EXISTS (SELECT FROM range_partitions(parent) WHERE lower_bound <= moment AND upper_bound > moment) THEN RETURN false; END IF;
  SELECT greatest(week_start, max(upper_bound) FILTER (WHERE upper_bound <= moment)),
      least(week_start + interval '7 days', min(lower_bound) FILTER (WHERE lower_bound > moment))
    INTO free_from, free_to
    FROM range_partitions(parent);
  PERFORM make_partition(parent, parent::text || '_' || to_char(free_from, 'YYYY_MM_DD'), free_from, free_to);
  RETURN true;
END $$;

-- Makes the partitions of every partitioned table: for cdrs those of the last four weeks, this one and the next ones;
-- for the others those of last month, this one and the next ones. Returns how many it made.
CREATE FUNCTION make_partitions(weeks_ahead int, months_ahead int) RETURNS int LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
  parent regclass;
  made int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('make_month_partitions'));
  FOR i IN -4..weeks_ahead LOOP
    -- The end of the week too: a month partition may hold its beginning.
    IF make_week_partition('cdrs', date_trunc('week', now(), 'UTC') + make_interval(weeks => i)) THEN made := made + 1; END IF;
    IF make_week_partition('cdrs', date_trunc('week', now(), 'UTC') + make_interval(weeks => i, days => 6)) THEN made := made + 1; END IF;
  END LOOP;
  FOR parent IN
    SELECT p.partrelid FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND p.partstrat = 'r' AND c.relname <> 'cdrs' ORDER BY c.relname
  LOOP
    FOR i IN -1..months_ahead LOOP
      IF make_month_partition(parent, date_trunc('month', now(), 'UTC') + make_interval(months => i)) THEN made := made + 1; END IF;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;

-- For workers of the previous version.
CREATE OR REPLACE FUNCTION make_month_partitions(months_ahead int) RETURNS int LANGUAGE sql AS $$
  SELECT make_partitions(4 * months_ahead, months_ahead)
$$;
