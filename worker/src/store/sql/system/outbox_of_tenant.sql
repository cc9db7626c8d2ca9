-- A page of the outbox, and the messages in it of tenant ?2.
SELECT id, CASE WHEN tenant_id = ?2 THEN message END AS message FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?3
