-- A page of the complaints that the index finds for ?2, between two positions, exclusive: (?3, ?4) below, (?5, ?6) above,
-- received from ?7 and before ?8. They come as one text, newest first, a line each: the place, the id, the summary, a space between them, and
-- if ?10, after a tab, what shows why it was found: the description, tokens around a hit, and the first ?11 characters of
-- its tokens.
-- ?9 is one more than the page, to tell whether there are more.
-- Of what has the rarest of ?12 (a JSON list of what the index is asked for), no more than ?13 are looked at: where the search ends
-- for that, its last line is the place of the next one, at which it has to go on.
-- FTS5 looks at a bound only when it has found something, and would go on behind this one until it has: so it is made to find what
-- stands there, by its reference in the index (?14: what each word begins with), without the prefix, which all have. What names it as well is
-- looked at twice.
WITH reach AS (
  SELECT CASE WHEN count(*) = count(place) THEN min(place) END AS place
  FROM (
    SELECT (
      SELECT rowid FROM complaint_words
      WHERE complaint_words MATCH token.value AND rowid >= CAST(?3 AS INTEGER) AND rowid <= CAST(?5 AS INTEGER)
      ORDER BY rowid DESC
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
    AND w.rowid >= coalesce((SELECT place + 1 FROM reach), CAST(?3 AS INTEGER)) AND w.rowid <= CAST(?5 AS INTEGER)
    AND (c.place, c.id) > (CAST(?3 AS INTEGER), ?4) AND (c.place, c.id) < (CAST(?5 AS INTEGER), ?6)
    AND c.received_at >= ?7 AND c.received_at < ?8
    AND (
      NOT EXISTS (SELECT 1 FROM stop)
      OR w.rowid NOT IN (SELECT place FROM named)
      OR EXISTS (SELECT 1 FROM complaint_words again WHERE again.complaint_words MATCH ?2 AND again.rowid = w.rowid)
    )
  ORDER BY w.rowid DESC
  LIMIT ?9
)
