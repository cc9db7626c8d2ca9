-- A page of all complaints between two positions, exclusive: (?2, ?3) below, (?4, ?5) above, received from ?6 and before ?7. They come
-- as one text, newest first, a line each: the place, the id, the summary, a space between them. ?8 is one more than the page.
SELECT coalesce(
  group_concat(place || ' ' || id || ' ' || summary, char(10) ORDER BY place DESC) || char(10), ''
) AS lines
FROM (
  SELECT place, id, summary
  FROM complaints
  WHERE tenant_id = ?1 AND place >= CAST(?2 AS INTEGER) AND place <= CAST(?4 AS INTEGER)
    AND (place, id) > (CAST(?2 AS INTEGER), ?3) AND (place, id) < (CAST(?4 AS INTEGER), ?5)
    AND received_at >= ?6 AND received_at < ?7
  ORDER BY place DESC
  LIMIT ?8
)
