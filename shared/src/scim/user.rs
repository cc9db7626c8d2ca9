//! Users (RFC 7643 §4.1) are people.

use super::{
    USER_SCHEMA,
    error::{ScimError, ScimType},
    filter::{Filter, Operand, Operator},
    patch::{self, Op, Step, flag_of, of_members, text_of, values_of},
};
use crate::{
    identity::{
        email::Email,
        person::{NewPerson, Person, PersonPatch},
        role::{Role, Roles},
    },
    ids::TeamId,
    text::Line,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What a directory says of somebody, as far as it is kept. `None`: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Draft {
    user_name: Option<Line<254>>,
    external_id: Option<Line<255>>,
    email: Option<Email>,
    display_name: Option<Line<200>>,
    formatted: Option<Line<200>>,
    given_name: Option<Line<100>>,
    family_name: Option<Line<100>>,
    roles: Option<BTreeSet<Role>>,
    active: Option<bool>,
}

/// Attributes that nobody but this service sets (RFC 7643 §2.2, `readOnly`).
const READ_ONLY: [&str; 3] = ["id", "meta", "groups"];

/// The body of a POST as somebody who is to be entered.
///
/// # Errors
/// `invalidSyntax`, `invalidValue`.
pub fn read_new(body: &Value) -> Result<NewPerson, ScimError> {
    let draft = Draft::default().with_all(body)?;
    let (user_name, email) = draft.required()?;
    let display_name =
        draft.name().or_else(|| Line::try_from(email.as_str().chars().take(200).collect::<String>()).ok());
    let Draft { external_id, given_name, family_name, roles, active, .. } = draft;
    Ok(NewPerson {
        email,
        display_name: display_name.ok_or_else(|| ScimError::value("displayName is missing"))?,
        user_name: Some(user_name),
        given_name,
        family_name,
        roles: roles.map(Roles::from).unwrap_or_default(),
        teams: BTreeSet::new(),
        clearances: BTreeSet::new(),
        external_id,
        active: active.unwrap_or(true),
    })
}

/// The body of a PUT as a change. What it leaves out stays as it is, which RFC 7644 §3.5.1 lets the service choose: roles and teams are
/// given here as well, and a directory that knows nothing of them takes nobody's away.
///
/// # Errors
/// `invalidSyntax`, `invalidValue`.
pub fn read_replacement(body: &Value) -> Result<PersonPatch, ScimError> {
    let draft = Draft::default().with_all(body)?;
    let (user_name, email) = draft.required()?;
    Ok(PersonPatch { user_name: Some(user_name), email: Some(email), ..draft.patch() })
}

/// The body of a PATCH as a change of somebody.
///
/// # Errors
/// `invalidSyntax`, `invalidPath`, `invalidValue`, `mutability`, `noTarget`.
pub fn read_patch(body: &Value, person: &Person) -> Result<PersonPatch, ScimError> {
    let before = Draft { roles: Some(person.roles.iter().collect()), ..Draft::default() };
    let draft = patch::read(body)?.iter().try_fold(before.clone(), Draft::with)?;
    let unchanged = draft.roles == before.roles;
    let draft = Draft { roles: draft.roles.filter(|_| !unchanged), ..draft };
    Ok(draft.with_parts_of(person).patch())
}

impl Draft {
    fn with_all(self, body: &Value) -> Result<Self, ScimError> {
        let members = body.as_object().ok_or_else(|| {
            ScimError::of(ScimType::InvalidSyntax, "the body must be an object with the attributes of a user")
        })?;
        of_members(Op::Replace, members).iter().try_fold(self, Self::with)
    }

    /// With one step. What is not kept here is ignored.
    fn with(mut self, step: &Step) -> Result<Self, ScimError> {
        let Step { op, path, value, aimed } = step;
        let attribute = &path.attribute;
        let value = if *op == Op::Remove && !matches!(attribute.name.as_str(), "roles") { &Value::Null } else { value };
        match (attribute.name.as_str(), attribute.part.as_deref()) {
            (name, _) if *aimed && READ_ONLY.contains(&name) => {
                return Err(ScimError::of(ScimType::Mutability, format!("{name} cannot be changed")));
            }
            ("username", None) => self.user_name = Some(required(value, "userName")?),
            ("externalid", None) => self.external_id = line(value, "externalId")?,
            ("displayname", None) => self.display_name = line(value, "displayName")?,
            ("name", None) => {
                let none = Map::new();
                let parts = value.as_object().unwrap_or(&none);
                for (name, value) in parts {
                    self.name_part(&name.to_lowercase(), value)?;
                }
            }
            ("name", Some(part)) => self.name_part(part, value)?,
            ("active", None) if *op == Op::Remove => {
                return Err(ScimError::of(ScimType::Mutability, "active must be true or false"));
            }
            ("active", None) => self.active = Some(flag_of(value)?),
            ("emails", part) => self.set_email(path.which.as_ref(), part, value)?,
            ("roles", _) => self.set_roles(*op, path.which.as_ref(), value)?,
            _ => {}
        }
        Ok(self)
    }

    fn name_part(&mut self, part: &str, value: &Value) -> Result<(), ScimError> {
        match part {
            "formatted" => self.formatted = line(value, "name.formatted")?,
            "givenname" => self.given_name = line(value, "name.givenName")?,
            "familyname" => self.family_name = line(value, "name.familyName")?,
            _ => {}
        }
        Ok(())
    }

    /// People have one address here: the one for work, or the primary one, or the first.
    fn set_email(&mut self, which: Option<&Filter>, part: Option<&str>, value: &Value) -> Result<(), ScimError> {
        let of_interest = which.is_none_or(|which| {
            let work = json!({ "type": "work", "primary": true, "value": "" });
            which.matches(&work)
        });
        if !of_interest || !matches!(part, None | Some("value")) || value.is_null() {
            return Ok(());
        }
        let is = |value: &Value, name: &str, wanted: &Value| value.get(name) == Some(wanted);
        let chosen = match value {
            Value::Array(values) => {
                let work = values.iter().find(|value| is(value, "type", &json!("work")));
                work.or_else(|| values.iter().find(|value| is(value, "primary", &json!(true))))
                    .or_else(|| values.first())
            }
            one => Some(one),
        };
        let Some(chosen) = chosen else { return Ok(()) };
        let text = chosen.as_str().or_else(|| chosen.get("value").and_then(Value::as_str));
        let email = text.and_then(|text| Email::try_from(text).ok());
        self.email = Some(email.ok_or_else(|| ScimError::value("emails.value must be an email address (RFC 5321)"))?);
        Ok(())
    }

    fn set_roles(&mut self, op: Op, which: Option<&Filter>, value: &Value) -> Result<(), ScimError> {
        let named = values_of(value)?.into_iter().map(role).collect::<Result<BTreeSet<_>, _>>()?;
        let mut roles = self.roles.take().unwrap_or_default();
        match (op, which.and_then(value_of)) {
            (Op::Remove, Some(one)) => {
                let one = role(one)?;
                roles.remove(&one);
            }
            (Op::Remove, None) if named.is_empty() => roles.clear(),
            (Op::Remove, None) => roles.retain(|role| !named.contains(role)),
            (Op::Add, _) => roles.extend(named),
            (Op::Replace, _) => roles = named,
        }
        self.roles = Some(roles);
        Ok(())
    }

    /// What must be there of somebody: a user name, and an address, which that may be.
    fn required(&self) -> Result<(Line<254>, Email), ScimError> {
        let user_name = self.user_name.clone().ok_or_else(|| ScimError::value("userName is missing"))?;
        let email = self.email.clone().or_else(|| Email::try_from(user_name.as_str()).ok());
        let email = email.ok_or_else(|| ScimError::value("emails must have an address, or userName must be one"))?;
        Ok((user_name, email))
    }

    /// What others read: the display name, else the name, else what it is made of.
    fn name(&self) -> Option<Line<200>> {
        let parts: Vec<_> = [&self.given_name, &self.family_name].into_iter().flatten().map(Line::as_str).collect();
        let made = || Line::try_from(parts.join(" ")).ok();
        self.display_name.clone().or_else(|| self.formatted.clone()).or_else(made)
    }

    /// With the other half of a name of which one half has changed.
    fn with_parts_of(self, person: &Person) -> Self {
        if self.given_name.is_none() && self.family_name.is_none() {
            return self;
        }
        let given_name = self.given_name.or_else(|| person.given_name.clone());
        let family_name = self.family_name.or_else(|| person.family_name.clone());
        // A name that was set otherwise is not made anew from its parts.
        let made =
            [&person.given_name, &person.family_name].into_iter().flatten().map(Line::as_str).collect::<Vec<_>>();
        let own = made.join(" ") != person.display_name.as_str();
        let display_name = self.display_name.or_else(|| own.then(|| person.display_name.clone()));
        Self { given_name, family_name, display_name, ..self }
    }

    fn patch(self) -> PersonPatch {
        let display_name = self.name();
        let Self { user_name, external_id, email, given_name, family_name, roles, active, .. } = self;
        PersonPatch {
            email,
            display_name,
            user_name,
            given_name,
            family_name,
            roles: roles.map(Roles::from),
            teams: None,
            clearances: None,
            external_id,
            active,
        }
    }
}

/// The value of `[value eq "…"]`.
pub(super) fn value_of(filter: &Filter) -> Option<&str> {
    match filter {
        Filter::Compare(attribute, Operator::Equal, Operand::Text(text)) if attribute.name == "value" => Some(text),
        _ => None,
    }
}

fn role(name: &str) -> Result<Role, ScimError> {
    Role::try_from(name.to_lowercase()).map_err(|unknown| ScimError::value(format!("roles.value {unknown}")))
}

fn line<const MAX: usize>(value: &Value, name: &'static str) -> Result<Option<Line<MAX>>, ScimError> {
    let text = text_of(value).map_err(|_| ScimError::value(format!("{name} must be a text")))?;
    let line = text.map(Line::try_from).transpose();
    line.map_err(|wrong| ScimError::value(format!("{name} {wrong}")))
}

fn required<const MAX: usize>(value: &Value, name: &'static str) -> Result<Line<MAX>, ScimError> {
    line(value, name)?.ok_or_else(|| ScimError::value(format!("{name} is missing")))
}

/// A person as a user. `base`: the absolute URL of the service's SCIM, without `/` at its end. `teams`: the names of theirs.
#[must_use]
pub fn show(person: &Person, base: &str, teams: &[(TeamId, String)]) -> Value {
    let Person { id, user_name, email, display_name, roles, active, version, created_at, updated_at, .. } = person;
    let roles: Vec<_> = roles.iter().map(|role| json!({ "value": <&str>::from(role) })).collect();
    let groups: Vec<_> = teams
        .iter()
        .map(|(team, name)| json!({ "value": team, "display": name, "$ref": format!("{base}/Groups/{team}") }))
        .collect();
    let mut user = json!({
        "schemas": [USER_SCHEMA],
        "id": id,
        "userName": user_name,
        "displayName": display_name,
        "name": { "formatted": display_name },
        "active": active,
        "emails": [{ "value": email, "type": "work", "primary": true }],
        "roles": roles,
        "groups": groups,
        "meta": {
            "resourceType": "User", "created": created_at, "lastModified": updated_at,
            "location": format!("{base}/Users/{id}"), "version": version_of(*version)
        }
    });
    let optional = [
        ("/name", "givenName", person.given_name.as_ref().map(Line::as_str)),
        ("/name", "familyName", person.family_name.as_ref().map(Line::as_str)),
        ("", "externalId", person.external_id.as_ref().map(Line::as_str)),
    ];
    for (place, name, value) in optional {
        if let (Some(object), Some(value)) = (user.pointer_mut(place).and_then(Value::as_object_mut), value) {
            object.insert(name.to_owned(), value.into());
        }
    }
    user
}

/// `meta.version`, which is also the `ETag` (RFC 7644 §3.14).
#[must_use]
pub fn version_of(version: u32) -> String {
    format!("W/\"v{version}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::person::{PersonCommand, Seats, decide, tests as people};

    /// As Entra ID sends it, with much that is not kept.
    fn entra() -> Value {
        json!({
            "schemas": [USER_SCHEMA, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "externalId": "0a21f0f2", "userName": "Ada.Winter@example.com", "active": true,
            "emails": [{ "primary": true, "type": "work", "value": "ada@example.com" }],
            "meta": { "resourceType": "User" }, "name": { "formatted": "Ada Winter", "givenName": "Ada", "familyName": "Winter" },
            "roles": [], "title": "Agent",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Cards" }
        })
    }

    fn made(body: &Value) -> Person {
        let command = PersonCommand::Create(people::id(1), Box::new(read_new(body).unwrap()));
        decide(None, command, Seats { used: 0, limit: None }, people::now()).unwrap().person
    }

    fn patched(person: &Person, operations: Value) -> Result<Person, ScimError> {
        let patch = read_patch(&json!({ "Operations": operations }), person)?;
        let command = PersonCommand::Change(Box::new(patch));
        Ok(decide(Some(person), command, Seats { used: 0, limit: None }, people::now()).unwrap().person)
    }

    #[test]
    fn a_user_is_entered_and_shown() {
        let person = made(&entra());
        let shown = show(&person, "https://eu.redress.example/scim/v2", &[]);
        assert_eq!(
            shown,
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": people::id(1),
                "externalId": "0a21f0f2", "userName": "Ada.Winter@example.com", "displayName": "Ada Winter",
                "name": { "formatted": "Ada Winter", "givenName": "Ada", "familyName": "Winter" }, "active": true,
                "emails": [{ "value": "ada@example.com", "type": "work", "primary": true }], "roles": [], "groups": [],
                "meta": {
                    "resourceType": "User", "created": people::now(), "lastModified": people::now(),
                    "location": format!("https://eu.redress.example/scim/v2/Users/{}", people::id(1)), "version": "W/\"v1\""
                }
            })
        );
        // What is shown can be sent back.
        assert_eq!(read_new(&shown).unwrap(), read_new(&entra()).unwrap());
        let found =
            Filter::parse(r#"emails[type eq "work"].value eq "ADA@example.com" and userName sw "ada.""#).unwrap();
        assert!(found.matches(&shown));
    }

    #[test]
    fn okta_names_people_by_their_address() {
        let person = made(&json!({
            "schemas": [USER_SCHEMA], "userName": "ada@example.com", "name": { "givenName": "Ada", "familyName": "Winter" },
            "emails": [{ "primary": true, "value": "ada@example.com", "type": "work" }], "displayName": "Ada W.",
            "locale": "en-US", "externalId": "00ujl29u", "groups": [], "password": "never kept", "active": true,
            "roles": [{ "value": "Lead" }]
        }));
        assert!(person.roles.has(Role::Lead));
        assert_eq!((person.display_name.as_str(), person.email.as_str()), ("Ada W.", "ada@example.com"));
        let off = patched(&person, json!([{ "op": "replace", "value": { "active": false } }])).unwrap();
        assert!(!off.active);
        let bare = made(&json!({ "userName": "bo@example.com" }));
        assert_eq!((bare.display_name.as_str(), bare.active), ("bo@example.com", true));
    }

    #[test]
    fn changes_as_entra_sends_them() {
        let person = made(&entra());
        let patched = |operations| patched(&person, operations);
        assert!(!patched(json!([{ "op": "Replace", "path": "active", "value": "False" }])).unwrap().active);
        let email = json!([{ "op": "Add", "path": "emails[type eq \"work\"].value", "value": "ada@example.org" }]);
        assert_eq!(patched(email).unwrap().email.as_str(), "ada@example.org");
        let many = patched(json!([
            { "op": "Replace", "path": "displayName", "value": "Dr Winter" },
            { "op": "Add", "value": { "name.givenName": "A.", "emails[type eq \"work\"].value": "w@example.com", "title": "x",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "y" } },
            { "op": "Add", "path": "roles", "value": [{ "value": "agent" }, { "value": "lead" }] },
            { "op": "Remove", "path": "roles[value eq \"agent\"]" },
            { "op": "Remove", "path": "emails[type eq \"home\"]" },
            { "op": "Replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:userName", "value": "w" },
        ]))
        .unwrap();
        let names = (many.display_name.as_str(), many.given_name.as_ref().map(Line::as_str), many.user_name.as_str());
        assert_eq!(names, ("Dr Winter", Some("A."), "w"));
        assert_eq!((many.email.as_str(), many.roles.iter().collect::<Vec<_>>()), ("w@example.com", vec![Role::Lead]));
        let one = json!([{ "op": "Add", "path": "roles[primary eq \"True\"].value", "value": "compliance" }]);
        assert!(patched(one).unwrap().roles.has(Role::Compliance));
        // A name that was made of its parts follows them.
        let family = patched(json!([{ "op": "replace", "path": "name.familyName", "value": "Summer" }])).unwrap();
        assert_eq!(family.display_name.as_str(), "Ada Summer");
        let other =
            patched(json!([{ "op": "add", "path": "emails[type eq \"home\"].value", "value": "x@home.example" }]));
        assert_eq!(other.unwrap().email, person.email);
        assert_eq!(patched(json!([{ "op": "replace", "path": "title", "value": 1 }])).unwrap(), person);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let person = made(&entra());
        for (operation, kind) in [
            (json!({ "op": "replace", "path": "id", "value": "x" }), ScimType::Mutability),
            (json!({ "op": "add", "path": "groups", "value": [] }), ScimType::Mutability),
            (json!({ "op": "remove", "path": "userName" }), ScimType::InvalidValue),
            (json!({ "op": "remove", "path": "active" }), ScimType::Mutability),
            (json!({ "op": "replace", "path": "active", "value": "maybe" }), ScimType::InvalidValue),
            (json!({ "op": "replace", "path": "userName", "value": 1 }), ScimType::InvalidValue),
            (json!({ "op": "replace", "path": "displayName", "value": "a\nb" }), ScimType::InvalidValue),
            (json!({ "op": "replace", "path": "emails", "value": [{ "value": "nobody" }] }), ScimType::InvalidValue),
            (json!({ "op": "add", "path": "roles", "value": [{ "value": "root" }] }), ScimType::InvalidValue),
        ] {
            assert_eq!(patched(&person, json!([operation.clone()])).unwrap_err().kind, Some(kind), "{operation}");
        }
        for body in [json!([]), json!({}), json!({ "userName": "no-address" }), json!({ "userName": "x".repeat(255) })]
        {
            assert!(read_new(&body).is_err(), "{body}");
        }
        // What is sent along for its own sake is not: ids in an object without a path.
        assert_eq!(
            self::patched(&person, json!([{ "op": "replace", "value": { "id": "x", "active": true } }])),
            Ok(person)
        );
    }

    #[test]
    fn a_replacement_takes_no_roles_away() {
        let person = Person { roles: [Role::Lead].into_iter().collect(), ..made(&entra()) };
        let patch = read_replacement(&json!({ "userName": "ada@example.com", "active": false })).unwrap();
        assert_eq!((patch.roles.clone(), patch.active), (None, Some(false)));
        let after = decide(
            Some(&person),
            PersonCommand::Change(Box::new(patch)),
            Seats { used: 0, limit: None },
            people::now(),
        );
        assert!(after.unwrap().person.roles.has(Role::Lead));
        assert!(read_replacement(&json!({ "active": true })).is_err());
    }
}
