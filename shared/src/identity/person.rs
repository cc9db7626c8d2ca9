//! A member of staff, and what may become of them: [`decide`].

use super::{
    email::Email,
    role::{Clearance, Roles},
};
use crate::{
    clock::named::named,
    complaint::intake::List,
    ids::{PersonId, TeamId},
    text::Line,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most teams that a person is in: each stands in the token that a browser sends.
pub const MAX_TEAMS: usize = 20;
/// The most accounts at providers that a person has: one, and those of providers that the firm had before.
pub const MAX_ACCOUNTS: usize = 5;

/// A member of staff. Never deleted while a complaint names them: they are deactivated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// The id, for life: events name the person by it.
    pub id: PersonId,
    /// What a directory calls them (`userName` of RFC 7643 §4.1.1), unique in the firm whatever its case: else the address.
    pub user_name: Line<254>,
    /// The address, unique in the firm.
    pub email: Email,
    /// The name that others read.
    pub display_name: Line<200>,
    /// The given name, if a directory says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<Line<100>>,
    /// The family name, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<Line<100>>,
    /// What they are.
    pub roles: Roles,
    /// The teams that they are in: at most [`MAX_TEAMS`].
    pub teams: BTreeSet<TeamId>,
    /// The sensitive complaints that they may see.
    #[serde(default)]
    pub clearances: BTreeSet<Clearance>,
    /// Whether they may sign in. Whoever may takes a seat.
    pub active: bool,
    /// Their accounts at providers.
    #[serde(default)]
    pub accounts: List<Linked, MAX_ACCOUNTS>,
    /// What a directory that speaks SCIM knows them by (RFC 7643 §3.1). Where there is one, that directory says names and address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Line<255>>,
    /// When they last signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in_at: Option<Timestamp>,
    /// Grows with every change; the `ETag` is `"v<version>"`.
    pub version: u32,
    /// When they were entered.
    pub created_at: Timestamp,
    /// When they were last changed.
    pub updated_at: Timestamp,
}

/// An account at a provider: the only two claims together that name a person for good (`OpenID` Connect Core 1.0 §5.7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Linked {
    /// `iss`.
    pub issuer: Line<500>,
    /// `sub`.
    pub subject: Line<255>,
}

/// Whom a provider has signed in, as [`crate::identity::oidc::account`] reads it from its claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The account.
    pub linked: Linked,
    /// The address, of a domain that the firm takes.
    pub email: Email,
    /// Whether the address is the person's: the provider has verified it, or the firm vouches for it.
    pub email_is_theirs: bool,
    /// The name.
    pub display_name: Line<200>,
    /// What claims give; `None` if the firm gives roles otherwise.
    pub given: Option<Given>,
    /// Whether somebody unknown gets an account.
    pub may_be_created: bool,
}

/// What claims give a person. Never without a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The roles.
    pub roles: Roles,
    /// The teams.
    pub teams: BTreeSet<TeamId>,
    /// The clearances.
    pub clearances: BTreeSet<Clearance>,
}

/// A person as they are entered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// The address.
    pub email: Email,
    /// The name that others read.
    pub display_name: Line<200>,
    /// What a directory calls them. Default: the address.
    #[serde(default)]
    pub user_name: Option<Line<254>>,
    /// The given name.
    #[serde(default)]
    pub given_name: Option<Line<100>>,
    /// The family name.
    #[serde(default)]
    pub family_name: Option<Line<100>>,
    /// What they are.
    #[serde(default)]
    pub roles: Roles,
    /// The teams that they are in.
    #[serde(default)]
    pub teams: BTreeSet<TeamId>,
    /// The sensitive complaints that they may see.
    #[serde(default)]
    pub clearances: BTreeSet<Clearance>,
    /// What a directory that speaks SCIM knows them by.
    #[serde(default)]
    pub external_id: Option<Line<255>>,
    /// Whether they may sign in. Default: they may.
    #[serde(default = "yes")]
    pub active: bool,
}

const fn yes() -> bool {
    true
}

