//! Who is before a browser: by the cookies that it holds.

use crate::{
    call::Call,
    failure::Failure,
    gateway::{admission, directory, is_admitted},
    office::Office,
    platform,
    store::{StoreError, TenantDb},
};
use shared::{
    http::problem::Code,
    identity::{
        cookie,
        key::IdentityKey,
        person::Person,
        session::{Begin, Ended, Ending, Method, RefreshToken, Refreshed, Session, browser_label, surplus},
        session_token::{self, LIFE_SECONDS, SignedIn},
        settings::SessionLimits,
    },
    ids::{SessionId, TenantId},
    tenant::{Slug, Status, standing::Standing},
};
use std::rc::Rc;

/// A firm at whose door somebody stands.
pub(crate) struct Door {
    pub(crate) standing: Rc<Standing>,
    /// Of the firm's first slot.
    pub(crate) db: TenantDb,
}

/// Somebody who is signed in.
pub(crate) struct Visitor {
    pub(crate) token: SignedIn,
    pub(crate) door: Door,
    /// What their browser is to hold from now on, if that is something else.
    pub(crate) cookies: Vec<String>,
}

/// Somebody who is signed in; or what a browser is to forget.
pub(crate) type Visit = Result<Visitor, Vec<String>>;

impl Door {
    /// The firm that the path names.
    pub(crate) async fn named(call: &Call) -> Result<Option<Self>, Failure> {
        Self::of_slug(call, &Slug::try_from(call.path_value::<String>("firm")?).map_err(|_| super::no_such_firm())?)
            .await
    }

    /// The firm of a name, if it is at home here.
    pub(crate) async fn of_slug(call: &Call, slug: &Slug) -> Result<Option<Self>, Failure> {
        match directory::route_to(&call.runtime, slug).await? {
            Some(route) if route.home_cell == call.config.cell => Self::of(call, route.tenant).await,
            Some(route) => Err(Failure::new(Code::NotFound)
                .detail(format!("This firm’s staff sign in at the cell {}", route.home_cell))),
            None => Ok(None),
        }
    }

    /// A firm that is at home here, and is served.
    pub(crate) async fn of(call: &Call, tenant: TenantId) -> Result<Option<Self>, Failure> {
        let standing = admission::standing(call, tenant).await?;
        let at_home = |standing: &Rc<Standing>| {
            standing.tenant.home_cell == call.config.cell && standing.tenant.status != Status::Deleted
        };
        let Some(standing) = standing.filter(at_home) else { return Ok(None) };
        if standing.tenant.status == Status::Suspended {
            return Err(Failure::new(Code::TenantSuspended).detail("Ask the operator of the service"));
        }
        let shard = standing.tenant.shards.home().ok_or_else(|| Failure::internal("a tenant has no slot"))?;
        let db = TenantDb::new(call.runtime.clone(), shard, tenant);
        Ok(Some(Self { standing, db }))
    }

    /// Its people.
    pub(crate) fn office<'c>(&'c self, call: &'c Call) -> Office<'c> {
        Office { call, standing: &self.standing, db: self.db.clone() }
    }
}

/// What a session begins with.
pub(crate) struct Beginning {
    pub(crate) session: SessionId,
    pub(crate) method: Method,
    pub(crate) authenticated_at: Option<shared::time::Timestamp>,
    pub(crate) limits: SessionLimits,
}

/// Begins a session of somebody who was admitted: the cookies.
pub(crate) async fn begin(
    call: &Call,
    door: &Door,
    person: &Person,
    beginning: Beginning,
) -> Result<Vec<String>, Failure> {
    let Beginning { session, method, authenticated_at, limits } = beginning;
    let now = call.now;
    for old in surplus(&door.db.sessions(person.id, now).await?) {
        door.db.end_session(old, person.id, Ended { at: now, why: Ending::Revoked }).await?;
    }
    let browser = browser_label(&call.incoming.header("user-agent").unwrap_or_default());
    let begin = Begin { id: session, seed: platform::salt(), method, authenticated_at, browser };
    let key = IdentityKey::of(&call.config.cursors);
    let (session, refresh) = Session::begin(begin, door.standing.tenant.id, person.id, limits, now, &key);
    door.db.insert_session(&session).await?;
    cookies(call, &session, person, &refresh)
}

