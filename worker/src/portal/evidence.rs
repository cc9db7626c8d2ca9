//! Step 4: files. They lie beside the draft, sealed as it is, until the complaint is logged.

use super::{
    complain::{Problems, onward, with_form},
    draft::{Kept, new_file},
    page::PageCall,
};
use crate::{call::Outcome, failure::Failure};
use pages::{
    fields::{Step, Wrong},
    paths,
    portal::{Evidence, File},
};
use shared::{
    chain::Digest,
    ids::AttachmentId,
    mail::filing,
    portal::{
        draft::{Draft, DraftFile, MAX_FILE_BYTES, MAX_FILES},
        form::SentFile,
    },
};
use std::{collections::BTreeMap, rc::Rc};

/// As pages say it.
pub(super) const MOST_MEGABYTES: u64 = MAX_FILE_BYTES as u64 / 1_000_000;

/// Why a file is not taken, if it is not.
pub(super) fn wrong(page: &PageCall, file: &SentFile) -> Option<Wrong> {
    let settings = &page.tenant().attachments;
    match file.bytes.len() {
        0 => Some(Wrong::FileEmpty),
        bytes if bytes > MAX_FILE_BYTES || bytes as u64 > settings.max_bytes => Some(Wrong::FileTooLarge),
        _ => filing::file(&file.name, 1, &file.bytes, settings).is_err().then_some(Wrong::FileSort),
    }
}

/// Takes the files of a form into a draft, each that may be taken. What is wrong with the first that may not.
pub(super) async fn take(page: &PageCall, kept: &mut Kept, files: &[SentFile]) -> Result<Problems, Failure> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.field == "files") {
        let sha256 = Digest::of(&file.bytes);
        if let Some(wrong) = wrong(page, file) {
            problems.push(("files", wrong));
            continue;
        }
        let Ok((name, media_type)) = filing::file(&file.name, 1, &file.bytes, &page.tenant().attachments) else {
            continue;
        };
        // Sent twice, it is there once.
        if kept.draft.files.iter().any(|known| known.name == name && known.sha256 == sha256) {
            continue;
        }
        if kept.draft.files.len() >= MAX_FILES {
            problems.push(("files", Wrong::TooManyFiles));
            break;
        }
        let id = new_file(page.call.now);
        page.keep_file(kept, id, &file.bytes).await?;
        let bytes = file.bytes.len() as u64;
        kept.draft.files.push(DraftFile { id, name, media_type, bytes, sha256 });
    }
    problems.truncate(1);
    Ok(problems)
}

/// A draft's files as pages show them.
pub(super) fn shown<T>(draft: &Draft, draw: impl FnOnce(&[File<'_>]) -> T) -> T {
    let ids: Vec<String> = draft.files.iter().map(|file| file.id.to_string()).collect();
    let files: Vec<File<'_>> = draft
        .files
        .iter()
        .zip(&ids)
        .map(|(file, id)| File { id, name: file.name.as_str(), bytes: file.bytes, state: DraftFile::STATE })
        .collect();
    draw(&files)
}

fn draw(page: &PageCall, status: u16, draft: &Draft, problems: &Problems, from_check: bool) -> Outcome {
    shown(draft, |files| {
        with_form(&[], &BTreeMap::new(), problems, |form| {
            page.page(status, |page| {
                let most_megabytes = MOST_MEGABYTES;
                pages::html(&Evidence { page, form, files, most_megabytes, idempotency: &draft.key, from_check })
            })
        })
    })
}

/// `GET /{tenant}/complain/evidence`
pub(crate) async fn show(page: Rc<PageCall>) -> Outcome {
    let Some(kept) = page.open().await? else { return Ok(page.to(paths::WHAT)) };
    draw(&page, 200, &kept.draft, &Vec::new(), page.asks("then", "check"))
}

/// `POST /{tenant}/complain/evidence`
pub(crate) async fn add(page: Rc<PageCall>) -> Outcome {
    let sent = page.posted().await?;
    let mut kept = page.open_or_new().await?;
    let problems = take(&page, &mut kept, &sent.files).await?;
    page.keep(&kept).await?;
    let then = sent.values("then");
    let asks = |wanted: &str| then.split(' ').any(|then| then == wanted);
    if !problems.is_empty() {
        return draw(&page, 422, &kept.draft, &problems, asks("check"));
    }
    Ok(if asks("more") { page.to(paths::EVIDENCE) } else { onward(&page, Step::Evidence, asks("check")) })
}

/// `POST /{tenant}/complain/evidence/{id}/remove`: of what is not there nothing is taken away.
pub(crate) async fn remove(page: Rc<PageCall>) -> Outcome {
    page.posted().await?;
    let id: AttachmentId = page.call.path_value("id")?;
    if let Some(mut kept) = page.open().await? {
        kept.draft.files.retain(|file| file.id != id);
        page.keep(&kept).await?;
        page.forget_file(&kept, id).await?;
    }
    Ok(page.to(paths::EVIDENCE))
}
