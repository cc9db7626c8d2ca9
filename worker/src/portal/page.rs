//! [`PageCall`]: a request for a page of a firm, and how pages are answered.

use crate::{
    call::{Call, Firm, Outcome, Reply},
    failure::Failure,
    log,
    platform::{self, Freshness},
};
use pages::{
    page::{FORMATS, Firm as Face, Page, Reader},
    paths::{self, Place},
    portal::{Error, Trouble},
    texts::Tongue,
};
use shared::{
    access::{Actor, ActorKind, Principal},
    complaint::intake::Format,
    http::problem::Code,
    identity::{
        cookie::Cookie,
        csrf::{FIELD, check_origin},
    },
    ids::{ComplaintId, TenantId},
    portal::{
        CASE, DRAFT, READING, VISITOR,
        form::Sent,
        key::PortalKey,
        session::{IDLE_MILLIS, Session},
        settings::PortalSettings,
    },
    taxonomy::choices::FirmProduct,
    tenant::{Slug, Tenant, standing::Standing},
    text::Line,
};
use std::{
    cell::{Cell, OnceCell, RefCell},
    fmt::Display,
    rc::Rc,
};

/// The largest form without files that is read, in bytes, and with files: two of the largest.
const MAX_FORM: u32 = 1_048_576;
/// See [`MAX_FORM`].
const MAX_FILES: u32 = 21_000_000;
/// How long language and format are remembered, and which browser it is, in seconds.
const REMEMBERED: i64 = 365 * 86_400;
/// See [`REMEMBERED`].
const KNOWN: i64 = 30 * 86_400;
/// The actor of what consumers do, as events name it.
const ACTOR: &str = "portal";
/// What a page is called that is no firm's.
const NOBODY: &str = "Redress";

/// A request for a page of a firm that has a portal. Only the gateway builds one.
pub(crate) struct PageCall {
    pub(crate) call: Call,
    pub(crate) standing: Rc<Standing>,
    /// What the firm has set for its portal.
    pub(crate) settings: PortalSettings,
    pub(crate) key: PortalKey,
    pub(crate) reader: Reader,
    /// Whether the request has logged a complaint.
    pub(crate) has_logged: Cell<bool>,
    /// What complaints can be about, once somebody has asked.
    products: OnceCell<Vec<FirmProduct>>,
    /// Which browser it is, for tokens against forged requests.
    visitor: String,
    csrf: String,
    session: Cell<Option<Session>>,
    /// `Set-Cookie` for the answer.
    cookies: RefCell<Vec<String>>,
}

/// The same by a browser that has shown that a complaint is theirs. Only the gateway builds one.
pub(crate) struct CaseCall {
    pub(crate) page: Rc<PageCall>,
    pub(crate) complaint: ComplaintId,
}

impl PageCall {
    pub(crate) fn new(call: Call, standing: Rc<Standing>, settings: PortalSettings) -> Self {
        let key = PortalKey::of(&call.config.cursors);
        let tenant = standing.tenant.id;
        let reader = reader(&call);
        let mut cookies = Vec::new();
        let visitor =
            cookie(&call, &VISITOR).filter(|visitor| (16..=64).contains(&visitor.len())).unwrap_or_else(|| {
                let fresh = secret();
                cookies.push(VISITOR.set(&fresh, KNOWN));
                fresh
            });
        let csrf = key.token(tenant, &visitor, &platform::random());
        let session = cookie(&call, &CASE).and_then(|sealed| Session::open(&sealed, tenant, &key, call.now));
        let page = Self {
            call,
            standing,
            settings,
            key,
            reader,
            has_logged: Cell::new(false),
            products: OnceCell::new(),
            visitor,
            csrf,
            session: Cell::new(None),
            cookies: RefCell::new(cookies),
        };
        if let Some(session) = session {
            page.sign_in(session.complaint, Some(session));
        }
        page
    }

    pub(crate) fn tenant(&self) -> &Tenant {
        &self.standing.tenant
    }

    /// What the firm's complaints are about, and were: what it has left out is not offered, and has its name.
    pub(super) fn taxonomy(&self) -> &[FirmProduct] {
        self.products.get_or_init(|| self.tenant().products())
    }

    pub(super) fn id(&self) -> TenantId {
        self.tenant().id
    }

    pub(super) fn slug(&self) -> &str {
        self.tenant().slug.as_str()
    }