/// What is to change of a person. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PersonPatch {
    /// Another address.
    pub email: Option<Email>,
    /// Another name that others read.
    pub display_name: Option<Line<200>>,
    /// Another name in the directory.
    pub user_name: Option<Line<254>>,
    /// Another given name.
    pub given_name: Option<Line<100>>,
    /// Another family name.
    pub family_name: Option<Line<100>>,
    /// Other roles.
    pub roles: Option<Roles>,
    /// Other teams.
    pub teams: Option<BTreeSet<TeamId>>,
    /// Other clearances.
    pub clearances: Option<BTreeSet<Clearance>>,
    /// Another id in the directory.
    pub external_id: Option<Line<255>>,
    /// Whether they may sign in.
    pub active: Option<bool>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonCommand {
    /// Enter somebody.
    Create(PersonId, Box<NewPerson>),
    /// Change what the patch names; also whether they are active.
    Change(Box<PersonPatch>),
    /// Let them sign in no more.
    Deactivate,
    /// Let them sign in again.
    Reactivate,
    /// Sign them in by the firm's provider. The id is for somebody whom nobody has entered.
    SignIn(PersonId, Box<Account>),
    /// Sign them in by a link.
    SignInByLink,
}

/// The plan's seats. Active people take one each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// How many are taken.
    pub used: u64,
    /// How many there are; `None`: no limit.
    pub limit: Option<u64>,
}

impl Seats {
    /// # Errors
    /// [`Refused::NoSeat`] if none is free.
    fn take(self) -> Result<(), Refused> {
        match self.limit {
            Some(limit) if self.used >= limit => Err(Refused::NoSeat(limit)),
            _ => Ok(()),
        }
    }
}

/// What has happened to a person, as it is kept in the firm's log. It names members and never says what is in them: they are personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PersonEvent {
    /// They were entered.
    Created,
    /// These members are others now.
    Changed {
        /// Which.
        members: BTreeSet<Member>,
    },
    /// An account at a provider is theirs from now on.
    Linked,
    /// They may not sign in any more.
    Deactivated,
    /// They may sign in again.
    Reactivated,
    /// They have signed in.
    SignedIn,
}

named! {
/// A member of [`Person`] that may change.
pub enum Member {
    /// The address.
    Email: "email",
    /// The name that others read.
    DisplayName: "display_name",
    /// The name in the directory.
    UserName: "user_name",
    /// The given name.
    GivenName: "given_name",
    /// The family name.
    FamilyName: "family_name",
    /// The roles.
    Roles: "roles",
    /// The teams.
    Teams: "teams",
    /// The clearances.
    Clearances: "clearances",
    /// The id in the directory.
    ExternalId: "external_id",
}
}

/// What follows from a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The person as they are now.
    pub person: Person,
    /// What has happened; empty: nothing, and there is nothing to write.
    pub events: Vec<PersonEvent>,
    /// Whether access tokens that were issued before must be refused ([`super::session_token::Barred`]): they say what is not so any more.
    pub bars: bool,
    /// Whether all their sessions end.
    pub ends_sessions: bool,
}

/// Why a command is refused. To be told to whoever asks: it says nothing of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The plan has no seat left.
    #[error("all {0} seats of the plan are taken: deactivate somebody, or ask for a larger plan")]
    NoSeat(u64),
    /// Nobody has entered them, and accounts are not made by signing in.
    #[error("there is no account here for this person: ask the firm's admin")]
    Unknown,
    /// They may not sign in.
    #[error("the account is deactivated: ask the firm's admin")]
    Deactivated,
    /// They have no role.
    #[error("the account has no role here: ask the firm's admin")]
    NoRole,
    /// The address is that of a person who has another account at this provider, or nobody vouches for it.
    #[error("the account at the provider is not that of the person with this address: ask the firm's admin")]
    NotLinked,
    /// They are in too many teams.
    #[error("must be in at most {MAX_TEAMS} teams")]
    TooManyTeams,
}

