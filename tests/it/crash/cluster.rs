//! A `PostgreSQL` cluster of the test's own, as durable as it is installed.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A cluster on a free port of the loopback; stopped when dropped.
pub struct Cluster {
    directory: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Cluster {
    /// Makes a cluster and starts it.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let programs = programs();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(directory.path()));
        }
        let cluster = Self { directory, programs, port };
        let data = cluster.data();
        cluster.run(
            "initdb",
            &["-D", text(&data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync"],
        );
        cluster.start_again();
        cluster
    }

    /// Starts the server, as soon as what a kill has left of it is gone.
    pub fn start_again(&self) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories='{}' -c fsync=on -c synchronous_commit=on",
            self.port,
            self.directory.path().display(),
        );
        let (data, log) = (self.data(), self.directory.path().join("log"));
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            let arguments = ["-D", text(&data), "-l", text(&log), "-w", "-o", &options, "start"];
            let started = self.program("pg_ctl").args(arguments).output().unwrap();
            if started.status.success() {
                return;
            }
            assert!(Instant::now() < until, "{started:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Kills the postmaster with SIGKILL.
    pub fn kill(&self) {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        run(Command::new("kill").args(["-KILL", file.lines().next().unwrap()]));
    }

    /// Everything that the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        run(self.program(program).args(arguments))
    }

    /// A program of `PostgreSQL`, which refuses to run as root.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(self.directory.path());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.data();
        let _ = self
            .program("pg_ctl")
            .args(["-D", text(&data), "-m", "immediate", "-w", "stop"])
            .output();
    }
}

/// The directory of the newest `PostgreSQL` that the system's packages have installed.
fn programs() -> PathBuf {
    let versions = Path::new("/usr/lib/postgresql").read_dir().expect("PostgreSQL is installed");
    let installed = versions.map(|entry| entry.unwrap().path().join("bin"));
    installed.filter(|path| path.join("initdb").exists()).max().expect("PostgreSQL is installed")
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}
