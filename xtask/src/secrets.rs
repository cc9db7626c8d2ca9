//! The secrets of local stacks: `.dev.vars` at the root of the checkout, made when missing, completed when it lacks some, never
//! committed. It keeps those of all cells; a stack gets a copy with its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::checkout::root;
use crate::digest::sha256;
use crate::wasm::FRONT;
use crate::wrangler_toml::{self, LOCAL};

/// The comment line that keeps the operator key; the Worker is given its hash alone.
const OPERATOR_LINE: &str = "# Operator key: ";
const OPERATOR: &str = "OPERATOR_KEY_SHA256";
/// The seed of a cell's signing key: this for the cell `local`, with `_EU` for `eu`.
const SEED: &str = "API_KEY_SEED";
/// Secrets that are the same in all cells.
const COMMON: [&str; 2] = ["CURSOR_KEY", "REQUEST_SIGNING_KEY"];

/// What clients of local stacks must know, and what each stack is given.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The key that manages tenants, in every cell.
    pub operator_key: String,
    variables: BTreeMap<String, String>,
    cells: Vec<String>,
}

/// Where wrangler looks for secrets in development.
pub fn path() -> PathBuf {
    root().join(".dev.vars")
}

/// Reads the secrets, or makes those that are not there.
pub fn load_or_create() -> Result<Secrets> {
    let config = wrangler_toml::read(FRONT)?;
    let cells: Vec<String> = wrangler_toml::cells(&config).iter().map(|cell| cell.name.to_owned()).collect();
    let mut file = open_private(&path()).context("opening .dev.vars")?;
    // Tests that start side by side must not each make their own.
    file.lock().context("locking .dev.vars")?;
    let mut text = String::new();
    file.read_to_string(&mut text).context("reading .dev.vars")?;
    let completed = completed(&text, &cells)?;
    if completed != text {
        file.rewind()?;
        file.set_len(0)?;
        file.write_all(completed.as_bytes()).context("writing .dev.vars")?;
    }
    Secrets::of(&completed, cells)
}

impl Secrets {
    fn of(text: &str, cells: Vec<String>) -> Result<Secrets> {
        let operator_key = operator_key(text).unwrap_or_default().to_owned();
        let variables: BTreeMap<String, String> =
            variables(text).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        if variables.get(OPERATOR) != Some(&sha256(&operator_key)) {
            bail!(".dev.vars does not hold the operator key that its hash is of: delete the file to get a new one");
        }
        Ok(Secrets { operator_key, variables, cells })
    }

    /// Writes the `.dev.vars` of a cell: what is common, and its own seed alone.
    pub fn write_for(&self, cell: &str, path: &Path) -> Result<()> {
        let common = COMMON.iter().chain([&OPERATOR]).map(|name| (*name, self.variable(name)));
        let own = (SEED, self.variable(&seed_of(cell)));
        let lines = common.chain([own]).map(|(name, value)| Ok(format!("{name}=\"{}\"\n", value?)));
        let text: String = lines.collect::<Result<_>>()?;
        let mut file = open_private(path).with_context(|| format!("writing {}", path.display()))?;
        file.set_len(0)?;
        Ok(file.write_all(text.as_bytes())?)
    }

    /// The variable `CELL_KEYS`: every cell's public key.
    pub fn cell_keys(&self) -> Result<String> {
        let keys = self.cells.iter().map(|cell| {
            let key = public_key(self.variable(&seed_of(cell))?);
            Ok((cell.clone(), json!([key.with_context(|| format!("the seed of the cell {cell} in .dev.vars"))?])))
        });
        Ok(json!(keys.collect::<Result<BTreeMap<_, _>>>()?).to_string())
    }

    fn variable(&self, name: &str) -> Result<&str> {
        self.variables.get(name).map(String::as_str).with_context(|| format!(".dev.vars has no {name}"))
    }
}

/// The public half of an Ed25519 seed (RFC 8032 §5.1.5), both as base64url of 32 bytes.
pub fn public_key(seed: &str) -> Result<String> {
    let seed = URL_SAFE_NO_PAD.decode(seed).context("not base64url")?;
    let seed: [u8; 32] = seed.try_into().map_err(|_| anyhow!("not 32 bytes"))?;
    Ok(URL_SAFE_NO_PAD.encode(ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes()))
}

