-- Of the days from ?2 to ?3; and of what is open, whenever it was received. After it, to be taken off, of what has the labels of one of ?4,
-- a JSON list of lists.
SELECT facet, day, value, n, open FROM daily_counts
WHERE tenant_id = ?1 AND facet = 'resolved' AND day >= ?2 AND day <= ?3
UNION ALL
SELECT facet, day, value, n, open FROM daily_counts
WHERE tenant_id = ?1 AND facet = 'received' AND (open > 0 OR day >= ?2 AND day <= ?3)
UNION ALL
SELECT 'resolved', c.day, c.value, -c.n, -c.open
FROM json_each(?4) hidden
CROSS JOIN daily_counts c
WHERE c.tenant_id = ?1 AND c.facet = 'resolved ' || hidden.value AND c.day >= ?2 AND c.day <= ?3
UNION ALL
SELECT 'received', c.day, c.value, -c.n, -c.open
FROM json_each(?4) hidden
CROSS JOIN daily_counts c
WHERE c.tenant_id = ?1 AND c.facet = 'received ' || hidden.value AND (c.open > 0 OR c.day >= ?2 AND c.day <= ?3)
