-- Like list_all.sql, but taken from the lower position upwards.
SELECT coalesce(
  group_concat(place || ' ' || id || ' ' || summary, char(10) ORDER BY place DESC) || char(10), ''
) AS lines
FROM (
  SELECT place, id, summary
  FROM complaints
  WHERE tenant_id = ?1 AND place >= CAST(?2 AS INTEGER) AND place <= CAST(?4 AS INTEGER)
    AND (place, id) > (CAST(?2 AS INTEGER), ?3) AND (place, id) < (CAST(?4 AS INTEGER), ?5)
    AND received_at >= ?6 AND received_at < ?7
  ORDER BY place ASC
  LIMIT ?8
)
