-- AlterTable
ALTER TABLE "intake" ADD COLUMN     "items" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "reference" TEXT;

-- AlterTable
ALTER TABLE "quarantine" ADD COLUMN     "bytes" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "items" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "reference" TEXT;

-- From here on: what Prisma cannot say.

-- The number of records of a payload. PostgreSQL cannot read a JSON value with an escaped NUL or lone
-- surrogate: they are replaced by a blank before counting.
CREATE FUNCTION pg_temp.count_records(payload json) RETURNS int LANGUAGE sql AS $$
  SELECT coalesce(json_array_length(
    regexp_replace(payload::text, '\\u(0000|d[89a-f][0-9a-f]{2})', '\\u0020', 'gi')::json -> 'records'), 1)
$$;
CREATE FUNCTION pg_temp.reference_of(payload json) RETURNS text LANGUAGE sql AS $$
  SELECT (regexp_match(left(payload::text, 4096), '"sgapiReference":"([^"\\]+)"'))[1]
$$;

UPDATE "intake"
SET "items" = pg_temp.count_records("payload"),
  "reference" = pg_temp.reference_of("payload")
WHERE "queue" = 'cdr';

UPDATE "quarantine"
SET "items" = pg_temp.count_records("payload"),
  "reference" = pg_temp.reference_of("payload")
WHERE "queue" = 'cdr';

UPDATE "quarantine"
SET "bytes" = octet_length("payload"::text);
