-- A page of all complaints between two places, exclusive: (?2, ?3) below, (?4, ?5) above. The summaries come as one
-- text, a line each, newest first; ?6 is one more than the page, to tell whether there are more.
SELECT group_concat(summary, char(10) ORDER BY received_at DESC, id DESC) AS lines
FROM (
  SELECT received_at, id, summary
  FROM complaints
  WHERE tenant_id = ?1 AND (received_at, id) > (?2, ?3) AND (received_at, id) < (?4, ?5)
  ORDER BY received_at DESC, id DESC
  LIMIT ?6
)
