//! The agents' console, `/app`: pages over the API (`docs/console.md`). A page asks the API, as a client would, with the session of
//! whoever sits before it, and draws what that says; of the database it knows names alone.

pub(crate) mod api;
pub(crate) mod audit;
pub(crate) mod bulk;
pub(crate) mod case;
pub(crate) mod changes;
pub(crate) mod dashboard;
pub(crate) mod firm;
pub(crate) mod letter;
pub(crate) mod new_case;
mod office;
pub(crate) mod people;
pub(crate) mod profile;
pub(crate) mod queue;
pub(crate) mod settings;
pub(crate) mod views;

use crate::{
    call::{Call, Outcome, Reply},
    failure::Failure,
    gateway::staff::meant,
    log, platform,
    staff::{
        Form, WITH_FILES, encoded,
        visitor::{Visit, Visitor, visitor},
        with_cookies,
    },
};
use api::{Api, Refusal};
use futures_util::future::LocalBoxFuture;
use pages::console::{
    shell::{Section, Shell},
    trouble::Trouble,
};
use shared::{
    access::{
        Scope,
        staff::{Action, has_scope, may_act},
    },
    http::problem::Code,
    identity::{
        cookie::{self, SEEN},
        csrf::{self, FIELD, HEADER},
        key::IdentityKey,
        role::Roles,
    },
    ids::RequestId,
    taxonomy::choices::FirmProduct,
};
use std::cell::{OnceCell, RefCell};

/// Why there is no page.
pub(crate) enum Stop {
    /// Something of ours.
    Failure(Failure),
    /// The API refuses.
    Refused(Box<Refusal>),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// What a page comes to.
pub(crate) type Shown = Result<Reply, Stop>;

/// Somebody at the console, and what they ask.
pub(crate) struct Desk {
    pub(crate) call: Call,
    pub(crate) visitor: Visitor,
    pub(crate) api: Api,
    /// What they have sent; empty of a page that only shows.
    pub(crate) form: Form,
    /// What complaints can be about, once somebody has asked.
    products: OnceCell<Vec<FirmProduct>>,
}

/// A page without its type, so that the way to it is compiled once and not once a page.
type Page = Box<dyn for<'d> FnOnce(&'d Desk) -> LocalBoxFuture<'d, Shown>>;

/// Shows a page to somebody who is signed in; others are led to where they sign in. Whatever changes something is looked at first: it
/// must have been meant.
pub(crate) fn at_desk(
    call: Call,
    page: impl AsyncFnOnce(&Desk) -> Shown + 'static,
) -> LocalBoxFuture<'static, Outcome> {
    let page: Page =
        Box::new(move |desk: &Desk| -> LocalBoxFuture<'_, Shown> { Box::pin(async move { page(desk).await }) });
    Box::pin(shown_at_desk(call, page))
}

async fn shown_at_desk(call: Call, page: Page) -> Outcome {
    let request = call.runtime.meter.request.get();
    let visitor = match visitor(&call).await? {
        Visit::Ok(visitor) => visitor,
        Visit::Err(cookies) => return Ok(with_cookies(to_sign_in(&call), cookies)),
    };
    let mut desk = Desk::new(call, visitor);
    let shown = match desk.hear().await {
        Ok(()) => page(&desk).await,
        Err(failure) => Err(failure.into()),
    };
    let reply = match shown {
        Ok(reply) => reply,
        Err(stop) => desk.trouble(stop, request)?,
    };
    let mut cookies = desk.visitor.cookies.clone();
    let seen = desk.api.seen.borrow();
    if !seen.is_empty() && SEEN.of(&desk.held()) != Some(seen.as_str()) {
        cookies.push(SEEN.set(&seen, SEEN_SECONDS));
    }
    Ok(with_cookies(reply, cookies))
}

/// The largest form that is read, in bytes: a complaint in somebody's own words, percent-encoded.
const MAX_FORM: u32 = 256 * 1024;
/// The largest form with files: what is too large for its purpose is to be told beside it.
const MAX_FILES: u32 = 10_000_000;

/// How long a browser remembers what it has seen of databases, in seconds: longer than any replica is behind.
const SEEN_SECONDS: i64 = 600;

/// Sends a browser to where one signs in, and back to this page afterwards. A part of a page does not go there itself: all of it does.
fn to_sign_in(call: &Call) -> Reply {
    let head = &call.incoming.head;
    let here = match call.incoming.header("hx-current-url") {
        Some(url) => url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default(),
        None if head.query.is_empty() => head.path.clone(),
        None => format!("{}?{}", head.path, head.query),
    };
    let there = format!("/app/sign-in?return_to={}", encoded(&here));
    if call.incoming.header("hx-request").is_some() {
        return Reply::empty(200).header("hx-redirect", there);
    }
    Reply::empty(303).header("location", there)
}

