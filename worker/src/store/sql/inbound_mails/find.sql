SELECT doc || char(10) || arrived AS doc FROM inbound_mails WHERE tenant_id = ?1 AND id = ?2
