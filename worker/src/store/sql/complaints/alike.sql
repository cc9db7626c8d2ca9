-- The ?4 newest complaints but ?3 that share one of the tokens ?2, with what is compared of them.
SELECT c.summary AS summary, substr(c.doc ->> 'description', 1, ?5) AS description, c.doc -> 'complainant' AS complainant
FROM complaint_words w
CROSS JOIN complaints c
WHERE c.tenant_id = ?1 AND c.place = w.rowid AND w.complaint_words MATCH ?2 AND c.id <> ?3
ORDER BY w.rowid DESC
LIMIT ?4
