-- Of the first ten of the list ?2 that are not whole: counts the next ?3 complaints that the index finds, which are older
-- than those counted so far; all if there are fewer.
UPDATE counters
SET (n, counted_from) = (
  SELECT counters.n + count(*), CASE count(*) WHEN CAST(?3 AS INTEGER) THEN min(older.place) ELSE -9223372036854775808 END
  FROM (
    SELECT c.place AS place
    FROM complaint_words w
    CROSS JOIN complaints c
    WHERE c.tenant_id = ?1 AND c.place = w.rowid AND w.rowid < counters.counted_from
      AND w.complaint_words MATCH (SELECT group_concat('"' || value || '"', ' AND ') FROM json_each(counters.tokens))
      AND c.received_at >= counters.received_from AND c.received_at < counters.received_to
    ORDER BY w.rowid DESC
    LIMIT CAST(?3 AS INTEGER)
  ) AS older
)
WHERE tenant_id = ?1 AND name IN (
  SELECT counter.name
  FROM json_each(?2) wanted
  CROSS JOIN counters counter
  WHERE counter.tenant_id = ?1 AND counter.name = wanted.value ->> 'name' AND counter.counted_from > -9223372036854775808
  LIMIT 10
)
