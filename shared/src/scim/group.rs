//! Groups (RFC 7643 §4.2) are teams. Who is in them is kept with each person, so a change of a group is told as a difference: a large
//! group is never loaded to take one member out of it.

use super::{
    GROUP_SCHEMA,
    error::{ScimError, ScimType},
    patch::{self, Op, Step, of_members, text_of, values_of},
    user::{value_of, version_of},
};
use crate::{
    ids::{PersonId, TeamId},
    text::Line,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Team {
    /// The id, for life.
    pub id: TeamId,
    /// The name, unique in the firm whatever its case: what complaints and views name a team by.
    pub name: Line<100>,
    /// What a directory knows it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Line<255>>,
    /// Grows with every change.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it, or who is in it, was last changed.
    pub updated_at: Timestamp,
}

/// What becomes of a team. What is `None` or empty stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamChange {
    /// Another name.
    pub name: Option<Line<100>>,
    /// Another id in the directory.
    pub external_id: Option<Line<255>>,
    /// First: these alone are in it.
    pub members: Option<BTreeSet<PersonId>>,
    /// Then: these as well.
    pub add: BTreeSet<PersonId>,
    /// And these not.
    pub remove: BTreeSet<PersonId>,
}

/// The most members that one request names.
pub const MAX_MEMBERS: usize = 10_000;

/// The body of a POST, or of a PUT, which says all that there is of a team: name and members.
///
/// # Errors
/// `invalidSyntax`, `invalidValue`.
pub fn read_new(body: &Value) -> Result<TeamChange, ScimError> {
    let members = body.as_object().ok_or_else(|| {
        ScimError::of(ScimType::InvalidSyntax, "the body must be an object with the attributes of a group")
    })?;
    let all = TeamChange { members: Some(BTreeSet::new()), ..TeamChange::default() };
    let change = of_members(Op::Replace, members).iter().try_fold(all, TeamChange::with)?;
    if change.name.is_none() { Err(ScimError::value("displayName is missing")) } else { Ok(change) }
}

/// The body of a PATCH.
///
/// # Errors
/// `invalidSyntax`, `invalidPath`, `invalidValue`, `mutability`, `noTarget`.
pub fn read_patch(body: &Value) -> Result<TeamChange, ScimError> {
    patch::read(body)?.iter().try_fold(TeamChange::default(), TeamChange::with)
}

impl TeamChange {
    fn with(mut self, step: &Step) -> Result<Self, ScimError> {
        let Step { op, path, value, aimed } = step;
        match (path.attribute.name.as_str(), path.attribute.part.as_deref()) {
            ("id" | "meta", _) if *aimed => {
                return Err(ScimError::of(ScimType::Mutability, "id and meta cannot be changed"));
            }
            ("displayname", None) if *op == Op::Remove => {
                return Err(ScimError::value("displayName is missing"));
            }
            ("displayname", None) => {
                let text = text_of(value)?.ok_or_else(|| ScimError::value("displayName is missing"))?;
                let name = Line::try_from(text).map_err(|wrong| ScimError::value(format!("displayName {wrong}")))?;
                self.name = Some(name);
            }
            ("externalid", None) => {
                let text = text_of(value)?.map(Line::try_from).transpose();
                self.external_id = text.map_err(|wrong| ScimError::value(format!("externalId {wrong}")))?;
            }
            ("members", None | Some("value")) => self.set_members(*op, step)?,
            _ => {}
        }
        Ok(self)
    }

    fn set_members(&mut self, op: Op, step: &Step) -> Result<(), ScimError> {
        let named = match &step.path.which {
            None => values_of(&step.value)?,
            Some(which) => {
                let one = value_of(which);
                vec![one.ok_or_else(|| ScimError::of(ScimType::InvalidFilter, "members are named by value eq"))?]
            }
        };
        if named.len() > MAX_MEMBERS {
            return Err(ScimError::value("a request names at most 10,000 members"));
        }
        let none = named.is_empty();
        let ids = |text: &str| text.parse::<PersonId>().map_err(|_| ScimError::value("members.value is no user's id"));
        match op {
            // Nobody whom it does not know is in it.
            Op::Remove if none => *self = Self { members: Some(BTreeSet::new()), ..self.without_members() },
            Op::Remove => named.iter().filter_map(|text| text.parse().ok()).for_each(|id| {
                self.add.remove(&id);
                self.remove.insert(id);
            }),
            Op::Add => {
                for id in named.into_iter().map(ids) {
                    let id = id?;
                    self.remove.remove(&id);
                    self.add.insert(id);
                }
            }
            Op::Replace => {
                let members = named.into_iter().map(ids).collect::<Result<_, _>>()?;
                *self = Self { members: Some(members), ..self.without_members() };
            }
        }
        Ok(())
    }

    fn without_members(&self) -> Self {
        Self { members: None, add: BTreeSet::new(), remove: BTreeSet::new(), ..self.clone() }
    }
}

