-- What some tenants have set about whom they tell.
SELECT s.tenant_id AS tenant, s.doc FROM json_each(?1) wanted
CROSS JOIN notification_settings s
WHERE s.tenant_id = wanted.value AND s.subject = 'rules'
