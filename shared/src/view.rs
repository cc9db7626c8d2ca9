//! Saved views: a filter of lists with a name, an owner and whom it is shared with.

use crate::{
    http::{
        list_query::ListQuery,
        problem::{FieldError, Rule},
    },
    ids::ViewId,
    json,
    text::Line,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The most views of a tenant.
pub const MAX_VIEWS: usize = 200;
/// The most bytes of a filter.
pub const MAX_FILTER: usize = 4_000;

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The id.
    pub id: ViewId,
    /// Grows with every change; the `ETag` is `"v<version>"`.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// What people say of it. All but the team is there.
    fields: ViewFields,
}

/// Who is to see a view besides its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Nobody.
    #[default]
    Private,
    /// A team.
    Team,
    /// The whole firm.
    Everyone,
}

/// The body of `PATCH /v1/views/{id}`, and of `POST /v1/views`, where `name`, `filter` and `owner` are required. What is
/// left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewFields {
    /// What people call it; an owner has each name once.
    #[serde(default)]
    pub name: Option<Line<100>>,
    /// What it shows, as the query string of `GET /v1/complaints`: its filters and `q`, without `?`; at most 4,000 bytes.
    #[serde(default)]
    pub filter: Option<String>,
    /// Whose it is: the id of a member of staff, as in `assignee`.
    #[serde(default)]
    pub owner: Option<Line<100>>,
    /// Who else is to see it. Default for a new one: nobody.
    #[serde(default)]
    pub sharing: Option<Sharing>,
    /// With `team`: which.
    #[serde(default)]
    pub team: Option<Line<100>>,
}

impl View {
    /// A view as it begins.
    ///
    /// # Errors
    /// What is missing or not acceptable.
    pub fn new(id: ViewId, fields: ViewFields, now: Timestamp) -> Result<Self, Vec<FieldError>> {
        let missing = [
            ("/name", fields.name.is_none()),
            ("/filter", fields.filter.is_none()),
            ("/owner", fields.owner.is_none()),
        ];
        let missing = missing.into_iter().filter(|(_, missing)| *missing);
        let mut errors: Vec<_> =
            missing.map(|(pointer, _)| FieldError::at(pointer, Rule::Missing, "is required")).collect();
        errors.extend(fields.offences(&ViewFields::default()));
        let nothing = ViewFields { sharing: Some(Sharing::Private), ..ViewFields::default() };
        let nothing = Self { id, version: 0, created_at: now, updated_at: now, fields: nothing };
        if errors.is_empty() { Ok(nothing.with(fields, now)) } else { Err(errors) }
    }

    /// The view after a change.
    ///
    /// # Errors
    /// What is not acceptable.
    pub fn changed(self, fields: ViewFields, now: Timestamp) -> Result<Self, Vec<FieldError>> {
        let errors = fields.offences(&self.fields);
        if errors.is_empty() { Ok(self.with(fields, now)) } else { Err(errors) }
    }

    fn with(self, fields: ViewFields, now: Timestamp) -> Self {
        let ViewFields { name, filter, owner, sharing, team } = fields;
        let sharing = sharing.or(self.fields.sharing);
        let fields = ViewFields {
            name: name.or(self.fields.name),
            filter: filter.or(self.fields.filter),
            owner: owner.or(self.fields.owner),
            sharing,
            team: team.or(self.fields.team).filter(|_| sharing == Some(Sharing::Team)),
        };
        Self { version: self.version + 1, updated_at: now.max(self.updated_at), fields, ..self }
    }

    /// What people say of it. All but the team is there.
    #[must_use]
    pub const fn fields(&self) -> &ViewFields {
        &self.fields
    }

    /// What it shows, as the query string of a list.
    #[must_use]
    pub fn filter(&self) -> &str {
        self.fields.filter.as_deref().unwrap_or_default()
    }

    /// Whether a member of staff who belongs to these teams is to see it.
    #[must_use]
    pub fn is_for(&self, staff: &str, teams: &[String]) -> bool {
        self.fields.owner.as_ref().is_some_and(|owner| owner.as_str() == staff)
            || match (self.fields.sharing, &self.fields.team) {
                (Some(Sharing::Everyone), _) => true,
                (Some(Sharing::Team), Some(team)) => teams.iter().any(|member| member == team.as_str()),
                _ => false,
            }
    }
}

/// As it is stored: id, version, and when it was made and changed in milliseconds, apart by spaces, and the rest as JSON.
impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, version, created_at, updated_at, fields } = self;
        let fields = serde_json::to_string(fields).map_err(|_| fmt::Error)?;
        write!(f, "{id} {version} {} {} {fields}", created_at.unix_millis(), updated_at.unix_millis())
    }
}

/// What is stored is not a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a view as it is stored")]
pub struct NotAView;

impl FromStr for View {
    type Err = NotAView;

    fn from_str(text: &str) -> Result<Self, NotAView> {
        let mut parts = text.splitn(5, ' ');
        let mut next = || parts.next().ok_or(NotAView);
        let id = next()?.parse().map_err(|_| NotAView)?;
        let version = next()?.parse().map_err(|_| NotAView)?;
        let mut moment = || next()?.parse().map(Timestamp::from_unix_millis).map_err(|_| NotAView);
        let (created_at, updated_at) = (moment()?, moment()?);
        let fields = json::from_str(next()?).map_err(|_| NotAView)?;
        Ok(Self { id, version, created_at, updated_at, fields })
    }
}

