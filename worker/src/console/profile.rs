//! One's own account. No scope is needed for it, so that it asks no route of the API but the firm's records of people, as the pages do by
//! which one signs in.

use super::{Desk, Shown, Stop, at_desk, office};
use crate::{
    call::{Call, Outcome},
    failure::Failure,
    store::people::Key,
};
use pages::console::{profile::Profile, settings::people::Session, shell::Section};
use shared::{
    http::problem::Code,
    identity::session::{Method, ShownSession},
};

/// `GET /app/profile`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, page).await
}

async fn page(desk: &Desk) -> Shown {
    let (token, db) = (&desk.visitor.token, &desk.visitor.door.db);
    let person = db.person(Key::Id(token.person)).await.map_err(Failure::from)?;
    let person = person.ok_or(Stop::Failure(Failure::new(Code::NotFound)))?;
    let open = db.sessions(person.id, desk.call.now).await.map_err(Failure::from)?;
    desk.page(&Profile {
        shell: desk.shell(Section::Profile),
        notice: office::done(desk),
        name: person.display_name.as_str().to_owned(),
        email: person.email.as_str().to_owned(),
        roles: token.roles.iter().map(<&str>::from).collect(),
        sessions: open.iter().map(|one| session(one.shown(token.session))).collect(),
    })
}

fn session(shown: ShownSession) -> Session {
    let method = match shown.method {
        Method::Oidc => "by your firm’s account",
        Method::EmailLink => "by a link",
    };
    Session {
        id: shown.id.to_string(),
        browser: shown.browser.map(|browser| browser.as_str().to_owned()).unwrap_or_default(),
        method: method.to_owned(),
        created_at: shown.created_at.to_string(),
        seen_at: shown.seen_at.to_string(),
        ends_at: shown.ends_at.to_string(),
        current: shown.current,
    }
}
