-- Like list_newest.sql, but taken from the lower position upwards.
WITH reach AS (
  SELECT CASE WHEN count(*) = count(place) THEN max(place) END AS place
  FROM (
    SELECT (
      SELECT rowid FROM complaint_words
      WHERE complaint_words MATCH token.value AND rowid >= CAST(?3 AS INTEGER) AND rowid <= CAST(?5 AS INTEGER)
      ORDER BY rowid ASC
      LIMIT 1 OFFSET ?13
    ) AS place
    FROM json_each(?12) token
    LIMIT 100
  )
), stop AS (
  SELECT c.place AS place, ?14 || replace(lower(substr(c.reference, instr(c.reference, '-') + 1)), '-', ' ' || ?14) AS words
  FROM reach r
  CROSS JOIN complaints c
  WHERE c.tenant_id = ?1 AND c.place = r.place
  LIMIT 1
), named AS (
  SELECT rowid AS place
  FROM complaint_words
  WHERE complaint_words MATCH coalesce((SELECT '"' || words || '"' FROM stop), ?14 || '_none')
    AND rowid >= CAST(?3 AS INTEGER) AND rowid <= CAST(?5 AS INTEGER)
  LIMIT 10000
)
SELECT coalesce(
  group_concat(place || ' ' || id || ' ' || summary || coalesce(char(9) || texts, ''), char(10) ORDER BY place DESC) || char(10), ''
) || coalesce((SELECT place FROM reach), '') AS lines
FROM (
  SELECT c.place AS place, c.id AS id, c.summary AS summary,
    CASE WHEN ?10 THEN json_array(
      substr(c.doc ->> 'description', 1, 20000), snippet(complaint_words, 0, '<', '>', '', 20), substr(c.words, 1, ?11)
    ) END AS texts
  FROM complaint_words w
  CROSS JOIN complaints c
  WHERE c.tenant_id = ?1 AND c.place = w.rowid AND w.complaint_words MATCH coalesce((SELECT '(' || ?2 || ') OR "' || words || '"' FROM stop), ?2)
    AND w.rowid >= CAST(?3 AS INTEGER) AND w.rowid <= coalesce((SELECT place - 1 FROM reach), CAST(?5 AS INTEGER))
    AND (c.place, c.id) > (CAST(?3 AS INTEGER), ?4) AND (c.place, c.id) < (CAST(?5 AS INTEGER), ?6)
    AND c.received_at >= ?7 AND c.received_at < ?8
    AND (
      NOT EXISTS (SELECT 1 FROM stop)
      OR w.rowid NOT IN (SELECT place FROM named)
      OR EXISTS (SELECT 1 FROM complaint_words again WHERE again.complaint_words MATCH ?2 AND again.rowid = w.rowid)
    )
  ORDER BY w.rowid ASC
  LIMIT ?9
)