/// Decides on a command. `known`: the person, found by account and, if there is none, by address; `None` if there is none by either.
/// That address, user name and account are unique is for whoever writes to see.
///
/// # Errors
/// [`Refused`].
pub fn decide(
    known: Option<&Person>,
    command: PersonCommand,
    seats: Seats,
    now: Timestamp,
) -> Result<Decided, Refused> {
    match (command, known) {
        (PersonCommand::Create(id, new), _) => created(id, *new, seats, now),
        (PersonCommand::SignIn(id, account), None) => signed_in_anew(id, *account, seats, now),
        (_, None) => Err(Refused::Unknown),
        (PersonCommand::SignIn(_, account), Some(person)) => signed_in(person, *account, now),
        (PersonCommand::SignInByLink, Some(person)) => Draft::of(person).admitted(now),
        (PersonCommand::Change(patch), Some(person)) => Draft::of(person).patched(*patch, seats, now),
        (PersonCommand::Deactivate, Some(person)) => Draft::of(person).active(false, seats)?.decided(now),
        (PersonCommand::Reactivate, Some(person)) => Draft::of(person).active(true, seats)?.decided(now),
    }
}

fn created(id: PersonId, new: NewPerson, seats: Seats, now: Timestamp) -> Result<Decided, Refused> {
    let NewPerson { email, display_name, user_name, given_name, family_name, .. } = new;
    let NewPerson { roles, teams, clearances, external_id, active, .. } = new;
    if active {
        seats.take()?;
    }
    let person = Person {
        id,
        user_name: user_name.unwrap_or_else(|| email.line().clone()),
        email,
        display_name,
        given_name,
        family_name,
        roles,
        teams,
        clearances,
        active,
        accounts: List::default(),
        external_id,
        signed_in_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let draft = Draft { before: None, person, events: vec![PersonEvent::Created] };
    draft.decided(now)
}

fn signed_in_anew(id: PersonId, account: Account, seats: Seats, now: Timestamp) -> Result<Decided, Refused> {
    let Account { linked, email, display_name, given, may_be_created, email_is_theirs } = account;
    let Given { roles, teams, clearances } = given.ok_or(Refused::Unknown)?;
    // An address that nobody vouches for may be that of somebody who is entered later.
    if !may_be_created || !email_is_theirs {
        return Err(Refused::Unknown);
    }
    let new = NewPerson {
        email,
        display_name,
        user_name: None,
        given_name: None,
        family_name: None,
        roles,
        teams,
        clearances,
        external_id: None,
        active: true,
    };
    let Decided { person, events, .. } = created(id, new, seats, now)?;
    Draft { before: None, person, events }.linked(linked)?.admitted(now)
}

fn signed_in(person: &Person, account: Account, now: Timestamp) -> Result<Decided, Refused> {
    let Account { linked, email, email_is_theirs, display_name, given, .. } = account;
    let mut draft = Draft::of(person);
    if !person.accounts.contains(&linked) {
        let has_other = person.accounts.iter().any(|other| other.issuer == linked.issuer);
        // An address that has changed hands, or one that a provider only states, opens nobody's account.
        if has_other || !email_is_theirs || person.email != email {
            return Err(Refused::NotLinked);
        }
        draft = draft.linked(linked)?;
    }
    // What the directory says of names comes before what a token does.
    if person.external_id.is_none() {
        draft.person.display_name = display_name;
        if email_is_theirs {
            draft.person.email = email;
        }
    }
    if let Some(Given { roles, teams, clearances }) = given {
        draft.person.roles = roles;
        draft.person.teams = teams;
        draft.person.clearances = clearances;
    }
    draft.admitted(now)
}

/// A person on the way from one version to the next.
struct Draft {
    before: Option<Person>,
    person: Person,
    events: Vec<PersonEvent>,
}

impl Draft {
    fn of(person: &Person) -> Self {
        Self { before: Some(person.clone()), person: person.clone(), events: Vec::new() }
    }

    fn linked(mut self, linked: Linked) -> Result<Self, Refused> {
        // The oldest gives way: a firm changes its provider seldom.
        let kept = self.person.accounts.len().saturating_sub(MAX_ACCOUNTS - 1);
        let accounts = self.person.accounts.iter().skip(kept).cloned().chain([linked]);
        self.person.accounts = List::try_from(accounts.collect::<Vec<_>>()).map_err(|_| Refused::NotLinked)?;
        self.events.push(PersonEvent::Linked);
        Ok(self)
    }

    fn active(mut self, active: bool, seats: Seats) -> Result<Self, Refused> {
        if active && !self.person.active {
            seats.take()?;
            self.events.push(PersonEvent::Reactivated);
        } else if !active && self.person.active {
            self.events.push(PersonEvent::Deactivated);
        }
        self.person.active = active;
        Ok(self)
    }

    fn patched(mut self, patch: PersonPatch, seats: Seats, now: Timestamp) -> Result<Decided, Refused> {
        let PersonPatch { email, display_name, user_name, given_name, family_name, .. } = patch;
        let PersonPatch { roles, teams, clearances, external_id, active, .. } = patch;
        let person = &mut self.person;
        put(&mut person.email, email);
        put(&mut person.display_name, display_name);
        put(&mut person.user_name, user_name);
        put(&mut person.roles, roles);
        put(&mut person.teams, teams);
        put(&mut person.clearances, clearances);
        person.given_name = given_name.or(person.given_name.take());
        person.family_name = family_name.or(person.family_name.take());
        person.external_id = external_id.or(person.external_id.take());
        let active = active.unwrap_or(person.active);
        self.active(active, seats)?.decided(now)
    }

    /// Signed in, if they may be.
    fn admitted(mut self, now: Timestamp) -> Result<Decided, Refused> {
        if !self.person.active {
            return Err(Refused::Deactivated);
        }
        if self.person.roles.is_empty() {
            return Err(Refused::NoRole);
        }
        self.person.signed_in_at = Some(now);
        let mut decided = self.decided(now)?;
        decided.events.push(PersonEvent::SignedIn);
        Ok(decided)
    }

    fn decided(self, now: Timestamp) -> Result<Decided, Refused> {
        let Self { before, mut person, mut events } = self;
        if person.teams.len() > MAX_TEAMS {
            return Err(Refused::TooManyTeams);
        }
        let changed = before.as_ref().map(|before| differences(before, &person)).unwrap_or_default();
        let may_do_other =
            [Member::Roles, Member::Teams, Member::Clearances].iter().any(|member| changed.contains(member));
        if !changed.is_empty() {
            events.push(PersonEvent::Changed { members: changed });
        }
        let ends_sessions = events.contains(&PersonEvent::Deactivated);
        if before.is_some() && !events.is_empty() {
            person.version = person.version.saturating_add(1);
            person.updated_at = now.max(person.updated_at);
        }
        Ok(Decided { person, events, bars: may_do_other || ends_sessions, ends_sessions })
    }
}

fn put<T>(place: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *place = new;
    }
}

