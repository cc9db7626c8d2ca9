-- The newest first, those before ?2 that are so far.
SELECT doc FROM inbound_mails WHERE tenant_id = ?1 AND state = ?4 AND id < ?2 ORDER BY id DESC LIMIT CAST(?3 AS INTEGER)
