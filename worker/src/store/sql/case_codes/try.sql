-- Code ?3 is tried on handle ?2, at ?4, at most ?5 times; the right one is good once. A row if it was the right one.
UPDATE case_codes SET tries = CASE WHEN code = ?3 THEN ?5 ELSE tries + 1 END
WHERE tenant_id = ?1 AND handle = ?2 AND expires_at > ?4 AND tries < ?5
RETURNING CASE WHEN code = ?3 THEN complaint_id END AS complaint_id
