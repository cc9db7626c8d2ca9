-- How many the index finds for ?2, between two places and received from ?5 and before ?6: ?7 at most.
SELECT CAST(count(*) AS TEXT) AS doc
FROM (
  SELECT 1
  FROM complaint_words w
  CROSS JOIN complaints c
  WHERE c.tenant_id = ?1 AND c.place = w.rowid AND w.complaint_words MATCH ?2
    AND w.rowid >= CAST(?3 AS INTEGER) AND w.rowid <= CAST(?4 AS INTEGER)
    AND c.received_at >= CAST(?5 AS INTEGER) AND c.received_at < CAST(?6 AS INTEGER)
  LIMIT CAST(?7 AS INTEGER)
)