/// Makes a seed, so that it can be piped on without being shown: only its public half is for people.
pub fn print_new_key() -> Result<()> {
    let seed = random()?;
    eprintln!("Public key, for CELL_KEYS in wrangler.toml: {}", public_key(&seed)?);
    println!("{seed}");
    Ok(())
}

/// Whether this is 32 bytes as base64url.
pub fn is_key(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// The text with what it lacked.
fn completed(text: &str, cells: &[String]) -> Result<String> {
    let mut text = text.to_owned();
    if text.is_empty() {
        let operator_key = format!("rdr_op_{}", random()?);
        text = format!(
            "# Secrets of local stacks, made by `cargo xtask`. Delete this file to get new ones.\n\
             {OPERATOR_LINE}{operator_key}\n{OPERATOR}=\"{}\"\n",
            sha256(&operator_key)
        );
    }
    let seeds = cells.iter().map(|cell| seed_of(cell));
    for name in COMMON.iter().map(|name| (*name).to_owned()).chain(seeds) {
        if !variables(&text).any(|(known, _)| known == name) {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&format!("{name}=\"{}\"\n", random()?));
        }
    }
    Ok(text)
}

fn seed_of(cell: &str) -> String {
    if cell == LOCAL { SEED.to_owned() } else { format!("{SEED}_{}", cell.to_uppercase()) }
}

fn operator_key(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix(OPERATOR_LINE)).map(str::trim)
}

fn variables(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let assignments = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    assignments.map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
}

/// Opens a file that only its owner may read.
fn open_private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// 32 random bytes as base64url.
fn random() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness from the system: {error}"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells() -> Vec<String> {
        [LOCAL, "eu", "us"].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_file_of_before_is_completed_and_keeps_what_it_has() -> Result<()> {
        let before = format!(
            "{OPERATOR_LINE}rdr_op_x\n{OPERATOR}=\"{}\"\nAPI_KEY_SEED=\"{}\"\nCURSOR_KEY=\"c\"",
            sha256("rdr_op_x"),
            URL_SAFE_NO_PAD.encode([7; 32])
        );
        let after = completed(&before, &cells())?;
        assert!(after.starts_with(&before));
        assert_eq!(completed(&after, &cells())?, after, "a second time there is nothing to do");
        let secrets = Secrets::of(&after, cells())?;
        assert_eq!(secrets.operator_key, "rdr_op_x");
        for name in ["REQUEST_SIGNING_KEY", "API_KEY_SEED_EU", "API_KEY_SEED_US"] {
            assert_eq!(URL_SAFE_NO_PAD.decode(secrets.variable(name)?)?.len(), 32, "{name}");
        }
        Ok(())
    }

    #[test]
    fn a_cell_is_given_its_own_seed_alone() -> Result<()> {
        let secrets = Secrets::of(&completed("", &cells())?, cells())?;
        let path = std::env::temp_dir().join(format!("redress-dev-vars-{}", std::process::id()));
        secrets.write_for("eu", &path)?;
        let text = std::fs::read_to_string(&path)?;
        std::fs::remove_file(&path)?;
        let given: BTreeMap<&str, &str> = variables(&text).collect();
        assert_eq!(
            given.keys().copied().collect::<Vec<_>>(),
            ["API_KEY_SEED", "CURSOR_KEY", OPERATOR, "REQUEST_SIGNING_KEY"]
        );
        let keys: serde_json::Value = serde_json::from_str(&secrets.cell_keys()?)?;
        assert_eq!(keys["eu"][0], json!(public_key(given[SEED])?));
        assert!(!text.contains(secrets.variable("API_KEY_SEED_US")?) && !text.contains(&secrets.operator_key));
        Ok(())
    }

    /// RFC 8032 §7.1, test 1.
    #[test]
    fn the_public_key_is_the_standards() -> Result<()> {
        let bytes = |hex: &str| -> Result<Vec<u8>> {
            (0..hex.len()).step_by(2).map(|at| Ok(u8::from_str_radix(&hex[at..at + 2], 16)?)).collect()
        };
        let seed = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")?;
        let public = bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")?;
        assert_eq!(public_key(&URL_SAFE_NO_PAD.encode(seed))?, URL_SAFE_NO_PAD.encode(public));
        Ok(())
    }
}