/// A team as a group. `members`: who is in it, and their names; `None` if they were not asked for. `base`: as for [`super::user::show`].
#[must_use]
pub fn show(team: &Team, base: &str, members: Option<&[(PersonId, String)]>) -> Value {
    let Team { id, name, external_id, version, created_at, updated_at } = team;
    let mut group = json!({
        "schemas": [GROUP_SCHEMA],
        "id": id,
        "displayName": name,
        "meta": {
            "resourceType": "Group", "created": created_at, "lastModified": updated_at,
            "location": format!("{base}/Groups/{id}"), "version": version_of(*version)
        }
    });
    let members = members.map(|members| -> Value {
        let one = |(person, name): &(PersonId, String)| {
            json!({ "value": person, "display": name, "type": "User", "$ref": format!("{base}/Users/{person}") })
        };
        members.iter().map(one).collect()
    });
    if let Some(object) = group.as_object_mut() {
        object.extend(external_id.as_ref().map(|id| ("externalId".to_owned(), id.as_str().into())));
        object.extend(members.map(|members| ("members".to_owned(), members)));
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::person::tests::{id, now};

    fn change(operations: Value) -> Result<TeamChange, ScimError> {
        read_patch(&json!({ "Operations": operations }))
    }

    fn set(ids: &[u8]) -> BTreeSet<PersonId> {
        ids.iter().map(|fill| id(*fill)).collect()
    }

    #[test]
    fn a_group_is_made_and_shown() {
        let made = read_new(&json!({ "schemas": [GROUP_SCHEMA, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
            "externalId": "8aa1", "displayName": "Cards", "meta": {}, "members": [{ "value": id(1) }] }))
        .unwrap();
        assert_eq!((made.name.as_ref().map(Line::as_str), made.members), (Some("Cards"), Some(set(&[1]))));
        assert_eq!(read_new(&json!({ "displayName": "Cards" })).unwrap().members, Some(set(&[])));
        for bad in [json!({}), json!([]), json!({ "displayName": "x".repeat(101) })] {
            assert!(read_new(&bad).is_err(), "{bad}");
        }
        let team = Team {
            id: TeamId::new(now(), &[7; 10]),
            name: Line::try_from("Cards").unwrap(),
            external_id: None,
            version: 3,
            created_at: now(),
            updated_at: now(),
        };
        let shown = show(&team, "https://x/scim/v2", Some(&[(id(1), "Ada".to_owned())]));
        assert_eq!(shown["members"][0]["$ref"], format!("https://x/scim/v2/Users/{}", id(1)));
        assert_eq!((shown["meta"]["version"].as_str(), shown.get("externalId")), (Some("W/\"v3\""), None));
        assert_eq!(show(&team, "x", None).get("members"), None);
        assert_eq!(read_new(&shown).unwrap().members, Some(set(&[1])));
    }

    #[test]
    fn members_come_and_go_as_directories_say_it() {
        // Entra ID.
        let add =
            change(json!([{ "op": "Add", "path": "members", "value": [{ "value": id(1) }, { "value": id(2) }] }]));
        assert_eq!(add.unwrap().add, set(&[1, 2]));
        let path = format!("members[value eq \"{}\"]", id(1));
        assert_eq!(change(json!([{ "op": "Remove", "path": path }])).unwrap().remove, set(&[1]));
        let legacy = json!([{ "op": "Remove", "path": "members", "value": [{ "value": id(1) }] }]);
        assert_eq!(change(legacy).unwrap().remove, set(&[1]));
        // Okta.
        let named = change(json!([{ "op": "replace", "value": { "id": "x", "displayName": "Loans" } }])).unwrap();
        assert_eq!(named, TeamChange { name: Line::try_from("Loans").ok(), ..TeamChange::default() });
        let all = change(json!([
            { "op": "add", "path": "members", "value": [{ "value": id(9) }] },
            { "op": "replace", "path": "members", "value": [{ "value": id(1), "display": "ada" }] },
            { "op": "add", "path": "members", "value": [{ "value": id(2) }] },
            { "op": "remove", "path": path },
        ]))
        .unwrap();
        assert_eq!((all.members, all.add, all.remove), (Some(set(&[1])), set(&[2]), set(&[1])));
        let none = change(json!([{ "op": "remove", "path": "members" }])).unwrap();
        assert_eq!(none.members, Some(set(&[])));
        // The last word counts.
        let back =
            json!([{ "op": "remove", "path": path }, { "op": "add", "path": "members", "value": { "value": id(1) } }]);
        assert_eq!(change(back).unwrap(), TeamChange { add: set(&[1]), ..TeamChange::default() });
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (operation, kind) in [
            (json!({ "op": "add", "path": "members", "value": [{ "value": "x" }] }), ScimType::InvalidValue),
            (json!({ "op": "remove", "path": "members[display eq \"x\"]" }), ScimType::InvalidFilter),
            (json!({ "op": "replace", "path": "id", "value": "x" }), ScimType::Mutability),
            (json!({ "op": "remove", "path": "displayName" }), ScimType::InvalidValue),
        ] {
            assert_eq!(change(json!([operation.clone()])).unwrap_err().kind, Some(kind), "{operation}");
        }
        assert_eq!(change(json!([{ "op": "remove", "path": "members[value eq \"x\"]" }])), Ok(TeamChange::default()));
    }
}
