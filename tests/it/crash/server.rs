//! The real binary.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::cluster::Cluster;

/// Where a server keeps everything.
pub struct Place {
    directory: TempDir,
    postgres: Option<String>,
}

impl Place {
    pub fn embedded() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), postgres: None }
    }

    /// Journal and keys on a cluster where nothing was made yet.
    pub fn empty_on(cluster: &Cluster) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), postgres: Some(cluster.url()) }
    }

    /// Journal and keys on a cluster, migrated.
    pub fn on(cluster: &Cluster) -> Self {
        Self::at(&cluster.url())
    }

    /// Journal and keys in a database where nothing was made yet, migrated.
    pub fn at(url: &str) -> Self {
        let place =
            Self { directory: tempfile::tempdir().unwrap(), postgres: Some(url.to_owned()) };
        let migrated = place.sira().arg("migrate").status().unwrap();
        assert!(migrated.success());
        place
    }

    /// The journal's URL.
    pub fn url(&self) -> String {
        let embedded = || format!("sqlite:{}", self.directory.path().join("journal.db").display());
        self.postgres.clone().unwrap_or_else(embedded)
    }

    /// The folder of everything embedded.
    pub fn folder(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// A token that the command line issues.
    pub fn token(&self, role: &str) -> String {
        self.token_of(role, role)
    }

    /// A token of somebody who holds a role.
    pub fn token_of(&self, actor: &str, role: &str) -> String {
        let issued = self
            .sira()
            .args(["token", "issue", "--actor", actor, "--role", role, "--all"])
            .output();
        let issued = issued.unwrap();
        assert!(issued.status.success(), "{issued:?}");
        String::from_utf8(issued.stdout).unwrap().trim().to_owned()
    }

    /// The binary, with everything in its place.
    pub fn sira(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sira"));
        for name in ["SIRA_CONFIG", "SIRA_LISTEN", "SIRA_MASTER_KEY", "SIRA_TOKEN_KEY", "SIRA_LOG"]
        {
            command.env_remove(name);
        }
        command
            .current_dir(self.directory.path())
            .env("SIRA_DATA_DIR", self.directory.path())
            .env("SIRA_DATABASE_URL", self.url())
            .env("SIRA_LANG", "en")
            // One address and two tokens send the whole load.
            .env("SIRA_RATE_LIMIT_TOKEN", "0")
            .env("SIRA_RATE_LIMIT_ADDRESS", "0");
        match &self.postgres {
            Some(url) => command.env("SIRA_KEYS_DATABASE_URL", url),
            None => command.env_remove("SIRA_KEYS_DATABASE_URL"),
        };
        command
    }
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Server {
    pub async fn start(place: &Place) -> Self {
        let mut command = place.sira();
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        Self::of(command.stderr(Stdio::piped()).spawn().unwrap()).await
    }

    /// The server of a process whose errors are piped.
    pub async fn of(mut child: Child) -> Self {
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (found, address) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || read_address(lines.map_while(Result::ok), found));
        let address = tokio::time::timeout(Duration::from_mins(1), address).await;
        let Ok(url) = address.expect("the server started in time") else {
            panic!("the server did not start: {}", child.wait().unwrap());
        };
        Self { child, url }
    }

    /// Fails when the server has ended of itself.
    pub fn check_that_it_lives(&mut self) {
        assert_eq!(self.child.try_wait().unwrap(), None, "the server ended of itself");
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits until it has ended.
    pub async fn ended(&mut self) -> std::process::ExitStatus {
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server did not stop");
    }

    /// SIGTERM: it ends in good order.
    pub async fn stop(mut self) {
        self.signal("-TERM");
        let status = self.ended().await;
        assert!(status.success(), "{status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Takes the address from what the server says, and reads on, so that it never waits for a reader.
fn read_address(lines: impl Iterator<Item = String>, found: tokio::sync::oneshot::Sender<String>) {
    let mut found = Some(found);
    for line in lines {
        let address = line.split("listens on ").nth(1).and_then(|rest| rest.split(' ').next());
        if let Some((address, found)) = address.and_then(|address| Some((address, found.take()?))) {
            let _ = found.send(address.to_owned());
        } else if found.is_some() || line.contains("panicked") {
            eprintln!("sira: {line}");
        }
    }
}
