//! `ClamAV`'s daemon, for tests: from Debian's packages, with signatures of their own.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{self, Running};
use crate::toolchain::install_packages;

/// Where Debian puts it.
const CLAMD: &str = "/usr/sbin/clamd";
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The test string of EICAR that every scanner knows, by the name that ours has for it (`ClamAV`'s format `.ndb`: name, any file, any
/// place, hexadecimal).
pub const EICAR: &str = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
/// What the scanner calls it.
pub const EICAR_NAME: &str = "Redress.Test.Eicar";

/// Whether it is there.
pub fn is_installed() -> bool {
    Path::new(CLAMD).exists()
}

/// Installs it where it is missing, on Debian.
pub fn install() -> Result<()> {
    if is_installed() {
        return Ok(());
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("clamd is missing, and this machine has no apt-get");
    }
    install_packages(&["clamav-daemon"])
}

/// A scanner that answers. Dropping it stops it.
#[derive(Debug)]
pub struct Scanner {
    daemon: Option<Running>,
    folder: PathBuf,
    port: u16,
}

impl Scanner {
    /// Starts one that knows EICAR's test string and nothing else.
    pub fn start() -> Result<Scanner> {
        let port = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("redress-clamd-{}-{port}", std::process::id()));
        let signatures = folder.join("signatures");
        std::fs::create_dir_all(&signatures).with_context(|| format!("creating {}", signatures.display()))?;
        let hex: String = EICAR.bytes().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(signatures.join("test.ndb"), format!("{EICAR_NAME}:0:*:{hex}\n"))?;
        let config = folder.join("clamd.conf");
        let settings = [
            "Foreground yes".to_owned(),
            format!("DatabaseDirectory {}", signatures.display()),
            format!("LogFile {}", folder.join("clamd.log").display()),
            format!("TCPSocket {port}"),
            "TCPAddr 127.0.0.1".to_owned(),
            "StreamMaxLength 1100M".to_owned(),
            "MaxFileSize 1100M".to_owned(),
            "MaxScanSize 1100M".to_owned(),
        ];
        std::fs::write(&config, settings.join("\n") + "\n")?;
        let mut command = Command::new(CLAMD);
        command.arg(format!("--config-file={}", config.display()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let daemon = process::spawn(&mut command)?;
        let scanner = Scanner { daemon: Some(daemon), folder, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if begun.elapsed() > START_TIMEOUT {
                bail!("clamd does not answer: see {}", scanner.folder.join("clamd.log").display());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(scanner)
    }

    /// Where it listens, as `CLAMAV` wants it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