impl ViewFields {
    /// What is not acceptable, of a view that is so far like this.
    fn offences(&self, before: &Self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Some(filter) = &self.filter {
            errors.extend(ListQuery::filter(filter).err().into_iter().flatten());
        }
        match (self.sharing.or(before.sharing), self.team.as_ref().or(before.team.as_ref())) {
            (Some(Sharing::Team), None) => {
                errors.push(FieldError::at("/team", Rule::Missing, "is required if sharing is team"));
            }
            (None | Some(Sharing::Private | Sharing::Everyone), Some(_)) if self.team.is_some() => {
                errors.push(FieldError::at("/team", Rule::NotAllowed, "is only for sharing with a team"));
            }
            _ => {}
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn id() -> ViewId {
        ViewId::new(Timestamp::MIN, &[7; 10])
    }

    fn fields(body: Value) -> ViewFields {
        serde_json::from_value(body).unwrap()
    }

    fn made(body: Value) -> Result<View, Vec<String>> {
        View::new(id(), fields(body), Timestamp::MIN).map_err(pointers)
    }

    fn pointers(errors: Vec<FieldError>) -> Vec<String> {
        errors.into_iter().filter_map(|error| error.pointer).collect()
    }

    fn shared(view: &View) -> (Option<Sharing>, Option<&str>) {
        (view.fields.sharing, view.fields.team.as_ref().map(Line::as_str))
    }

    #[test]
    fn a_view_begins_with_all_that_it_needs() {
        let view = made(json!({ "name": "New fraud", "filter": "tag=fraud&state=received", "owner": "anna" })).unwrap();
        assert_eq!((view.version, shared(&view)), (1, (Some(Sharing::Private), None)));
        assert_eq!(made(json!({})).unwrap_err(), ["/name", "/filter", "/owner"]);
        let team =
            made(json!({ "name": "a", "filter": "", "owner": "b", "sharing": "team", "team": "cards" })).unwrap();
        assert_eq!(shared(&team), (Some(Sharing::Team), Some("cards")));
        for (members, place) in [
            (json!({ "sharing": "team" }), "/team"),
            (json!({ "team": "cards" }), "/team"),
            (json!({ "filter": "state=sold" }), "/filter"),
            (json!({ "filter": "cursor=abc" }), "/filter"),
        ] {
            let mut body = json!({ "name": "a", "filter": "", "owner": "b" });
            body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            assert_eq!(made(body).unwrap_err(), [place], "{members}");
        }
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let view = made(json!({ "name": "a", "filter": "state=closed", "owner": "anna" })).unwrap();
        let later = Timestamp::MIN.plus_millis(5);
        let change = |view: &View, body: Value| view.clone().changed(fields(body), later).map_err(pointers);
        let renamed = change(&view, json!({ "name": "b" })).unwrap();
        let name = Some("b".try_into().unwrap());
        let expected =
            View { version: 2, updated_at: later, fields: ViewFields { name, ..view.fields.clone() }, ..view };
        assert_eq!(renamed, expected);
        assert_eq!(change(&expected, json!({ "sharing": "team" })).unwrap_err(), ["/team"]);
        let of_team = change(&expected, json!({ "sharing": "team", "team": "cards" })).unwrap();
        assert_eq!(
            shared(&change(&of_team, json!({ "team": "loans" })).unwrap()),
            (Some(Sharing::Team), Some("loans"))
        );
        let open = change(&of_team, json!({ "sharing": "everyone" })).unwrap();
        assert_eq!(shared(&open), (Some(Sharing::Everyone), None));
    }

    #[test]
    fn a_view_is_for_its_owner_and_those_it_is_shared_with() {
        let teams = ["cards".to_owned()];
        for (sharing, anna, bo_of_cards, cy) in [
            (json!({}), true, false, false),
            (json!({ "sharing": "team", "team": "cards" }), true, true, false),
            (json!({ "sharing": "everyone" }), true, true, true),
        ] {
            let mut body = json!({ "name": "a", "filter": "", "owner": "anna" });
            body.as_object_mut().unwrap().extend(sharing.as_object().unwrap().clone());
            let view = made(body).unwrap();
            let seen = (view.is_for("anna", &[]), view.is_for("bo", &teams), view.is_for("cy", &[]));
            assert_eq!(seen, (anna, bo_of_cards, cy), "{sharing}");
        }
    }

    #[test]
    fn a_view_is_stored_as_text() {
        let view =
            made(json!({ "name": "a b", "filter": "q=late fee", "owner": "anna", "sharing": "team", "team": "c d" }));
        let view = view.unwrap();
        let text = format!(
            "{} 1 0 0 {}",
            id(),
            r#"{"name":"a b","filter":"q=late fee","owner":"anna","sharing":"team","team":"c d"}"#
        );
        assert_eq!((view.to_string(), text.parse()), (text.clone(), Ok(view)));
        for wrong in ["", "x", &text[1..], &text[..text.len() - 1]] {
            assert_eq!(wrong.parse::<View>(), Err(NotAView), "{wrong}");
        }
    }
}
