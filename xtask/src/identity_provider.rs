//! A firm's own provider while tests run: `oidc-provider` from npm, which signs in whoever it was told to, without asking.

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::checkout::root;
use crate::npm;
use crate::process::{self, Running};

const START_TIMEOUT: Duration = Duration::from_secs(30);

/// What this service is called there, and how it proves that it is.
pub const CLIENT: (&str, &str) = ("redress", "a-secret-that-only-tests-know");

/// Tests start several at the same time.
static INSTALLING: Mutex<()> = Mutex::new(());

/// A provider that answers. Dropping it ends it.
#[derive(Debug)]
pub struct IdentityProvider {
    _server: Running,
    port: u16,
}

impl IdentityProvider {
    /// Starts one that sends browsers back to this address.
    pub fn start(redirect_uri: &str) -> Result<IdentityProvider> {
        let folder = root().join("tests/idp");
        {
            let _one_at_a_time = INSTALLING.lock();
            npm::install_in(&folder, "Installing npm packages (oidc-provider)")?;
        }
        let port = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?.local_addr()?.port();
        let (id, secret) = CLIENT;
        let mut command = Command::new(npm::bin("node"));
        command
            .arg(folder.join("idp.mjs"))
            .args([&port.to_string(), redirect_uri, id, secret])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut server = process::spawn(&mut command)?;
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if server.ended()?.is_some() || begun.elapsed() > START_TIMEOUT {
                bail!("the identity provider did not start");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(IdentityProvider { _server: server, port })
    }

    /// What it calls itself, and where it is.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