/// What a browser holds of a session.
fn cookies(call: &Call, session: &Session, person: &Person, refresh: &str) -> Result<Vec<String>, Failure> {
    let refresh = format!("{}.{refresh}", session.tenant);
    Ok(vec![access_cookie(call, session, person)?, cookie::REFRESH.set(&refresh, session.seconds_left(call.now))])
}

/// The access token of a session, as its cookie.
pub(crate) fn access_cookie(call: &Call, session: &Session, person: &Person) -> Result<String, Failure> {
    let access =
        session_token::issue(&call.config.keys, session, person, platform::now()).map_err(Failure::internal)?;
    Ok(cookie::ACCESS.set(&access, LIFE_SECONDS))
}

/// Nobody is signed in any more.
pub(crate) fn no_cookies() -> Vec<String> {
    vec![cookie::ACCESS.clear(), cookie::REFRESH.clear()]
}

/// Who is before the browser: by the access token, or else by the refresh token, which gets the next pair.
pub(crate) async fn visitor(call: &Call) -> Result<Visit, Failure> {
    let held = call.incoming.header("cookie").unwrap_or_default();
    let token = cookie::ACCESS.of(&held).and_then(|token| {
        session_token::verify(&call.config.keys, token, call.now).ok().filter(|token| token.cell == call.config.cell)
    });
    if let Some(token) = token
        && let Some(door) = Door::of(call, token.tenant).await?
        && is_admitted(&door.standing, &token).is_ok()
    {
        return Ok(Ok(Visitor { token, door, cookies: Vec::new() }));
    }
    refreshed(call).await
}

/// Whoever has another tab that was faster is told the same: so often is it looked again.
const TRIES: usize = 3;

/// Who is before the browser, by the refresh token.
pub(crate) async fn refreshed(call: &Call) -> Result<Visit, Failure> {
    let held = call.incoming.header("cookie").unwrap_or_default();
    let token = cookie::REFRESH.of(&held).and_then(|value| value.split_once('.'));
    let token = token.and_then(|(tenant, token)| Some((tenant.parse::<TenantId>().ok()?, RefreshToken::read(token)?)));
    let Some((tenant, token)) = token else { return Ok(Err(no_cookies())) };
    let Some(door) = Door::of(call, tenant).await? else { return Ok(Err(no_cookies())) };
    let key = IdentityKey::of(&call.config.cursors);
    for _ in 0..TRIES {
        let Some((session, person)) = door.db.session(token.session).await? else { return Ok(Err(no_cookies())) };
        let (session, refresh) = match session.refresh(&token, person.as_ref(), call.now, &key) {
            Refreshed::Rotate(next, refresh) => {
                if !door.db.rotate_session(&next).await? {
                    continue;
                }
                (*next, refresh)
            }
            Refreshed::Grace(refresh) => (session, refresh),
            Refreshed::Reused(ended) => {
                crate::log::fault("refresh_token_reused", &ended.id);
                door.office(call).end(ended.person, ended.id, Ending::Reused).await?;
                return Ok(Err(no_cookies()));
            }
            Refreshed::Ended(_) | Refreshed::Forged => return Ok(Err(no_cookies())),
        };
        let Some(person) = person else { return Ok(Err(no_cookies())) };
        let cookies = cookies(call, &session, &person, &refresh)?;
        let token = signed_in(call, &session, &person)?;
        return Ok(Ok(Visitor { token, door, cookies }));
    }
    Err(StoreError::Busy(platform::Fault { dependency: "d1", message: "others keep being faster".to_owned() }).into())
}

fn signed_in(call: &Call, session: &Session, person: &Person) -> Result<SignedIn, Failure> {
    let access =
        session_token::issue(&call.config.keys, session, person, platform::now()).map_err(Failure::internal)?;
    session_token::verify(&call.config.keys, &access, platform::now()).map_err(Failure::internal)
}
