//! What complaints can be about: `/v1/tenant/taxonomy`, and `taxonomy` of `/v1/tenant`.

use super::{own, settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, at_desk,
        office::{list, sent, text, texts, within},
    },
};
use futures_util::try_join;
use pages::console::settings::{
    Tab,
    taxonomy::{Entry, Product, Taxonomy},
};
use serde_json::{Map, Value, json};

/// What was chosen of it: what is set, or what somebody has typed.
struct Chosen<'d> {
    desk: &'d Desk,
    left_out: Vec<String>,
    names: &'d Value,
}

impl Chosen<'_> {
    fn entry(&self, code: String, of: &Value) -> Entry {
        let typed = sent(self.desk);
        let form = &self.desk.form;
        let offered = if typed { form.all("offered").any(|held| held == code) } else { !self.left_out.contains(&code) };
        let standard = text(of, "default_name").to_owned();
        let own = if typed { form.get(&format!("name-{code}")).trim() } else { text(self.names, &code) };
        // Whoever types the standard's name has none of their own.
        let own = if own == standard { "" } else { own }.to_owned();
        Entry { code, standard, own, offered }
    }

    fn product(&self, of: &Value) -> Product {
        let code = text(of, "code");
        let issue = |issue: &Value| self.entry(format!("{code}/{}", text(issue, "code")), issue);
        Product { entry: self.entry(code.to_owned(), of), issues: list(of, "issues").iter().map(issue).collect() }
    }
}

/// `GET`, `POST /app/settings/taxonomy`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, page).await
}

async fn page(desk: &Desk) -> Shown {
    let (own, all) = try_join!(own::read(desk), desk.api.get::<Value>("/v1/tenant/taxonomy"))?;
    let set = within(&own, "taxonomy");
    let chosen = Chosen { desk, left_out: texts(set, "left_out"), names: within(set, "names") };
    let products: Vec<_> = list(&all, "data").iter().map(|product| chosen.product(product)).collect();
    let mut notice = None;
    if sent(desk) {
        notice = own::save(desk, &json!({ "taxonomy": body(&products) })).await?;
        if notice.is_none() {
            return desk.go("/app/settings/taxonomy?done=saved");
        }
    }
    desk.page(&Taxonomy {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Taxonomy), notice),
        products,
        version: own::version(&own),
    })
}

fn body(products: &[Product]) -> Value {
    let (mut left_out, mut names) = (Vec::new(), Map::new());
    for entry in products.iter().flat_map(|product| std::iter::once(&product.entry).chain(&product.issues)) {
        if !entry.offered {
            left_out.push(entry.code.as_str());
        }
        if !entry.own.is_empty() {
            names.insert(entry.code.clone(), entry.own.as_str().into());
        }
    }
    json!({ "left_out": left_out, "names": names })
}
