//! How a firm's staff sign in, and their pages: `docs/identity.md`.

pub(crate) mod provider;
pub(crate) mod visitor;

use crate::{
    call::{Call, Outcome, Reply},
    deliver::transport::{self, Verdict},
    failure::Failure,
    gateway::staff::{from_here, meant, origin},
    log, platform,
    store::people::Key,
};
use pages::{
    CONTENT_SECURITY_POLICY,
    staff::{Link, LinkSent, SignIn, Trouble, WhichFirm},
};
use serde::Serialize;
use shared::{
    http::problem::{Code, FieldError, Rule},
    identity::{
        cookie,
        csrf::{self, FIELD},
        email::Email,
        email_link::{self, ANSWER, NotGood, WINDOW_MILLIS},
        key::IdentityKey,
        person::PersonCommand,
        return_path::ReturnPath,
        role::Role,
        session::{Ending, Method},
    },
    ids::{RequestId, SessionId},
    outbound_mail::message::Mail,
    portal::form::Sent,
    tenant::Slug,
};
use visitor::{Beginning, Door, Visitor, begin, visitor};

/// The largest form that is read, in bytes.
const MAX_FORM: u32 = 16 * 1024;
/// What a form with files is sent as.
pub(crate) const WITH_FILES: &str = "multipart/form-data";

/// A page, with what every page has.
fn page(status: u16, html: Result<String, impl std::fmt::Display>) -> Outcome {
    let html = html.map_err(Failure::internal)?;
    let reply = Reply { content_type: "text/html; charset=utf-8", ..Reply::json_text(status, html) };
    Ok(reply
        .header("content-security-policy", CONTENT_SECURITY_POLICY.to_owned())
        // With `no-referrer` a browser says of a form that it comes from nowhere (W3C Referrer Policy §8.4, Fetch "append a request Origin header").
        .header("referrer-policy", "same-origin".to_owned()))
}

fn see_other(to: &str) -> Reply {
    Reply::empty(303).header("location", to.to_owned())
}

pub(crate) fn with_cookies(reply: Reply, cookies: Vec<String>) -> Reply {
    cookies.into_iter().fold(reply, |reply, cookie| reply.header("set-cookie", cookie))
}

/// A failure as a page, for whoever is before a browser.
fn shown(call_request: Option<RequestId>, outcome: Outcome) -> Outcome {
    let failure = match outcome {
        Ok(reply) => return Ok(reply),
        // Its headers say when to come again.
        Err(failure) if failure.code == Code::QuotaExceeded => return Err(failure),
        Err(failure) => failure,
    };
    let Some(request) = call_request else { return Err(failure) };
    if let Some(reason) = failure.reason() {
        log::fault("page_failed", &reason);
    }
    let problem = failure.into_problem(request);
    let words = problem.detail.as_deref().unwrap_or("Try again, or ask your firm’s admin.");
    let trouble = Trouble { title: problem.title, words, request: &request.to_string() };
    page(problem.status, pages::html(&trouble))
}

/// The page that a handler makes, or one that says why there is none.
macro_rules! shown {
    ($call:ident, $made:expr) => {{
        let request = $call.runtime.meter.request.get();
        shown(request, $made.await)
    }};
}

/// What a form says.
#[derive(Default)]
pub(crate) struct Form(Sent);

impl Form {
    pub(crate) async fn read(call: &Call) -> Result<Self, Failure> {
        Self::read_up_to(call, MAX_FORM).await
    }

    /// Reads a form of at most so many bytes.
    pub(crate) async fn read_up_to(call: &Call, limit: u32) -> Result<Self, Failure> {
        let no_form = || Failure::new(Code::UnsupportedMediaType).detail("Send a form");
        let has_files = call.media_type() == WITH_FILES;
        if !has_files && call.media_type() != "application/x-www-form-urlencoded" {
            return Err(no_form());
        }
        let bytes = call.whole_body(limit).await?;
        if has_files {
            return Ok(Self(Sent::read(&call.incoming.head.content_type, &bytes).map_err(|_| no_form())?));
        }
        let fields = form_urlencoded::parse(&bytes).map(|(name, value)| (name.into_owned(), value.into_owned()));
        Ok(Self(Sent { fields: fields.collect(), files: Vec::new() }))
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.value(name)
    }

    /// Every value of this name.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.pairs().iter().filter(move |(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// All that it says.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0.fields
    }

    /// The file that was chosen, if one was.
    pub(crate) fn file(&self) -> Option<&[u8]> {
        self.0.files.first().map(|file| file.bytes.as_slice())
    }
}

