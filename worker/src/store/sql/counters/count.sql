-- Counts the next ?4 complaints that the index finds for ?3, which are older than those counted so far; all if there are
-- fewer.
UPDATE counters
SET (n, counted_from) = (
  SELECT counters.n + count(*), CASE count(*) WHEN ?4 THEN min(older.place) ELSE -9223372036854775808 END
  FROM (
    SELECT c.place AS place
    FROM counters counter
    CROSS JOIN complaint_words w
    CROSS JOIN complaints c
    WHERE counter.tenant_id = ?1 AND counter.name = ?2
      AND c.tenant_id = ?1 AND c.place = w.rowid AND w.complaint_words MATCH ?3 AND w.rowid < counter.counted_from
      AND c.received_at >= counter.received_from AND c.received_at < counter.received_to
    ORDER BY w.rowid DESC
    LIMIT ?4
  ) AS older
)
WHERE tenant_id = ?1 AND name = ?2 AND counted_from > -9223372036854775808
