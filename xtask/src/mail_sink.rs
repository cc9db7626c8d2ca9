//! Where mail ends while people develop and tests run: `maildev` from npm, which takes what comes by SMTP, shows it on a page, and sends
//! nothing on.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::checkout::root;
use crate::npm;
use crate::process::{self, Running};

const START_TIMEOUT: Duration = Duration::from_secs(30);
/// The mails that are kept; the oldest go.
const KEPT: u32 = 1_000;

/// A sink that answers. Dropping it ends it; what it has kept stays in its folder.
#[derive(Debug)]
pub struct MailSink {
    _server: Running,
    smtp: u16,
    web: u16,
}

impl MailSink {
    /// Starts one that keeps its mails in a folder.
    pub fn start(folder: &Path) -> Result<MailSink> {
        let [smtp, web] = [free_port()?, free_port()?];
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let mut command = Command::new(npm::bin("node"));
        command
            .arg(root().join("node_modules/maildev/dist/bin/maildev.js"))
            .args(["--ip", "127.0.0.1", "--web-ip", "127.0.0.1", "--silent"])
            .args(["--smtp", &smtp.to_string(), "--web", &web.to_string(), "--max-emails", &KEPT.to_string()])
            .arg("--mail-directory")
            .arg(folder)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut server = process::spawn(&mut command)?;
        let begun = Instant::now();
        while [smtp, web].iter().any(|port| TcpStream::connect(("127.0.0.1", *port)).is_err()) {
            if server.ended()?.is_some() || begun.elapsed() > START_TIMEOUT {
                bail!("the mail sink did not start: `npm ci` brings it");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(MailSink { _server: server, smtp, web })
    }

    /// Where it takes mail, as `MAIL` wants it.
    pub fn mail(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.smtp)
    }

    /// Where it shows mail.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.web)
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("no free port")?.local_addr()?.port())
}
