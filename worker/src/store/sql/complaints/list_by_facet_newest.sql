-- Like list_newest.sql, for complaints that have facet ?7 = ?8 and every other facet in the JSON list ?9.
WITH page AS (
  SELECT row_number() OVER (ORDER BY received_at DESC, id DESC) AS n, received_at, id, summary
  FROM (
    SELECT f.received_at AS received_at, f.complaint_id AS id, c.summary AS summary
    FROM complaint_facets f
    JOIN complaints c ON c.tenant_id = ?1 AND c.id = f.complaint_id
    WHERE f.tenant_id = ?1 AND f.facet = ?7 AND f.value = ?8
      AND (f.received_at, f.complaint_id) > (?2, ?3) AND (f.received_at, f.complaint_id) < (?4, ?5)
      AND NOT EXISTS (
        SELECT 1 FROM json_each(?9) wanted
        WHERE NOT EXISTS (
          SELECT 1 FROM complaint_facets o
          WHERE o.tenant_id = ?1 AND o.facet = wanted.value ->> 0 AND o.value = wanted.value ->> 1
            AND o.received_at = f.received_at AND o.complaint_id = f.complaint_id
        )
      )
    ORDER BY f.received_at DESC, f.complaint_id DESC
    LIMIT ?6 + 1
  )
)
SELECT
  count(*) AS found,
  '[' || coalesce(group_concat(summary, ',' ORDER BY received_at DESC, id DESC) FILTER (WHERE n <= ?6), '') || ']' AS items,
  max(CASE WHEN n = 1 THEN received_at || ' ' || id END) AS first_place,
  max(CASE WHEN n = (SELECT min(count(*), ?6) FROM page) THEN received_at || ' ' || id END) AS last_place
FROM page
