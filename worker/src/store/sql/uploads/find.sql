SELECT u.doc FROM uploads u
JOIN stored_files f ON f.tenant_id = ?1 AND f.attachment_id = u.attachment_id
WHERE u.tenant_id = ?1 AND u.attachment_id = ?2 AND f.complaint_id = ?3
