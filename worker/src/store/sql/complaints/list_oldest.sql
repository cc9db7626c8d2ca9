-- A page of all complaints between two places, exclusive: (?2, ?3) below, (?4, ?5) above. Fetches one more than
-- the page to tell whether there are more. The page comes as one JSON text, newest first.
WITH page AS (
  SELECT row_number() OVER (ORDER BY received_at ASC, id ASC) AS n, received_at, id, summary
  FROM (
    SELECT received_at, id, summary
    FROM complaints
    WHERE tenant_id = ?1 AND (received_at, id) > (?2, ?3) AND (received_at, id) < (?4, ?5)
    ORDER BY received_at ASC, id ASC
    LIMIT ?6 + 1
  )
)
SELECT
  count(*) AS found,
  '[' || coalesce(group_concat(summary, ',' ORDER BY received_at DESC, id DESC) FILTER (WHERE n <= ?6), '') || ']' AS items,
  max(CASE WHEN n = 1 THEN received_at || ' ' || id END) AS first_place,
  max(CASE WHEN n = (SELECT min(count(*), ?6) FROM page) THEN received_at || ' ' || id END) AS last_place
FROM page
