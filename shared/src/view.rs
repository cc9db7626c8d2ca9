//! Saved views: a filter of lists with a name, an owner and whom it is shared with.

use crate::{
    http::{
        list_query::ListQuery,
        problem::{FieldError, Rule},
    },
    ids::ViewId,
    text::Line,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most views of a tenant.
pub const MAX_VIEWS: usize = 200;
/// The most bytes of a filter.
pub const MAX_FILTER: usize = 4_000;

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct View {
    /// The id.
    pub id: ViewId,
    /// What people call it; an owner has each name once.
    pub name: Line<100>,
    /// What it shows, as the query string of `GET /v1/complaints`: its filters and `q`, without `?`.
    pub filter: String,
    /// Whose it is: the id of a member of staff, as in `assignee`.
    pub owner: Line<100>,
    /// Who else is to see it.
    pub sharing: Sharing,
    /// With `team`: which.
    pub team: Option<Line<100>>,
    /// Grows with every change; the `ETag` is `"v<version>"`.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
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
        errors.extend(fields.offences(Sharing::Private, None));
        match (&fields.name, &fields.owner) {
            (Some(name), Some(owner)) if errors.is_empty() => {
                let (name, owner) = (name.clone(), owner.clone());
                let sharing = Sharing::Private;
                let filter = String::new();
                let new =
                    Self { id, name, filter, owner, sharing, team: None, version: 0, created_at: now, updated_at: now };
                Ok(new.with(fields, now))
            }
            _ => Err(errors),
        }
    }

    /// The view after a change.
    ///
    /// # Errors
    /// What is not acceptable.
    pub fn changed(self, fields: ViewFields, now: Timestamp) -> Result<Self, Vec<FieldError>> {
        let errors = fields.offences(self.sharing, self.team.as_ref());
        if errors.is_empty() { Ok(self.with(fields, now)) } else { Err(errors) }
    }

    fn with(self, fields: ViewFields, now: Timestamp) -> Self {
        let ViewFields { name, filter, owner, sharing, team } = fields;
        let sharing = sharing.unwrap_or(self.sharing);
        Self {
            name: name.unwrap_or(self.name),
            filter: filter.unwrap_or(self.filter),
            owner: owner.unwrap_or(self.owner),
            sharing,
            team: team.or(self.team).filter(|_| sharing == Sharing::Team),
            version: self.version + 1,
            updated_at: now.max(self.updated_at),
            ..self
        }
    }

    /// Whether a member of staff who belongs to these teams is to see it.
    #[must_use]
    pub fn is_for(&self, staff: &str, teams: &[String]) -> bool {
        self.owner.as_str() == staff
            || match (self.sharing, &self.team) {
                (Sharing::Everyone, _) => true,
                (Sharing::Team, Some(team)) => teams.iter().any(|member| member == team.as_str()),
                _ => false,
            }
    }
}

impl ViewFields {
    /// What is not acceptable, of a view that is shared so.
    fn offences(&self, sharing: Sharing, team: Option<&Line<100>>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Some(filter) = &self.filter {
            errors.extend(ListQuery::filter(filter).err().into_iter().flatten());
        }
        match (self.sharing.unwrap_or(sharing), self.team.as_ref().or(team)) {
            (Sharing::Team, None) => {
                errors.push(FieldError::at("/team", Rule::Missing, "is required if sharing is team"));
            }
            (Sharing::Private | Sharing::Everyone, Some(_)) if self.team.is_some() => {
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

    #[test]
    fn a_view_begins_with_all_that_it_needs() {
        let view = made(json!({ "name": "New fraud", "filter": "tag=fraud&state=received", "owner": "anna" })).unwrap();
        assert_eq!((view.version, view.sharing, &view.team), (1, Sharing::Private, &None));
        assert_eq!(made(json!({})).unwrap_err(), ["/name", "/filter", "/owner"]);
        let team =
            made(json!({ "name": "a", "filter": "", "owner": "b", "sharing": "team", "team": "cards" })).unwrap();
        assert_eq!(team.team.unwrap().as_str(), "cards");
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
        assert_eq!(renamed, View { name: "b".try_into().unwrap(), version: 2, updated_at: later, ..view.clone() });
        assert_eq!(change(&view, json!({ "sharing": "team" })).unwrap_err(), ["/team"]);
        let shared = change(&view, json!({ "sharing": "team", "team": "cards" })).unwrap();
        assert_eq!(change(&shared, json!({ "team": "loans" })).unwrap().team.unwrap().as_str(), "loans");
        let open = change(&shared, json!({ "sharing": "everyone" })).unwrap();
        assert_eq!((open.sharing, open.team), (Sharing::Everyone, None));
    }

    #[test]
    fn a_view_is_for_its_owner_and_those_it_is_shared_with() {
        let view = made(json!({ "name": "a", "filter": "", "owner": "anna" })).unwrap();
        let teams = ["cards".to_owned()];
        let shared = |sharing, team: Option<&str>| {
            let team = team.map(|team| team.try_into().unwrap());
            View { sharing, team, ..view.clone() }
        };
        for (view, anna, bo_of_cards, cy) in [
            (shared(Sharing::Private, None), true, false, false),
            (shared(Sharing::Team, Some("cards")), true, true, false),
            (shared(Sharing::Everyone, None), true, true, true),
        ] {
            assert_eq!(
                (view.is_for("anna", &[]), view.is_for("bo", &teams), view.is_for("cy", &[])),
                (anna, bo_of_cards, cy)
            );
        }
    }
}
