//! A `PostgreSQL` cluster of the bench's own, durable as Debian configures one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sqlx::{Connection, Executor, PgConnection};

use crate::{Engine, Failure};

/// A new database of an engine: where it is, and the cluster that must outlive it.
pub async fn database(
    engine: Engine,
    directory: &Path,
) -> Result<(Option<Cluster>, String), Failure> {
    match engine {
        Engine::Postgres => {
            let cluster = Cluster::start()?;
            let url = cluster.database("sira").await?;
            Ok((Some(cluster), url))
        }
        Engine::Sqlite => Ok((None, format!("sqlite:{}", directory.join("journal.db").display()))),
    }
}

/// A running cluster; stopped and removed when dropped.
pub struct Cluster {
    directory: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

impl Cluster {
    /// Makes and starts one. As root it runs as the user `postgres`.
    pub fn start() -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let cluster = Self { directory, programs: find_programs()?, port };
        cluster.give_away()?;
        let data = cluster.data();
        cluster.run("initdb", &["-D", &data, "-U", "bench", "--auth=trust", "-E", "UTF8"])?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=200",
            cluster.directory.path().display()
        );
        let log = cluster.directory.path().join("log").display().to_string();
        cluster.run("pg_ctl", &["-D", &data, "-w", "-l", &log, "-o", &options, "start"])?;
        Ok(cluster)
    }

    fn data(&self) -> String {
        self.directory.path().join("data").display().to_string()
    }

    fn give_away(&self) -> Result<(), Failure> {
        let path = self.directory.path().as_os_str();
        let changed =
            Command::new("chown").arg("postgres").arg(path).stderr(Stdio::null()).status()?;
        // Not root: the cluster runs as this user.
        let _ = changed;
        Ok(())
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), Failure> {
        let program = self.programs.join(program);
        let is_root = std::env::var("USER").as_deref() == Ok("root")
            || std::fs::metadata("/root").is_ok_and(|_| std::fs::read_dir("/root").is_ok());
        let mut command = if is_root {
            let mut sudo = Command::new("sudo");
            sudo.args(["-u", "postgres"]).arg(&program);
            sudo
        } else {
            Command::new(&program)
        };
        let directory = self.directory.path();
        let done = command.args(arguments).current_dir(directory).stdout(Stdio::null()).status()?;
        if done.success() { Ok(()) } else { Err(format!("{} failed", program.display()).into()) }
    }

    /// A new, empty database; its URL.
    pub async fn database(&self, name: &str) -> Result<String, Failure> {
        let url = |name: &str| format!("postgres://bench@127.0.0.1:{}/{name}", self.port);
        let mut connection = PgConnection::connect(&url("postgres")).await?;
        connection.execute(format!("CREATE DATABASE {name}").as_str()).await?;
        let durable: Vec<String> = sqlx::query_scalar(
            "SELECT name || '=' || setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit') ORDER BY name",
        )
        .fetch_all(&mut connection)
        .await?;
        println!("database {name}: {}", durable.join(", "));
        Ok(url(name))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.data();
        if let Err(error) = self.run("pg_ctl", &["-D", &data, "-m", "immediate", "stop"]) {
            eprintln!("the cluster was not stopped: {error}");
        }
    }
}

fn find_programs() -> Result<PathBuf, Failure> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")?;
    let newest = versions.filter_map(Result::ok).map(|entry| entry.path().join("bin")).max();
    newest.ok_or_else(|| "PostgreSQL is not installed".into())
}
