-- The complaint of another mail that says the same.
SELECT complaint_id AS doc FROM inbound_mails
WHERE tenant_id = ?1 AND content = ?2 AND id <> ?3 AND complaint_id IS NOT NULL
LIMIT 1
