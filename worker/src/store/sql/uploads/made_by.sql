-- The request's fingerprint, a space, the attachment, a space, and the upload that it began.
SELECT fingerprint || ' ' || attachment_id || ' ' || doc AS doc FROM uploads WHERE tenant_id = ?1 AND key = ?2
