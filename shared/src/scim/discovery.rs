//! What this service says of its SCIM (RFC 7643 §5 to §7, RFC 7644 §4): three documents, kept as data in `rules/scim/`.

use super::LIST_SCHEMA;
use serde_json::{Value, json};

const CONFIG: &str = include_str!("../../rules/scim/service_provider_config.json");
const RESOURCE_TYPES: &str = include_str!("../../rules/scim/resource_types.json");
const SCHEMAS: &str = include_str!("../../rules/scim/schemas.json");

/// A shipped file; `null` if it does not parse, which a test excludes.
fn shipped(text: &str) -> Value {
    crate::json::from_str(text).unwrap_or_default()
}

/// With where it is (RFC 7643 §3.1 `meta.location`). `base`: as for [`super::user::show`].
fn located(mut document: Value, kind: &str, location: String) -> Value {
    if let Some(members) = document.as_object_mut() {
        members.insert("meta".to_owned(), json!({ "resourceType": kind, "location": location }));
    }
    document
}

/// `GET /ServiceProviderConfig`.
#[must_use]
pub fn service_provider_config(base: &str) -> Value {
    located(shipped(CONFIG), "ServiceProviderConfig", format!("{base}/ServiceProviderConfig"))
}

/// `GET /ResourceTypes`: a list.
#[must_use]
pub fn resource_types(base: &str) -> Value {
    list(RESOURCE_TYPES, "ResourceType", "name", &format!("{base}/ResourceTypes"))
}

/// `GET /ResourceTypes/{name}`; `None`: 404.
#[must_use]
pub fn resource_type(base: &str, name: &str) -> Option<Value> {
    one(resource_types(base), "name", name)
}

/// `GET /Schemas`: a list.
#[must_use]
pub fn schemas(base: &str) -> Value {
    list(SCHEMAS, "Schema", "id", &format!("{base}/Schemas"))
}

/// `GET /Schemas/{urn}`; `None`: 404.
#[must_use]
pub fn schema(base: &str, urn: &str) -> Option<Value> {
    one(schemas(base), "id", urn)
}

fn list(text: &str, kind: &str, name: &str, base: &str) -> Value {
    let documents = shipped(text);
    let each = documents.as_array().into_iter().flatten().map(|document| {
        let name = document.get(name).and_then(Value::as_str).unwrap_or_default();
        located(document.clone(), kind, format!("{base}/{name}"))
    });
    let resources: Vec<_> = each.collect();
    json!({ "schemas": [LIST_SCHEMA], "totalResults": resources.len(), "startIndex": 1, "itemsPerPage": resources.len(), "Resources": resources })
}

fn one(list: Value, member: &str, wanted: &str) -> Option<Value> {
    let resources = list.get("Resources")?.as_array()?;
    resources.iter().find(|document| document.get(member).is_some_and(|name| name == wanted)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        identity::role::Role,
        scim::{GROUP_SCHEMA, USER_SCHEMA, filter::MAX_BYTES, list::MAX_COUNT},
    };

    const BASE: &str = "https://eu.redress.example/scim/v2";

    #[test]
    fn the_documents_say_what_is_done() {
        let config = service_provider_config(BASE);
        assert_eq!(config["patch"]["supported"], true);
        assert_eq!(config["filter"]["maxResults"], MAX_COUNT);
        for none in ["bulk", "changePassword", "sort"] {
            assert_eq!(config[none]["supported"], false, "{none}");
        }
        assert_eq!(resource_types(BASE)["totalResults"], 2);
        let user = resource_type(BASE, "User").unwrap();
        assert_eq!((&user["schema"], &user["endpoint"]), (&json!(USER_SCHEMA), &json!("/Users")));
        assert_eq!(user["meta"]["location"], format!("{BASE}/ResourceTypes/User"));
        assert_eq!(resource_type(BASE, "Role"), None);
        assert_eq!(schema(BASE, GROUP_SCHEMA).unwrap()["name"], "Group");
        assert!(schema(BASE, "urn:x").is_none() && MAX_BYTES > 0);
        let roles = schema(BASE, USER_SCHEMA).unwrap();
        let attributes = roles["attributes"].as_array().unwrap();
        let roles = attributes.iter().find(|attribute| attribute["name"] == "roles").unwrap();
        assert_eq!(roles["subAttributes"][0]["canonicalValues"], json!(Role::NAMES));
    }
}
