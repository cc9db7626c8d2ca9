//! Firms' own templates of letters: a row a version, in the database that has the tenant's record.

use super::{Scoped, StoreError, TenantBatch, TenantDb, to_json};
use shared::{
    complaint::intake::Language,
    json,
    letter::firm_template::{FirmTemplate, MAX_VERSIONS, Purpose},
    text::Code,
};

const FIND: Scoped = scoped!("sql/letter_templates/find.sql");
const CHOOSE: Scoped = scoped!("sql/letter_templates/choose.sql");
const LIST: Scoped = scoped!("sql/letter_templates/list.sql");
const INSERT: Scoped = scoped!("sql/letter_templates/insert.sql");

impl TenantDb {
    /// The newest version that is not newer than `most`.
    pub(crate) async fn letter_template(
        &self,
        purpose: &Purpose,
        most: u32,
    ) -> Result<Option<FirmTemplate>, StoreError> {
        let Purpose { kind, language, brand } = purpose;
        let most = most.to_string();
        let wanted = [kind.as_str(), language.as_str(), brand.as_str(), &most];
        self.first_template(self.batch().with(FIND, wanted.as_slice())).await
    }

    /// The first that is in force of those for this kind in these languages and of these brands.
    pub(crate) async fn chosen_letter_template(
        &self,
        kind: &Code,
        wanted: &[(&Language, &str)],
    ) -> Result<Option<FirmTemplate>, StoreError> {
        self.first_template(self.batch().with(CHOOSE, [kind.as_str(), &to_json(&wanted)?].as_slice())).await
    }

    async fn first_template(&self, batch: TenantBatch) -> Result<Option<FirmTemplate>, StoreError> {
        let found = self.texts(batch).await?.into_iter().flatten().next();
        found.map(|text| json::from_str(&text)).transpose().map_err(StoreError::unreadable)
    }

    /// Every template that is in force, with no blocks, as JSON.
    pub(crate) async fn letter_templates(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.texts(self.batch().with(LIST, ())).await?.pop().unwrap_or_default())
    }

    /// Keeps a version.
    ///
    /// # Errors
    /// There is such a [version](StoreError::Taken), or there are [enough](StoreError::Full).
    pub(crate) async fn insert_letter_template(&self, template: &FirmTemplate) -> Result<(), StoreError> {
        let FirmTemplate { kind, language, brand, version, .. } = template;
        let (version, text, most) = (version.to_string(), to_json(template)?, MAX_VERSIONS.to_string());
        let row = [kind.as_str(), language.as_str(), brand.as_str(), &version, &text, &most];
        self.texts(self.batch().with(INSERT, row.as_slice())).await.map(drop)
    }
}
