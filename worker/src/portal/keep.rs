//! Saving a draft and coming back to it.

use super::{
    complain::{Problems, names, place_of, step_of, take, with_form},
    draft::Kept,
    evidence,
    page::PageCall,
};
use crate::{call::Outcome, failure::Failure, log};
use pages::{
    fields::{Step, Wrong, check_fields},
    paths,
    portal::{ComeBack, Saved, Trouble},
};
use shared::{
    clock::day::Day,
    portal::{DRAFT, form::Sent},
};
use std::{collections::BTreeMap, rc::Rc};

/// Drafts of which an address is told at once.
const AT_ONCE: u32 = 3;

impl PageCall {
    /// The way back to a draft, a whole address.
    fn way_back(&self, kept: &Kept) -> String {
        format!("{}{}", self.origin(), paths::COME_BACK_LINK.with(self.slug(), &kept.secret))
    }

    /// The day until which a draft is kept whole.
    fn kept_until(kept: &Kept) -> Day {
        Day::of_utc(kept.draft.expires_at).plus(-1)
    }

    /// Mails the way back.
    async fn mail_way_back(&self, kept: &Kept, email: &str) -> Result<(), Failure> {
        let link = self.way_back(kept);
        let mail = self.show("", |page| {
            let until = page.day(&Self::kept_until(kept));
            pages::mail::draft(&page, &link, &until)
        });
        self.post(email, &kept.secret, mail).await
    }
}

/// `POST /{tenant}/complain/save`
pub(crate) async fn save(page: Rc<PageCall>) -> Outcome {
    let sent = page.posted().await?;
    let step = step_of(sent.value("step"));
    let mut kept = page.open_or_new().await?;
    take(&mut kept.draft.answers, &names(step), &sent);
    // What may not be taken is told where files are added.
    evidence::take(&page, &mut kept, &sent.files).await?;
    page.keep(&kept).await?;
    if page.choose_reading(&sent) {
        return Ok(page.to(place_of(step)));
    }
    Ok(page.to_address(format!("{}?step={}", paths::SAVE.of(page.slug()), step.name())))
}

/// `GET /{tenant}/complain/save`
pub(crate) async fn saved(page: Rc<PageCall>) -> Outcome {
    let step = step_of(&page.parameter("step").unwrap_or_default());
    let Some(kept) = page.open().await? else { return Ok(page.to(paths::COME_BACK)) };
    let email = kept.draft.answer("email").to_owned();
    draw(&page, 200, &kept, step, (&email, None), &Vec::new())
}

fn draw(
    page: &PageCall,
    status: u16,
    kept: &Kept,
    step: Step,
    (email, mailed_to): (&str, Option<&str>),
    problems: &Problems,
) -> Outcome {
    let (link, until) = (page.way_back(kept), PageCall::kept_until(kept));
    let answers = BTreeMap::from([("email".to_owned(), email.to_owned())]);
    with_form(&[], &answers, problems, |form| {
        page.page_at(status, &paths::SAVE.of(page.slug()), |page| {
            let (link, idempotency) = (link.as_str(), kept.draft.key.as_str());
            pages::html(&Saved { page, link, until, mailed_to, step, form, idempotency })
        })
    })
}

fn email_of(sent: &Sent) -> (String, Vec<(&'static str, Wrong)>) {
    let email = sent.value("email").trim().to_owned();
    let problems = check_fields(&["email"], &[], |_| &email);
    (email, problems)
}

/// `POST /{tenant}/complain/save/mail`
pub(crate) async fn mail(page: Rc<PageCall>) -> Outcome {
    let sent = page.posted().await?;
    let Some(kept) = page.open().await? else { return Ok(page.to(paths::COME_BACK)) };
    let step = page.unfinished(&kept.draft).unwrap_or(Step::Evidence);
    let (email, problems) = email_of(&sent);
    if !problems.is_empty() {
        return draw(&page, 422, &kept, step, (&email, None), &problems);
    }
    page.note_address(&kept, &email).await?;
    page.mail_way_back(&kept, &email).await?;
    draw(&page, 200, &kept, step, (&email, Some(&email)), &Vec::new())
}

/// `GET /{tenant}/come-back`
pub(crate) async fn come_back(page: Rc<PageCall>) -> Outcome {
    ask(&page, 200, "", &Vec::new(), false)
}

fn ask(page: &PageCall, status: u16, email: &str, problems: &Problems, was_asked: bool) -> Outcome {
    let answers = BTreeMap::from([("email".to_owned(), email.to_owned())]);
    with_form(&[], &answers, problems, |form| {
        page.page(status, |page| pages::html(&ComeBack { page, form, was_asked, idempotency: "" }))
    })
}

/// `POST /{tenant}/come-back`: it is looked for after the answer, so that this is the same whether there is a draft or not, and as soon.
pub(crate) async fn ask_to_come_back(page: Rc<PageCall>) -> Outcome {
    let sent = page.posted().await?;
    let (email, problems) = email_of(&sent);
    if !problems.is_empty() {
        return ask(&page, 422, &email, &problems, false);
    }
    let (looking, address) = (Rc::clone(&page), email.clone());
    page.call.afterwards(async move {
        if let Err(failure) = tell(&looking, &address).await {
            log::fault("draft_not_mailed", &failure.reason().unwrap_or_default());
        }
    });
    ask(&page, 200, &email, &Vec::new(), true)
}

async fn tell(page: &PageCall, email: &str) -> Result<(), Failure> {
    for kept in page.drafts_of(email, AT_ONCE).await? {
        page.mail_way_back(&kept, email).await?;
    }
    Ok(())
}

/// `GET /{tenant}/come-back/{id}`
pub(crate) async fn take_up(page: Rc<PageCall>) -> Outcome {
    let secret: String = page.call.path_value("id")?;
    let found = page.open_draft(&secret).await?.filter(|kept| kept.draft.sent.is_none());
    let Some(kept) = found else { return page.in_trouble(Trouble::LinkExpired) };
    let seconds = (kept.draft.expires_at.unix_millis() - page.call.now.unix_millis()) / 1_000;
    page.set(&DRAFT, &kept.secret, seconds);
    let step = page.unfinished(&kept.draft).unwrap_or(Step::Evidence);
    Ok(page.to(place_of(step)))
}
