-- The complaints that the index finds for ?2, below place ?3 and not below ?4, received from ?5 and before ?6, with ids
-- below ?7: at most ?8, the highest places first. Each its place, a space, its id.
SELECT c.place || ' ' || c.id AS doc
FROM complaint_words w
CROSS JOIN complaints c
WHERE c.tenant_id = ?1 AND c.place = w.rowid AND w.complaint_words MATCH ?2
  AND w.rowid < CAST(?3 AS INTEGER) AND w.rowid >= CAST(?4 AS INTEGER)
  AND c.received_at >= CAST(?5 AS INTEGER) AND c.received_at < CAST(?6 AS INTEGER) AND c.id < ?7
ORDER BY w.rowid DESC
LIMIT ?8
