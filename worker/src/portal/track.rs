//! Showing that a complaint is theirs: by a code, or a link, that is mailed to an address on file.

use super::{
    complain::{Problems, with_form},
    page::{PageCall, secret},
    send::read,
};
use crate::{call::Outcome, failure::Failure, log, platform};
use pages::{
    fields::{Wrong, check_fields},
    paths,
    portal::{Code, Track, Trouble},
};
use serde::Deserialize;
use shared::{
    ids::ComplaintId,
    json,
    mail::sort,
    portal::{
        TRACKING,
        key::Purpose,
        session::{self, CODE_MILLIS},
    },
    reference::Reference,
};
use std::{collections::BTreeMap, rc::Rc};

/// How long a code is good, as pages say it.
const MINUTES: u32 = (CODE_MILLIS / 60_000) as u32;

/// `GET /{tenant}/track`
pub(crate) async fn show(page: Rc<PageCall>) -> Outcome {
    draw(&page, 200, "", "", &Vec::new())
}

fn draw(page: &PageCall, status: u16, reference: &str, email: &str, problems: &Problems) -> Outcome {
    let answers =
        BTreeMap::from([("reference".to_owned(), reference.to_owned()), ("email".to_owned(), email.to_owned())]);
    with_form(&[], &answers, problems, |form| page.page(status, |page| pages::html(&Track { page, form })))
}

/// `POST /{tenant}/track`: whether there is such a complaint is looked for after the answer, so that this is the same if there is none,
/// and as soon.
pub(crate) async fn ask(page: Rc<PageCall>) -> Outcome {
    let sent = page.posted().await?;
    let (typed, email) = (sent.value("reference").trim(), sent.value("email").trim());
    let mut problems = check_fields(&["reference", "email"], &[], |name| if name == "email" { email } else { typed });
    let reference = Reference::try_from(typed.to_uppercase());
    if reference.is_err() && !problems.iter().any(|(name, _)| *name == "reference") {
        problems.insert(0, ("reference", Wrong::NoReference));
    }
    let Some(reference) = reference.ok().filter(|_| problems.is_empty()) else {
        return draw(&page, 422, typed, email, &problems);
    };
    let handle = secret();
    page.set(&TRACKING, &handle, CODE_MILLIS / 1_000);
    let (looking, email) = (Rc::clone(&page), email.to_owned());
    page.call.afterwards(async move {
        if let Err(failure) = tell(&looking, &reference, &email, &handle).await {
            log::fault("code_not_mailed", &failure.reason().unwrap_or_default());
        }
    });
    Ok(page.to(paths::CODE))
}

/// Of a summary what is needed.
#[derive(Deserialize)]
struct Named {
    id: ComplaintId,
}

/// Mails a code, if that is an address on the file of that complaint.
async fn tell(page: &PageCall, reference: &Reference, email: &str, handle: &str) -> Result<(), Failure> {
    let firm = page.firm();
    let Some(summary) = firm.referred_to(reference).await? else { return Ok(()) };
    let Named { id } = json::from_str(&summary).map_err(crate::store::StoreError::unreadable)?;
    let Some(complaint) = read(firm, id).await? else { return Ok(()) };
    if !sort::is_on_file(&complaint, email) {
        return Ok(());
    }
    let (now, code) = (page.call.now, session::code(platform::random()));
    let until = now.plus_millis(CODE_MILLIS);
    let kept = (page.handle(handle), page.hashed(handle, &code));
    if !firm.home()?.add_case_code((&kept.0, &kept.1), id, until, now).await? {
        return Ok(());
    }
    let token = session::link(page.id(), id, until, &page.key);
    let link = format!("{}{}", page.origin(), paths::TRACK_LINK.with(page.slug(), &token));
    let mail = page.show("", |page| pages::mail::code(&page, &code, &link, MINUTES));
    // Each code is another mail.
    page.post(email, handle, mail).await
}

impl PageCall {
    fn handle(&self, handle: &str) -> String {
        self.key.name(self.id(), Purpose::Handle, handle)
    }

    /// A code as it is stored: whoever reads the database cannot try them all.
    fn hashed(&self, handle: &str, code: &str) -> String {
        self.key.name(self.id(), Purpose::Code, &format!("{handle} {code}"))
    }
}

/// `GET /{tenant}/track/code`
pub(crate) async fn code(page: Rc<PageCall>) -> Outcome {
    draw_code(&page, 200, &Vec::new())
}

fn draw_code(page: &PageCall, status: u16, problems: &Problems) -> Outcome {
    with_form(&[], &BTreeMap::new(), problems, |form| {
        page.page(status, |page| pages::html(&Code { page, form, minutes: MINUTES }))
    })
}

/// `POST /{tenant}/track/code`: a few wrong ones, and it is good no more.
pub(crate) async fn enter(page: Rc<PageCall>) -> Outcome {
    let sent = page.posted().await?;
    if sent.value("code").trim().is_empty() {
        return draw_code(&page, 422, &vec![("code", Wrong::Missing)]);
    }
    let found = match (page.cookie(&TRACKING), session::typed(sent.value("code"))) {
        (Some(handle), Some(code)) => {
            let home = page.firm().home()?;
            home.try_case_code((&page.handle(&handle), &page.hashed(&handle, &code)), page.call.now).await?
        }
        _ => None,
    };
    let Some(complaint) = found else { return draw_code(&page, 422, &vec![("code", Wrong::NoCode)]) };
    page.set(&TRACKING, "", 0);
    page.sign_in(complaint, None);
    Ok(page.to(paths::CASE))
}

/// `GET /{tenant}/track/{id}`: machines that look at mail may follow it, too; then they have a session, and the reader's link is good
/// still.
pub(crate) async fn follow(page: Rc<PageCall>) -> Outcome {
    let token: String = page.call.path_value("id")?;
    let Some(complaint) = session::linked(&token, page.id(), &page.key, page.call.now) else {
        return page.in_trouble(Trouble::LinkExpired);
    };
    page.sign_in(complaint, None);
    Ok(page.to(paths::CASE))
}

/// `POST /{tenant}/sign-out`
pub(crate) async fn sign_out(page: Rc<PageCall>) -> Outcome {
    page.posted().await?;
    page.sign_out();
    Ok(page.to(paths::START))
}
