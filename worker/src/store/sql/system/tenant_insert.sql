INSERT INTO tenants (id, slug, version, doc, unpublished) VALUES (?1, ?2, ?3, ?4, 1)
