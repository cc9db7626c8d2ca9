//! `/v1/letters/templates`: a firm's own templates, of which every change is a version.

use super::letters::MAX_BODY;
use crate::{
    call::{Call, Outcome, Reply, TenantCall, bad_parameter, unknown_parameter},
    failure::Failure,
};
use shared::{
    complaint::intake::Language,
    http::problem::{Code, FieldError, Rule},
    letter::{
        firm_template::{FIRM, FirmTemplate, Purpose, TemplateText},
        kind::Kind,
    },
    text::Code as Name,
};

/// `GET /v1/letters/templates`: those in force, without their text.
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let rows = call.directory().letter_templates().await?;
    Ok(Reply::json_text(200, format!("{{\"data\":[{}]}}", rows.join(","))))
}

/// `GET /v1/letters/templates/{kind}/{language}/{brand}`: the one in force, or with `?version=` that version.
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let (purpose, _) = purpose(&call.call)?;
    let version = version(&call.call)?;
    let found = call.directory().letter_template(&purpose, version.unwrap_or(u32::MAX)).await?;
    let known = found.filter(|template| match version {
        Some(version) => template.version == version,
        None => !template.retired,
    });
    told(&known.ok_or(Failure::new(Code::NotFound))?)
}

/// `PUT /v1/letters/templates/{kind}/{language}/{brand}`: the first version, or the next after the one that was read.
pub(crate) async fn save(call: TenantCall) -> Outcome {
    let (purpose, kind) = purpose(&call.call)?;
    let text = call.call.json::<TemplateText>(MAX_BODY).await?;
    let (brands, brand) = (&call.standing.tenant.letters, purpose.brand.as_str());
    let mut errors = text.errors(kind);
    if brand != FIRM && brands.brand(brand).is_none() {
        errors.push(FieldError::at("", Rule::Unknown, format!("the firm has no brand {brand}")));
    }
    if !errors.is_empty() {
        return Err(Failure::errors(Code::Invalid, errors));
    }
    let directory = call.directory();
    let before = directory.letter_template(&purpose, u32::MAX).await?;
    let in_force = before.as_ref().filter(|before| !before.retired);
    if let Some(same) = in_force.filter(|before| before.says(&text)) {
        return told(same);
    }
    if let Some(before) = in_force {
        call.call.expect_version(before.version)?;
    } else if !call.call.incoming.head.if_match.is_empty() {
        return Err(Failure::new(Code::PreconditionFailed).detail("There is none yet"));
    }
    let template = purpose.version(before.as_ref(), text, call.actor()?, call.call.now);
    directory.insert_letter_template(&template).await?;
    told(&template)
}

/// `DELETE /v1/letters/templates/{kind}/{language}/{brand}`: letters are made without it from now on. Its versions stay.
pub(crate) async fn retire(call: TenantCall) -> Outcome {
    let (purpose, _) = purpose(&call.call)?;
    let directory = call.directory();
    let before = directory.letter_template(&purpose, u32::MAX).await?.filter(|before| !before.retired);
    let before = before.ok_or(Failure::new(Code::NotFound))?;
    call.call.expect_version(before.version)?;
    directory.insert_letter_template(&before.withdrawn(call.actor()?, call.call.now)).await?;
    Ok(Reply::empty(204))
}

fn told(template: &FirmTemplate) -> Outcome {
    Ok(Reply::json(200, template)?.version(template.version))
}

/// What the path names. What is no name, and a kind that there is not, names nothing: 404.
fn purpose(call: &Call) -> Result<(Purpose, &'static Kind), Failure> {
    let nothing = || Failure::new(Code::NotFound);
    let name = |part| call.path_value::<String>(part).and_then(|text| Name::try_from(text).map_err(|_| nothing()));
    let language = Language::try_from(call.path_value::<String>("language")?).map_err(|_| nothing())?;
    let purpose = Purpose { kind: name("kind")?, language, brand: name("brand")? };
    let kind = purpose.kind().ok_or_else(nothing)?;
    Ok((purpose, kind))
}

/// `?version=`, the only parameter.
fn version(call: &Call) -> Result<Option<u32>, Failure> {
    let mut version = None;
    for (name, value) in call.parameters() {
        if name != "version" {
            return Err(unknown_parameter(&name));
        }
        let rule = || FieldError::parameter("version", Rule::NotAllowed, "must be the number of a version");
        version = Some(value.parse().map_err(|_| bad_parameter(rule()))?);
    }
    Ok(version)
}
