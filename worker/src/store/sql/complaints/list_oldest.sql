-- Like list_newest.sql, but taken from the lower position upwards.
SELECT group_concat(place || ' ' || summary, char(10) ORDER BY place DESC) AS lines
FROM (
  SELECT c.place AS place, c.summary AS summary
  FROM complaint_words w
  CROSS JOIN complaints c
  WHERE c.tenant_id = ?1 AND c.place = w.rowid AND w.complaint_words MATCH ?2
    AND w.rowid >= CAST(?3 AS INTEGER) AND w.rowid <= CAST(?5 AS INTEGER)
    AND (c.place, c.id) > (CAST(?3 AS INTEGER), ?4) AND (c.place, c.id) < (CAST(?5 AS INTEGER), ?6)
    AND c.received_at >= ?7 AND c.received_at < ?8
  ORDER BY w.rowid ASC
  LIMIT ?9
)
