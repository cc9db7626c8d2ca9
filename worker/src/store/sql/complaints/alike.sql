-- Of the complaints but ?3 that the index finds for ?2, received from ?6 and before ?7, the ?4 newest, with what is
-- compared of them.
SELECT c.summary AS summary, substr(c.doc ->> 'description', 1, ?5) AS description, c.doc -> 'complainant' AS complainant,
  c.doc -> 'links' AS links
FROM complaint_words w
CROSS JOIN complaints c
WHERE c.tenant_id = ?1 AND c.place = w.rowid AND w.complaint_words MATCH ?2 AND c.id <> ?3
  AND c.received_at >= ?6 AND c.received_at < ?7
ORDER BY w.rowid DESC
LIMIT ?4
