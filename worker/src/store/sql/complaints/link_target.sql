-- Of a complaint ?2 that lies here: whether it is tied to ?3, which lies elsewhere.
SELECT EXISTS (SELECT 1 FROM json_each(t.doc, '$.links') link WHERE link.value ->> 'complaint' = ?3) AS links_back
FROM complaints t
WHERE t.tenant_id = ?1 AND t.id = ?2
