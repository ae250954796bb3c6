//! Clients generated from the running server's document, in Python and in TypeScript: they register a
//! person, read her status, a list and a figure. `tests/run.sh` sets their generators up.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sira::grant::Scope;
use sira_domain::role::Role;

use super::app::TestApp;
use crate::support::Engine;

const TREE: &str = env!("CARGO_MANIFEST_DIR");

/// Where `tests/run.sh` has put the Python generator.
fn python() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| Path::new(TREE).join("target")).join("clients/bin")
}

async fn run(mut command: Command) -> String {
    let Output { status, stdout, stderr } =
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{stdout}\n{stderr}");
    stdout.into_owned()
}

/// A server with a programme, and the token of an adviser. The engine's folder goes when it is dropped.
async fn served() -> (Engine, TestApp, String, String) {
    let engine = Engine::sqlite();
    let app = TestApp::on(&engine).await;
    let programme = app.programme().await;
    let token = app.token_of("awa.t", Role::Adviser, Scope::All).await;
    app.caught_up().await;
    (engine, app, token, programme)
}

#[tokio::test]
async fn a_client_generated_for_python_registers_and_reads() {
    let (_engine, app, token, programme) = served().await;
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("client");
    let config = folder.path().join("config.yaml");
    std::fs::write(
        &config,
        "package_name_override: sira_client\npost_hooks: []\n\
         content_type_overrides:\n  application/openmetrics-text: text/plain\n",
    )
    .unwrap();
    let mut generate = Command::new(python().join("openapi-python-client"));
    generate.args(["generate", "--meta", "setup", "--url"]);
    generate.arg(format!("{}/openapi.json", app.url)).arg("--config").arg(&config);
    generate.arg("--output-path").arg(&made);
    let said = run(generate).await;
    // It writes no bodies of plain text; nothing else may be left out.
    let left_out: Vec<_> = said.lines().filter(|line| line.starts_with("WARNING")).collect();
    assert!(left_out.iter().all(|line| line.contains("/v1/evidence/cosignatures")), "{left_out:?}");
    let mut client = Command::new(python().join("python"));
    client.arg(Path::new(TREE).join("tests/clients/client.py")).arg(&made);
    client.args([&app.url, &token, &programme]);
    assert!(run(client).await.starts_with("ok "));
}

#[tokio::test]
async fn a_client_generated_for_typescript_registers_and_reads() {
    let (_engine, app, token, programme) = served().await;
    let folder = tempfile::tempdir().unwrap();
    let own = Path::new(TREE).join("tests/clients");
    for file in ["client.ts", "package.json", "tsconfig.json"] {
        std::fs::copy(own.join(file), folder.path().join(file)).unwrap();
    }
    std::os::unix::fs::symlink(own.join("node_modules"), folder.path().join("node_modules"))
        .unwrap();
    let tool = |name: &str| {
        let mut command = Command::new(own.join("node_modules/.bin").join(name));
        command.current_dir(folder.path());
        command
    };
    let mut generate = tool("openapi-typescript");
    generate.arg(format!("{}/openapi.json", app.url)).args(["--output", "schema.ts"]);
    run(generate).await;
    run(tool("tsc")).await;
    let mut client = Command::new("node");
    client.current_dir(folder.path()).arg("client.js").args([&app.url, &token, &programme]);
    assert!(run(client).await.starts_with("ok "));
}