pub(crate) fn parameter(call: &Call, name: &str) -> String {
    call.parameters().find(|(held, _)| held == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn no_such_firm() -> Failure {
    Failure::new(Code::NotFound).detail("There is no firm of this name here")
}

/// `GET /app/sign-in`: which firm?
pub(crate) async fn which_firm(call: Call) -> Outcome {
    let return_to = ReturnPath::or_root(&parameter(&call, "return_to"));
    match Slug::try_from(parameter(&call, "firm").trim().to_lowercase()) {
        Ok(slug) => Ok(see_other(&format!("/app/{slug}/sign-in?return_to={}", encoded(return_to.as_str())))),
        Err(_) => page(200, pages::html(&WhichFirm { return_to: return_to.as_str() })),
    }
}

/// `GET /app/{firm}/sign-in`
pub(crate) async fn sign_in(call: Call) -> Outcome {
    shown!(call, async {
        let door = Door::named(&call).await?.ok_or_else(no_such_firm)?;
        let settings = door.db.sign_in().await?.settings;
        let return_to = ReturnPath::or_root(&parameter(&call, "return_to"));
        let slug = door.standing.tenant.slug.to_string();
        let provider = format!("/app/{slug}/provider?return_to={}", encoded(return_to.as_str()));
        page(
            200,
            pages::html(&SignIn {
                firm: door.standing.tenant.display_name.as_str(),
                slug: &slug,
                return_to: return_to.as_str(),
                provider: settings.oidc.is_some().then_some(provider.as_str()),
            }),
        )
    })
}

/// `POST /app/{firm}/sign-in`: a link is sent, if the firm has no provider and the address is somebody's. What is answered is the same.
pub(crate) async fn ask_for_link(call: Call) -> Outcome {
    shown!(call, async {
        from_here(&call)?;
        let form = Form::read(&call).await?;
        let email = Email::try_from(form.get("email")).map_err(|error| {
            Failure::new(Code::Invalid).error(FieldError::at("/email", Rule::NotAllowed, error.to_string()))
        })?;
        let return_to = ReturnPath::or_root(form.get("return_to"));
        let door = Door::named(&call).await?.ok_or_else(no_such_firm)?;
        if !door.db.sign_in().await?.settings.by_link() {
            return Err(Failure::new(Code::Forbidden).detail("This firm’s staff sign in with their firm’s account"));
        }
        let now = call.now;
        let tenant = door.standing.tenant.id;
        let address = email_link::asks_of(tenant, &email, &IdentityKey::of(&call.config.cursors));
        let since = now.plus_millis(-WINDOW_MILLIS);
        let before = door.db.link_asks(address, since).await?;
        let known = door.db.person(Key::Email(&email)).await?;
        let cookies = call.incoming.header("cookie").unwrap_or_default();
        let drawn = [platform::random(), platform::random()];
        let held = cookie::BROWSER.of(&cookies);
        let asked = email_link::ask(tenant, known.as_ref(), &before, held, [&drawn[0], &drawn[1]], now);
        if let Some(link) = &asked.link {
            door.db.insert_link(address, link, since).await?;
        }
        if let Some(mail) = asked.mail {
            let slug = &door.standing.tenant.slug;
            let url = format!("{}&firm={slug}", email_link::url(origin(&call.incoming), &mail.token, &return_to));
            send_link(&call, &door, mail.to, url);
        }
        let reply = page(200, pages::html(&LinkSent { words: ANSWER }))?;
        Ok(with_cookies(reply, vec![cookie::BROWSER.set(&asked.cookie, email_link::LIFE_MILLIS / 1_000)]))
    })
}

/// Sends a mail with a link, after the answer, so that how long that takes tells nobody who has an account.
fn send_link(call: &Call, door: &Door, to: Email, url: String) {
    let (runtime, tenant, now) = (call.runtime.apart(), door.standing.tenant.id, call.now);
    let firm = door.standing.tenant.display_name.as_str().to_owned();
    let nonce: [u8; 16] = platform::random();
    let id = shared::chain::Digest::of(&nonce).to_string();
    call.afterwards(async move {
        let Some((transport, from)) = transport::mail(&runtime) else {
            return log::fault("link_not_sent", &"this cell sends no mail");
        };
        let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let id = format!("{}@{domain}", id.chars().take(32).collect::<String>());
        let text = format!(
            "Somebody, probably you, wants to sign in at {firm}.\n\nOpen this page in the browser in which you have asked, within 15 \
             minutes:\n\n{url}\n\nIf that was not you, do nothing."
        );
        let mail = Mail {
            id: &id,
            from: (&firm, &from),
            to: to.as_str(),
            at: now,
            subject: "Your link to sign in",
            text: &text,
            html: None,
            pdf: None,
            opt_out: None,
            reply_to: None,
            tags: (tenant, "sign-in"),
        };
        let sent = transport.send(&runtime, &mail).await;
        if sent.verdict != Verdict::Taken {
            log::fault("link_not_sent", &format_args!("{:?}", sent.verdict));
        }
    });
}

/// `GET /app/sign-in/link`: what a link opens. It uses nothing up.
pub(crate) async fn link(call: Call) -> Outcome {
    let return_to = ReturnPath::or_root(&parameter(&call, "return_to"));
    let (slug, token) = (parameter(&call, "firm"), parameter(&call, "token"));
    page(200, pages::html(&Link { slug: &slug, token: &token, return_to: return_to.as_str() }))
}

/// `POST /app/sign-in/link`: its button.
pub(crate) async fn use_link(call: Call) -> Outcome {
    shown!(call, async {
        from_here(&call)?;
        let form = Form::read(&call).await?;
        let not_good = |error: NotGood| Failure::new(Code::Forbidden).detail(error.to_string());
        let slug = Slug::try_from(form.get("firm").to_owned()).map_err(|_| no_such_firm())?;
        let door = Door::of_slug(&call, &slug).await?.ok_or_else(no_such_firm)?;
        let token = form.get("token");
        let found = email_link::found_by(token).ok_or_else(|| not_good(NotGood::Nobody))?;
        let settings = door.db.sign_in().await?.settings;
        let link =
            door.db.link(found).await?.filter(|_| settings.by_link()).ok_or_else(|| not_good(NotGood::Nobody))?;
        let cookies = call.incoming.header("cookie").unwrap_or_default();
        let (person, used) = link.redeem(token, cookie::BROWSER.of(&cookies), call.now).map_err(not_good)?;
        if !door.db.use_link(&used).await? {
            return Err(not_good(NotGood::Used));
        }
        let known = door.db.person(Key::Id(person)).await?;
        let session = SessionId::new(call.now, &platform::entropy());
        let office = door.office(&call);
        let person = office.apply(known.as_ref(), PersonCommand::SignInByLink, None, Some(session)).await?.person;
        let beginning = Beginning {
            session,
            method: Method::EmailLink,
            authenticated_at: Some(call.now),
            limits: settings.sessions,
        };
        let mut cookies = begin(&call, &door, &person, beginning).await?;
        cookies.push(cookie::BROWSER.clear());
        Ok(with_cookies(see_other(ReturnPath::or_root(form.get("return_to")).as_str()), cookies))
    })
}

fn to_sign_in(call: &Call, cookies: Vec<String>) -> Reply {
    let head = &call.incoming.head;
    let here = if head.query.is_empty() { head.path.clone() } else { format!("{}?{}", head.path, head.query) };
    with_cookies(see_other(&format!("/app/sign-in?return_to={}", encoded(&here))), cookies)
}

/// What a page with scripts knows of whoever is signed in.
#[derive(Serialize)]
struct Present<'p> {
    person: shared::ids::PersonId,
    session: SessionId,
    tenant: shared::ids::TenantId,
    roles: Vec<Role>,
    expires_at: shared::time::Timestamp,
    /// For the header `x-redress-csrf`.
    csrf: &'p str,
}

/// `GET /app/session`: who is signed in, for scripts.
pub(crate) async fn session(call: Call) -> Outcome {
    let Visitor { token, cookies, .. } = match visitor(&call).await? {
        Ok(visitor) => visitor,
        Err(cookies) => return Ok(with_cookies(Reply::json_text(401, "{}".to_owned()), cookies)),
    };
    let csrf = csrf::token(&IdentityKey::of(&call.config.cursors), token.session, &platform::random());
    let present = Present {
        person: token.person,
        session: token.session,
        tenant: token.tenant,
        roles: token.roles.iter().collect(),
        expires_at: token.expires_at,
        csrf: &csrf,
    };
    Ok(with_cookies(Reply::json(200, &present)?, cookies))
}

/// `POST /app/refresh`: the next pair of tokens, for scripts.
pub(crate) async fn refresh(call: Call) -> Outcome {
    from_here(&call)?;
    match visitor::refreshed(&call).await? {
        Ok(Visitor { cookies, .. }) => Ok(with_cookies(Reply::empty(204), cookies)),
        Err(cookies) => Ok(with_cookies(Reply::json_text(401, "{}".to_owned()), cookies)),
    }
}

/// `POST /app/sign-out`
pub(crate) async fn sign_out(call: Call) -> Outcome {
    shown!(call, async {
        if let Ok(Visitor { token, door, .. }) = visitor(&call).await? {
            let form = Form::read(&call).await?;
            meant(&call, &token, form.get(FIELD))?;
            door.office(&call).end(token.person, token.session, Ending::SignedOut).await?;
        }
        Ok(with_cookies(see_other("/app/sign-in"), visitor::no_cookies()))
    })
}

/// `POST /app/sessions/{id}/end`: one of one's own.
pub(crate) async fn end_session(call: Call) -> Outcome {
    shown!(call, async {
        let id: SessionId = call.path_value("id")?;
        let Visitor { token, door, cookies } = match visitor(&call).await? {
            Ok(visitor) => visitor,
            Err(cookies) => return Ok(with_cookies(see_other("/app/sign-in"), cookies)),
        };
        let form = Form::read(&call).await?;
        meant(&call, &token, form.get(FIELD))?;
        door.office(&call).end(token.person, id, Ending::Revoked).await?;
        Ok(with_cookies(see_other("/app/profile?done=ended"), cookies))
    })
}
