-- The request's fingerprint, a space, and the view that it made.
SELECT fingerprint || ' ' || view AS doc FROM view_requests WHERE tenant_id = ?1 AND key = ?2
