//! Starting the servers that are measured.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use clap::ValueEnum;
use tokio::process::{Child, Command};

use crate::client::{Connection, post};
use crate::work::Target;
use crate::{Engine, Failure};

/// A server process; killed when dropped.
pub struct Server {
    /// Its port.
    pub port: u16,
    process: Child,
}

impl Server {
    /// The memory that it holds now and the most that it held, in KiB.
    pub fn memory_kib(&self) -> (u64, u64) {
        let status = format!("/proc/{}/status", self.process.id().unwrap_or_default());
        let text = std::fs::read_to_string(status).unwrap_or_default();
        (kib_of(&text, "VmRSS:"), kib_of(&text, "VmHWM:"))
    }
}

/// A number of the system's page on a process.
fn kib_of(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}

/// A free port of this machine.
pub fn free_port() -> Result<u16, Failure> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A program that was built beside this one.
pub fn beside(name: &str) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let path = own.with_file_name(name);
    if path.exists() {
        Ok(path)
    } else {
        Err(format!("build `{name}` in the same profile first").into())
    }
}

async fn start(mut command: Command, port: u16) -> Result<Server, Failure> {
    let process = command.kill_on_drop(true).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    for _ in 0..200 {
        if Connection::open(port).await.is_ok() {
            return Ok(Server { port, process });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err("the server did not start".into())
}

/// The programs of Sira on one database.
pub struct Sira {
    program: PathBuf,
    url: String,
    data: PathBuf,
}

impl Sira {
    /// Sira on a new database, its schema made.
    pub async fn on(url: &str, data: &Path) -> Result<Self, Failure> {
        let sira = Self { program: beside("sira")?, url: url.to_owned(), data: data.to_owned() };
        sira.output(&["migrate"]).await?;
        Ok(sira)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("SIRA_DATABASE_URL", &self.url)
            // One address and a few tokens send everything here.
            .env("SIRA_RATE_LIMIT_TOKEN", "0")
            .env("SIRA_RATE_LIMIT_ADDRESS", "0")
            .env("SIRA_DATA_DIR", &self.data);
        command
    }

    /// Runs a command to its end; the most memory that it held, in KiB. Its resident peak is what the
    /// system says of it shortly before it ends.
    pub async fn peak_memory_kib(&self, arguments: &[&str]) -> Result<u64, Failure> {
        let mut process = self.command(arguments).stderr(Stdio::null()).spawn()?;
        let status = format!("/proc/{}/status", process.id().unwrap_or_default());
        let mut peak = 0;
        loop {
            if let Some(done) = process.try_wait()? {
                return if done.success() { Ok(peak) } else { Err("the command failed".into()) };
            }
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            peak = peak.max(kib_of(&text, "VmHWM:"));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What a command prints.
    pub async fn output(&self, arguments: &[&str]) -> Result<String, Failure> {
        let output = self.command(arguments).output().await?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// A token.
    pub async fn token(&self, role: &str) -> Result<String, Failure> {
        self.output(&["token", "issue", "--actor", role, "--role", role, "--all"]).await
    }

    /// Starts the server.
    pub async fn serve(&self) -> Result<Server, Failure> {
        let port = free_port()?;
        start(self.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]), port).await
    }

    /// Starts a server that does not feed the read models.
    pub async fn serve_unprojected(&self) -> Result<Server, Failure> {
        self.serve_with(&["--without-projections"]).await
    }

    /// Starts a server with flags of `sira serve`.
    pub async fn serve_with(&self, flags: &[&str]) -> Result<Server, Failure> {
        let port = free_port()?;
        let address = format!("127.0.0.1:{port}");
        let arguments = [&["serve", "--listen", &address], flags].concat();
        start(self.command(&arguments), port).await
    }

    /// Signs a programme with one office, and gives where to send work.
    pub async fn target(&self, server: &Server) -> Result<Target, Failure> {
        let director = self.token("director").await?;
        let mut connection = Connection::open(server.port).await?;
        let convention = r#"{"name":"Bench","parties":[{"name":"Bench","role":"agency"}],"signed_on":"2021-07-06","term_years":30,"renewable":true}"#;
        let (status, body) =
            connection.send(&post("/v1/programmes", &director, convention)).await?;
        let body = std::str::from_utf8(body)?;
        let programme = body.split("\"id\":\"").nth(1).and_then(|rest| rest.get(..36));
        let programme = programme.ok_or_else(|| format!("{status} {body}"))?.to_owned();
        let office =
            r#"{"office":"segou","name":"Ségou","region":"segou","occurred_on":"2021-07-06"}"#;
        let path = format!("/v1/programmes/{programme}/commands/open-office");
        let (status, _) = connection.send(&post(&path, &director, office)).await?;
        if status != 200 {
            return Err("the office was not opened".into());
        }
        let (adviser, committee) = (self.token("adviser").await?, self.token("committee").await?);
        Ok(Target { port: server.port, programme, adviser, committee, sealed: None })
    }
}

/// A yardstick's server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StockKind {
    /// Stock cqrs-es as its crates ship.
    AsShipped,
    /// The same, waiting for the disk on `SQLite`.
    Durable,
    /// The same as shipped, with a `GenericQuery` view for each read model of Sira.
    WithViews,
    /// No framework: a handler that parses the body, and one connection that inserts what waits.
    Floor,
}

impl StockKind {
    /// Its word, on the command line and in the names of databases.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AsShipped => "as_shipped",
            Self::Durable => "durable",
            Self::WithViews => "with_views",
            Self::Floor => "floor",
        }
    }
}

/// Starts a yardstick on a new database.
pub async fn stock(
    engine: Engine,
    url: &str,
    kind: StockKind,
) -> Result<(Server, Target), Failure> {
    let port = free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    let engine = if engine == Engine::Postgres { "postgres" } else { "sqlite" };
    command.args(["stock-serve", "--engine", engine, "--url", url, "--port", &port.to_string()]);
    command.args(["--kind", &kind.word().replace('_', "-")]);
    let server = start(command, port).await?;
    let nil = uuid::Uuid::nil();
    let target = Target {
        port,
        programme: nil.to_string(),
        adviser: "none".to_owned(),
        committee: "none".to_owned(),
        // As long as a sealed name.
        sealed: Some(format!("sealed:v1:{}:{}", nil.simple(), "A".repeat(139))),
    };
    Ok((server, target))
}

/// Starts the bare route on the bytes of a file.
pub async fn bare(body: &Path) -> Result<Server, Failure> {
    let port = free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare-serve", "--port", &port.to_string(), "--body"]).arg(body);
    start(command, port).await
}
