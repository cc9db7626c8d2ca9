-- It was not the mail's fault.
UPDATE inbound_mails SET attempts = 0 WHERE tenant_id = ?1 AND id = ?2
