-- Like list_newest.sql, but taken from the lower place upwards.
SELECT group_concat(summary, char(10) ORDER BY received_at DESC, id DESC) AS lines
FROM (
  SELECT received_at, id, summary
  FROM complaints
  WHERE tenant_id = ?1 AND (received_at, id) > (?2, ?3) AND (received_at, id) < (?4, ?5)
  ORDER BY received_at ASC, id ASC
  LIMIT ?6
)
