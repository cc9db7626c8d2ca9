-- A page of the complaints that the index finds for ?2, between two positions, exclusive: (?3, ?4) below, (?5, ?6) above,
-- received from ?7 and before ?8. Newest first: at most ?9, and no more after the first ?10 bytes. Each as its version, its
-- id, and in one text its place, a space, and what a read answers.
SELECT version AS nth, id AS complaint_id, place || ' ' || doc AS name
FROM (
  SELECT place, id, version, doc, sum(octet_length(doc)) OVER (ORDER BY place DESC) - octet_length(doc) AS bytes_before
  FROM (
    SELECT c.place AS place, c.id AS id, c.version AS version, c.doc AS doc
    FROM complaint_words w
    CROSS JOIN complaints c
    WHERE c.tenant_id = ?1 AND c.place = w.rowid AND w.complaint_words MATCH ?2
      AND w.rowid >= CAST(?3 AS INTEGER) AND w.rowid <= CAST(?5 AS INTEGER)
      AND (c.place, c.id) > (CAST(?3 AS INTEGER), ?4) AND (c.place, c.id) < (CAST(?5 AS INTEGER), ?6)
      AND c.received_at >= ?7 AND c.received_at < ?8
    ORDER BY w.rowid DESC
    LIMIT ?9
  )
)
WHERE bytes_before < ?10
ORDER BY place DESC
