-- Behind the ?2 complaints that were marked.
UPDATE clock_reviews SET after = coalesce((
  SELECT max(id) FROM (
    SELECT c.id FROM complaints c
    WHERE c.tenant_id = ?1 AND c.id > (SELECT r.after FROM clock_reviews r WHERE r.tenant_id = ?1)
    ORDER BY c.id
    LIMIT ?2
  )
), '~')
WHERE tenant_id = ?1