    /// The tenant, read as it is now: what a consumer has just done is there.
    pub(crate) fn firm(&self) -> Firm<'_> {
        Firm { runtime: &self.call.runtime, tenant: self.tenant(), freshness: Freshness::Latest }
    }

    pub(crate) fn principal(&self) -> Principal {
        match self.session.get() {
            Some(session) => Principal::Consumer { tenant: self.id(), complaint: session.complaint },
            None => Principal::Anonymous,
        }
    }

    /// Who does what consumers do.
    pub(super) fn actor(&self) -> Result<Actor, Failure> {
        let id = Line::try_from(ACTOR.to_owned()).map_err(Failure::internal)?;
        Ok(Actor { kind: ActorKind::Consumer, id, job: None })
    }

    /// From now on, or still, the complaint is the browser's.
    pub(super) fn sign_in(&self, complaint: ComplaintId, before: Option<Session>) {
        let now = self.call.now;
        let session = Session { complaint, since: before.map_or(now, |before| before.since), seen: now };
        self.session.set(Some(session));
        self.set(&CASE, &session.seal(self.id(), &self.key), IDLE_MILLIS / 1_000);
    }

    /// It is no more.
    pub(super) fn sign_out(&self) {
        self.session.set(None);
        self.set(&CASE, "", 0);
    }

    /// The value of a cookie.
    pub(super) fn cookie(&self, cookie: &Cookie) -> Option<String> {
        self::cookie(&self.call, cookie)
    }

    /// Sets a cookie with the answer, for so many seconds; instead of what was to be set before.
    pub(super) fn set(&self, cookie: &Cookie, value: &str, seconds: i64) {
        let named = format!("{}=", cookie.name);
        let mut cookies = self.cookies.borrow_mut();
        cookies.retain(|set| !set.starts_with(&named));
        cookies.push(cookie.set(value, seconds));
    }

    /// Remembers the language and the format that a form asks for. Whether it does.
    pub(super) fn choose_reading(&self, sent: &Sent) -> bool {
        let tongue = Tongue::ALL.into_iter().find(|tongue| tongue.tag() == sent.value("language"));
        let format = FORMATS.into_iter().find(|(_, name)| *name == sent.value("format"));
        let Reader { tongue: now, format: shown } = self.reader;
        let shown = FORMATS.into_iter().find(|(format, _)| *format == shown).map_or("standard", |(_, name)| name);
        let chosen = tongue.is_some() || format.is_some();
        if chosen {
            let value = format!("{}.{}", tongue.unwrap_or(now).tag(), format.map_or(shown, |(_, name)| name));
            self.set(&READING, &value, REMEMBERED);
        }
        chosen
    }

    /// Whether the query has this.
    pub(super) fn asks(&self, name: &str, value: &str) -> bool {
        self.call.parameters().any(|(known, given)| known == name && given == value)
    }

    /// A value of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.call.parameters().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// Reads the form that was sent, if it is from a page of ours that this browser got: no other way leads to what it says.
    pub(super) async fn posted(&self) -> Result<Sent, Failure> {
        let forged = || Failure::new(Code::Forbidden);
        let head = &self.call.incoming.head;
        let (from, site) = (self.call.incoming.header("origin"), self.call.incoming.header("sec-fetch-site"));
        check_origin(&head.method, from.as_deref(), site.as_deref(), self.origin()).map_err(|_| forged())?;
        let has_files = self.call.media_type() == "multipart/form-data";
        let body = self.call.whole_body(if has_files { MAX_FILES } else { MAX_FORM }).await?;
        let sent = Sent::read(&head.content_type, &body).map_err(|_| Failure::new(Code::Invalid))?;
        if self.key.is_token(self.id(), &self.visitor, sent.value(FIELD)) { Ok(sent) } else { Err(forged()) }
    }

    /// The origin of this service, as the browser knows it.
    pub(super) fn origin(&self) -> &str {
        let url = &self.call.incoming.head.url;
        url.match_indices('/').nth(2).and_then(|(at, _)| url.get(..at)).unwrap_or(url)
    }

    /// Draws something with what every page has.
    pub(super) fn show<T>(&self, here: &str, draw: impl FnOnce(Page<'_>) -> T) -> T {
        let (portal, Tenant { display_name, slug, .. }) = (&self.settings, self.tenant());
        let tag = self.reader.tongue.tag();
        let own = portal.texts.iter().filter(|text| text.language.as_str() == tag);
        let texts: Vec<_> = own.map(|text| (text.name.as_str(), text.text.as_str())).collect();
        let post: Vec<_> = portal.post.iter().map(Line::as_str).collect();
        let firm = Face {
            slug: slug.as_str(),
            name: portal.name.as_ref().unwrap_or(display_name).as_str(),
            has_logo: portal.logo.is_some(),
            legal: portal.legal.as_ref().map_or("", |legal| legal.as_str()),
            phone: portal.phone.as_ref().map(Line::as_str),
            post: &post,
            privacy: portal.privacy.as_ref().map(Line::as_str),
            accessibility: portal.accessibility.as_ref().map(Line::as_str),
            texts: &texts,
        };
        let signed_in = self.session.get().is_some();
        draw(Page { firm, reader: self.reader, here, csrf: &self.csrf, signed_in })
    }

    /// Answers with a page that is at the address that was asked for.
    pub(super) fn page<E: Display>(&self, status: u16, draw: impl FnOnce(Page<'_>) -> Result<String, E>) -> Outcome {
        self.page_at(status, &self.call.incoming.head.path, draw)
    }

    /// Answers with a page that is at this address.
    pub(super) fn page_at<E: Display>(
        &self,
        status: u16,
        here: &str,
        draw: impl FnOnce(Page<'_>) -> Result<String, E>,
    ) -> Outcome {
        let html = self.show(here, draw).map_err(Failure::internal)?;
        Ok(self.with_cookies(page(status, html)))
    }

    /// Leads to a place of the firm, by GET.
    pub(crate) fn to(&self, place: Place) -> Reply {
        self.to_address(place.of(self.slug()))
    }

    pub(super) fn to_address(&self, address: String) -> Reply {
        self.with_cookies(Reply::empty(303).header("location", address))
    }

    pub(super) fn with_cookies(&self, reply: Reply) -> Reply {
        let cookies = self.cookies.take();
        cookies.into_iter().fold(reply, |reply, cookie| reply.header("set-cookie", cookie))
    }

    /// A failure as a page.
    pub(crate) fn trouble(&self, failure: Failure) -> Outcome {
        let has_draft = self.cookie(&DRAFT).is_some();
        let home = paths::START.of(self.slug());
        let (trouble, retry_after) = told(&failure);
        let request_id = self.call.runtime.meter.request.get().map(|id| id.to_string()).unwrap_or_default();
        self.page_at(trouble.status(), &home, |page| {
            pages::html(&Error { page, trouble, retry_after, has_draft, request_id: &request_id })
        })
        .map(|reply| with_retry(reply, retry_after))
    }

    /// The same of one that handlers know themselves.
    pub(crate) fn in_trouble(&self, trouble: Trouble) -> Outcome {
        let home = paths::START.of(self.slug());
        self.page_at(trouble.status(), &home, |page| {
            pages::html(&Error { page, trouble, retry_after: None, has_draft: false, request_id: "" })
        })
    }
}

/// The page of a failure below a slug that is no firm's here.
pub(crate) fn stranger(call: &Call, slug: &Slug, failure: Failure) -> Outcome {
    let firm = Face {
        slug: slug.as_str(),
        name: NOBODY,
        has_logo: false,
        legal: "",
        phone: None,
        post: &[],
        privacy: None,
        accessibility: None,
        texts: &[],
    };
    let page = Page { firm, reader: reader(call), here: "/", csrf: "", signed_in: false };
    let (trouble, retry_after) = told(&failure);
    let request_id = call.runtime.meter.request.get().map(|id| id.to_string()).unwrap_or_default();
    let error = Error { page, trouble, retry_after, has_draft: false, request_id: &request_id };
    let html = pages::html(&error).map_err(Failure::internal)?;
    Ok(with_retry(self::page(trouble.status(), html), retry_after))
}

/// What a reader is told of a failure, and when to try again; the log is told the rest.
fn told(failure: &Failure) -> (Trouble, Option<u32>) {
    if let Some(reason) = failure.reason() {
        log::fault("page_failed", &reason);
    }
    let trouble = match failure.code {
        Code::NotFound => Trouble::NotFound,
        Code::Forbidden => Trouble::FormExpired,
        Code::TooLarge => Trouble::TooLarge,
        Code::QuotaExceeded => Trouble::TooMany,
        Code::Unavailable | Code::Internal => Trouble::Unavailable,
        _ => Trouble::Refused,
    };
    let again = matches!(trouble, Trouble::TooMany | Trouble::Unavailable).then(|| failure.retry_after());
    (trouble, again)
}

fn with_retry(reply: Reply, retry_after: Option<u32>) -> Reply {
    retry_after.into_iter().fold(reply, |reply, seconds| reply.header("retry-after", seconds.to_string()))
}

/// A page as an answer. Where it goes on from is told to this service alone: addresses of drafts are secrets.
fn page(status: u16, html: String) -> Reply {
    let mut reply = Reply::json_text(status, html);
    reply.content_type = "text/html; charset=utf-8";
    reply
        .header("content-security-policy", pages::CONTENT_SECURITY_POLICY.to_owned())
        .header("referrer-policy", "same-origin".to_owned())
        .header("x-robots-tag", "noindex".to_owned())
}

/// The reader by the cookie, else by what the browser says of languages.
fn reader(call: &Call) -> Reader {
    let remembered = cookie(call, &READING);
    let (tag, name) = remembered.as_deref().and_then(|value| value.split_once('.')).unwrap_or_default();
    let accepted = || Tongue::accepted(&call.incoming.header("accept-language").unwrap_or_default());
    let tongue = Tongue::ALL.into_iter().find(|tongue| tongue.tag() == tag).or_else(accepted);
    let format = FORMATS.into_iter().find(|(_, known)| *known == name).map_or(Format::Standard, |(format, _)| format);
    Reader { tongue: tongue.unwrap_or(Tongue::English), format }
}

fn cookie(call: &Call, cookie: &Cookie) -> Option<String> {
    cookie.of(&call.incoming.header("cookie")?).map(str::to_owned)
}

/// 256 random bits, as a name that an address and a cookie can have.
pub(super) fn secret() -> String {
    let random: [u8; 32] = platform::random();
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}
