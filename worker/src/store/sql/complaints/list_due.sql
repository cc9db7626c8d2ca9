-- A page of the complaints that the index finds for ?2, of which something is due, the soonest first, between two positions,
-- exclusive: (?3, ?4) below, (?5, ?6) above; places are the moments due, in milliseconds, less than 0. Received from ?7 and before
-- ?8, due on ?10 or later and before ?11. ?9 is one more than the page. Lines as of list_newest.sql.
-- If the index finds no more than ?13, those are sorted. Else, of what is due next, ?14 are passed over, and those are taken that
-- have all of the labels ?12 (a JSON list); then the last line is the position that the list has reached.
WITH few AS (SELECT rowid AS place FROM complaint_words WHERE complaint_words MATCH ?2 LIMIT ?13 + 1),
next AS (
  SELECT due_at, id, summary, labels, received_at, due_on FROM complaints
  WHERE tenant_id = ?1 AND due_at >= -CAST(?5 AS INTEGER) AND due_at <= -CAST(?3 AS INTEGER)
    AND (-due_at, id) > (CAST(?3 AS INTEGER), ?4) AND (-due_at, id) < (CAST(?5 AS INTEGER), ?6)
    AND (SELECT count(*) FROM few) > ?13
  ORDER BY due_at ASC, id DESC
  LIMIT ?14
),
found AS (
  SELECT -c.due_at AS place, c.id AS id, c.summary AS summary, c.received_at AS received_at, c.due_on AS due_on
  FROM few
  CROSS JOIN complaints c
  WHERE c.tenant_id = ?1 AND c.place = few.place AND (SELECT count(*) FROM few) <= ?13
    AND (-c.due_at, c.id) > (CAST(?3 AS INTEGER), ?4) AND (-c.due_at, c.id) < (CAST(?5 AS INTEGER), ?6)
  LIMIT ?13
),
seen AS (
  SELECT place, id, summary, received_at, due_on FROM found
  UNION ALL
  SELECT -due_at, id, summary, received_at, due_on FROM next
  WHERE NOT EXISTS (SELECT 1 FROM json_each(?12) WHERE instr(' ' || coalesce(next.labels, '') || ' ', ' ' || value || ' ') = 0)
  LIMIT ?13 + ?14
),
page AS (
  SELECT place, id, summary FROM seen
  WHERE received_at >= ?7 AND received_at < ?8 AND due_on >= ?10 AND due_on < ?11
  ORDER BY place DESC, id DESC
  LIMIT ?9
)
SELECT coalesce(group_concat(place || ' ' || id || ' ' || summary, char(10) ORDER BY place DESC, id DESC) || char(10), '')
  || coalesce((SELECT -due_at || ' ' || id FROM next LIMIT 1 OFFSET ?14 - 1), '') AS lines
FROM page