impl Desk {
    fn new(call: Call, visitor: Visitor) -> Self {
        let held = call.incoming.header("cookie").unwrap_or_default();
        let fresh = visitor.cookies.first().and_then(|set| set.split(';').next()).map(str::to_owned);
        let kept = || format!("{}={}", cookie::ACCESS.name, cookie::ACCESS.of(&held).unwrap_or_default());
        let key = IdentityKey::of(&call.config.cursors);
        let api = Api {
            runtime: call.runtime.clone(),
            cookie: fresh.unwrap_or_else(kept),
            csrf: csrf::token(&key, visitor.token.session, &platform::random()),
            traceparent: call.trace.to_header(),
            seen: RefCell::new(SEEN.of(&held).unwrap_or_default().to_owned()),
        };
        Self { call, visitor, api, form: Form::default(), products: OnceCell::new() }
    }

    fn held(&self) -> String {
        self.call.incoming.header("cookie").unwrap_or_default()
    }

    /// Reads what was sent, if something may change by it.
    async fn hear(&mut self) -> Result<(), Failure> {
        if !csrf::changes(&self.call.incoming.head.method) {
            return Ok(());
        }
        let limit = if self.call.media_type() == WITH_FILES { MAX_FILES } else { MAX_FORM };
        self.form = Form::read_up_to(&self.call, limit).await?;
        let by_script = self.call.incoming.header(HEADER);
        let token = by_script.as_deref().unwrap_or_else(|| self.form.get(FIELD));
        meant(&self.call, &self.visitor.token, token)
    }

    /// Whether htmx asks, which wants a part of the page.
    pub(crate) fn wants_part(&self) -> bool {
        self.call.incoming.header("hx-request").is_some()
    }

    pub(crate) fn roles(&self) -> &Roles {
        &self.visitor.token.roles
    }

    /// What is around every page.
    pub(crate) fn shell(&self, current: Section) -> Shell {
        let roles = self.roles();
        let reads = has_scope(roles, Scope::ComplaintsRead);
        let shown = |section: &Section| match section {
            Section::Queue | Section::Dashboard => reads,
            Section::Jobs => has_scope(roles, Scope::ComplaintsWrite),
            Section::Audit => may_act(roles, Action::ReadAccessLog),
            Section::Settings => has_scope(roles, Scope::StaffManage) || has_scope(roles, Scope::ComplaintsLead),
            Section::Profile => false,
        };
        Shell {
            firm: self.visitor.door.standing.tenant.display_name.as_str().to_owned(),
            slug: self.visitor.door.standing.tenant.slug.to_string(),
            sections: Section::ALL.into_iter().filter(shown).collect(),
            current,
            csrf: self.api.csrf.clone(),
        }
    }

    /// A page.
    pub(crate) fn page(&self, template: &impl pages::Page) -> Shown {
        Ok(self.answer(200, template)?)
    }

    fn answer(&self, status: u16, template: &impl pages::Page) -> Outcome {
        let html = pages::html(template).map_err(Failure::internal)?;
        let reply = Reply { content_type: "text/html; charset=utf-8", ..Reply::json_text(status, html) };
        Ok(reply
            .header("content-security-policy", pages::CONSOLE_SECURITY_POLICY.to_owned())
            .header("referrer-policy", "same-origin".to_owned())
            .header("cache-control", "no-store".to_owned()))
    }

    /// Sends the browser on to another page, after something was done.
    pub(crate) fn go(&self, to: &str) -> Shown {
        Ok(if self.wants_part() {
            Reply::empty(200).header("hx-redirect", to.to_owned())
        } else {
            Reply::empty(303).header("location", to.to_owned())
        })
    }

    /// Why there is no page, as one.
    fn trouble(&self, stop: Stop, request: Option<RequestId>) -> Outcome {
        let refusal = match stop {
            Stop::Refused(refusal) => *refusal,
            Stop::Failure(failure) => {
                let Some(request) = request else { return Err(failure) };
                if let Some(reason) = failure.reason() {
                    log::fault("page_failed", &reason);
                }
                let problem = failure.into_problem(request);
                Refusal {
                    status: problem.status,
                    title: problem.title.to_owned(),
                    detail: problem.detail.map(Into::into).unwrap_or_default(),
                    request_id: request.to_string(),
                    ..Refusal::default()
                }
            }
        };
        let errors: Vec<_> =
            refusal.errors.iter().map(|wrong| (wrong.pointer.as_str(), wrong.detail.as_str())).collect();
        let reply = self.answer(
            refusal.status,
            &Trouble {
                shell: self.shell(Section::Queue),
                status: refusal.status,
                title: &refusal.title,
                words: &refusal.detail,
                errors: &errors,
                request: &refusal.request_id,
            },
        )?;
        // Whatever part was asked for, this page does not have it: it takes the place of all.
        let whole = ["hx-retarget", "hx-reselect"]
            .into_iter()
            .fold(reply, |reply, name| reply.header(name, "#main".to_owned()));
        Ok(whole.header("hx-reswap", "outerHTML".to_owned()))
    }
}

/// `GET /app`: where somebody begins.
pub(crate) async fn home(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let first = desk.shell(Section::Queue).sections.first().copied().unwrap_or(Section::Profile);
        desk.go(first.path())
    })
    .await
}

/// A failure that says what is not there.
pub(crate) fn nothing_here() -> Stop {
    Stop::Failure(Failure::new(Code::NotFound))
}