fn differences(before: &Person, after: &Person) -> BTreeSet<Member> {
    let table = [
        (Member::Email, before.email != after.email),
        (Member::DisplayName, before.display_name != after.display_name),
        (Member::UserName, before.user_name != after.user_name),
        (Member::GivenName, before.given_name != after.given_name),
        (Member::FamilyName, before.family_name != after.family_name),
        (Member::Roles, before.roles != after.roles),
        (Member::Teams, before.teams != after.teams),
        (Member::Clearances, before.clearances != after.clearances),
        (Member::ExternalId, before.external_id != after.external_id),
    ];
    table.into_iter().filter(|(_, differs)| *differs).map(|(member, _)| member).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::identity::role::Role;
    use serde_json::json;

    pub(crate) fn now() -> Timestamp {
        Timestamp::from_unix_millis(1_795_000_000_000)
    }

    pub(crate) fn id(fill: u8) -> PersonId {
        PersonId::new(now(), &[fill; 10])
    }

    pub(crate) fn new(members: serde_json::Value) -> NewPerson {
        let mut new = json!({ "email": "ada@example.com", "display_name": "Ada Winter", "roles": ["agent"] });
        new.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        serde_json::from_value(new).unwrap()
    }

    const FREE: Seats = Seats { used: 4, limit: Some(5) };
    const FULL: Seats = Seats { used: 5, limit: Some(5) };

    /// Ada, an agent.
    pub(crate) fn ada() -> Person {
        decide(None, PersonCommand::Create(id(1), Box::new(new(json!({})))), FREE, now()).unwrap().person
    }

    fn account(subject: &str) -> Account {
        Account {
            linked: Linked {
                issuer: Line::try_from("https://id.example.com").unwrap(),
                subject: Line::try_from(subject).unwrap(),
            },
            email: Email::try_from("ada@example.com").unwrap(),
            email_is_theirs: true,
            display_name: Line::try_from("Ada W.").unwrap(),
            given: Some(Given { roles: [Role::Lead].into_iter().collect(), ..Given::default() }),
            may_be_created: true,
        }
    }

    fn sign_in(known: Option<&Person>, account: Account, seats: Seats) -> Result<Decided, Refused> {
        decide(known, PersonCommand::SignIn(id(2), Box::new(account)), seats, now().plus_millis(1))
    }

    #[test]
    fn whoever_is_active_takes_a_seat() {
        let create = |members, seats| decide(None, PersonCommand::Create(id(1), Box::new(new(members))), seats, now());
        assert_eq!(create(json!({}), FREE).unwrap().events, [PersonEvent::Created]);
        assert_eq!(create(json!({}), FULL), Err(Refused::NoSeat(5)));
        assert!(create(json!({}), Seats { used: 99, limit: None }).is_ok());
        let away = create(json!({ "active": false }), FULL).unwrap().person;
        assert_eq!(decide(Some(&away), PersonCommand::Reactivate, FULL, now()), Err(Refused::NoSeat(5)));
        let back = decide(Some(&away), PersonCommand::Reactivate, FREE, now()).unwrap();
        assert_eq!((back.events, back.bars, back.person.version), (vec![PersonEvent::Reactivated], false, 2));
        // Whoever has a seat needs none.
        assert_eq!(decide(Some(&ada()), PersonCommand::Reactivate, FULL, now()).unwrap().events, []);
        let teams: Vec<_> = (0..21).map(|fill| TeamId::new(now(), &[fill; 10])).collect();
        assert_eq!(create(json!({ "teams": teams }), FREE), Err(Refused::TooManyTeams));
    }

    #[test]
    fn who_is_deactivated_is_out_at_once() {
        let decided = decide(Some(&ada()), PersonCommand::Deactivate, FULL, now()).unwrap();
        assert!(decided.ends_sessions && decided.bars && !decided.person.active);
        assert_eq!(decided.events, [PersonEvent::Deactivated]);
        assert_eq!(decide(Some(&decided.person), PersonCommand::Deactivate, FULL, now()).unwrap().events, []);
        assert_eq!(sign_in(Some(&decided.person), account("1"), FREE), Err(Refused::Deactivated));
        assert_eq!(decide(Some(&decided.person), PersonCommand::SignInByLink, FREE, now()), Err(Refused::Deactivated));
        let patch = PersonPatch { active: Some(false), ..PersonPatch::default() };
        let patched = decide(Some(&ada()), PersonCommand::Change(Box::new(patch)), FULL, now()).unwrap();
        assert!(patched.ends_sessions);
    }

    #[test]
    fn other_roles_are_in_force_at_once_and_another_name_is_not_worth_it() {
        let change = |patch| decide(Some(&ada()), PersonCommand::Change(Box::new(patch)), FULL, now()).unwrap();
        let lead = change(PersonPatch { roles: Some([Role::Lead].into_iter().collect()), ..PersonPatch::default() });
        assert!(lead.bars && !lead.ends_sessions);
        assert_eq!(lead.events, [PersonEvent::Changed { members: BTreeSet::from([Member::Roles]) }]);
        let named = change(PersonPatch { display_name: Some(Line::try_from("A").unwrap()), ..PersonPatch::default() });
        assert!(!named.bars && named.person.version == 2);
        let same = change(PersonPatch { email: Email::try_from("ADA@example.com").ok(), ..PersonPatch::default() });
        assert_eq!((same.events, same.person.version), (vec![], 1));
    }

    #[test]
    fn somebody_unknown_gets_an_account_within_the_seats() {
        let made = sign_in(None, account("1"), FREE).unwrap();
        assert_eq!(made.events, [PersonEvent::Created, PersonEvent::Linked, PersonEvent::SignedIn]);
        assert_eq!((made.person.user_name.as_str(), made.person.version), ("ada@example.com", 1));
        assert!(made.person.roles.has(Role::Lead));
        assert_eq!(sign_in(None, account("1"), FULL), Err(Refused::NoSeat(5)));
        for (account, why) in [
            (Account { may_be_created: false, ..account("1") }, Refused::Unknown),
            (Account { given: None, ..account("1") }, Refused::Unknown),
            (Account { email_is_theirs: false, ..account("1") }, Refused::Unknown),
            (Account { given: Some(Given::default()), ..account("1") }, Refused::NoRole),
        ] {
            assert_eq!(sign_in(None, account, FREE), Err(why));
        }
        assert_eq!(decide(None, PersonCommand::SignInByLink, FREE, now()), Err(Refused::Unknown));
    }

    #[test]
    fn an_account_is_linked_once_and_by_an_address_that_is_vouched_for() {
        let unvouched = Account { email_is_theirs: false, ..account("1") };
        assert_eq!(sign_in(Some(&ada()), unvouched, FULL), Err(Refused::NotLinked));
        let linked = sign_in(Some(&ada()), account("1"), FULL).unwrap();
        assert!(linked.events.contains(&PersonEvent::Linked) && linked.bars, "roles come from claims");
        let again = sign_in(Some(&linked.person), account("1"), FULL).unwrap();
        assert_eq!(again.events, [PersonEvent::SignedIn]);
        assert_eq!(again.person.version, linked.person.version, "signing in is no change of the person");
        assert_eq!(sign_in(Some(&linked.person), account("2"), FULL), Err(Refused::NotLinked), "a recycled address");
        // Found by the account, a new address follows.
        let moved = Account { email: Email::try_from("ada@example.org").unwrap(), ..account("1") };
        assert_eq!(sign_in(Some(&linked.person), moved, FULL).unwrap().person.email.as_str(), "ada@example.org");
        // Unless a directory says what it is.
        let managed = Person { external_id: Line::try_from("x").ok(), ..linked.person };
        let kept = sign_in(Some(&managed), Account { given: None, ..account("1") }, FULL).unwrap().person;
        assert_eq!((kept.display_name, kept.roles), (managed.display_name, managed.roles));
    }

    #[test]
    fn the_formats_are_for_life() {
        let person = serde_json::to_value(ada()).unwrap();
        assert_eq!(
            person,
            json!({
                "id": id(1), "user_name": "ada@example.com", "email": "ada@example.com", "display_name": "Ada Winter",
                "roles": ["agent"], "teams": [], "clearances": [], "active": true, "accounts": [], "version": 1,
                "created_at": now(), "updated_at": now()
            })
        );
        assert_eq!(serde_json::from_value::<Person>(person).unwrap(), ada());
        for (event, text) in [
            (PersonEvent::Created, r#"{"type":"created"}"#),
            (
                PersonEvent::Changed { members: BTreeSet::from([Member::Roles]) },
                r#"{"type":"changed","members":["roles"]}"#,
            ),
            (PersonEvent::Linked, r#"{"type":"linked"}"#),
            (PersonEvent::Deactivated, r#"{"type":"deactivated"}"#),
            (PersonEvent::Reactivated, r#"{"type":"reactivated"}"#),
            (PersonEvent::SignedIn, r#"{"type":"signed_in"}"#),
        ] {
            assert_eq!(serde_json::to_string(&event).unwrap(), text);
        }
    }
}
