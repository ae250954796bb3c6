//! Tokens of a real issuer (`tests/oidc/provider.mjs`): mapped, refused, rotated, out of reach.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::grant::KnownPlaces;
use sira::http::{Gate, RateLimits, TrustedProxies};
use sira::oidc::{Oidc, OidcConfig};
use sira_domain::role::Role;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::app::TestApp;
use crate::support::Engine;

const AUDIENCE: &str = "urn:sira";
const SECRET: &str = "a-secret-of-the-tests-that-opens-nothing";

/// A running issuer; it ends with its standard input.
struct Issuer {
    url: String,
    process: Child,
    orders: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
}

impl Issuer {
    async fn start() -> Self {
        let place = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oidc");
        let mut process = Command::new("node")
            .arg("provider.mjs")
            .current_dir(place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("node is installed: tests/run.sh does it");
        let orders = process.stdin.take().unwrap();
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut issuer = Self { url: String::new(), process, orders, said };
        issuer.url = issuer.hear("listening").await;
        issuer
    }

    /// Waits until it says a word, past the notices that it also writes; what follows the word.
    async fn hear(&mut self, word: &str) -> String {
        loop {
            let line = self.said.next_line().await.unwrap();
            let line = line.expect("the issuer runs: tests/run.sh installs what it needs");
            if let Some(rest) = line.strip_prefix(word) {
                return rest.trim().to_owned();
            }
        }
    }

    async fn rotate(&mut self, algorithm: &str) {
        self.orders.write_all(format!("rotate {algorithm}\n").as_bytes()).await.unwrap();
        self.hear("rotated").await;
    }

    async fn stop(&mut self) {
        self.process.kill().await.unwrap();
    }

    async fn token_for(&self, client: &str, audience: &str) -> String {
        let form = format!("grant_type=client_credentials&scope=api&resource={audience}");
        let request = reqwest::Client::new()
            .post(format!("{}/token", self.url))
            .basic_auth(client, Some(SECRET))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    async fn token(&self, client: &str) -> String {
        self.token_for(client, AUDIENCE).await
    }
}

fn config(issuer: &str) -> OidcConfig {
    let text = format!(
        r#"
        issuer = "{issuer}"
        audience = "{AUDIENCE}"
        name = "essai"
        [[grants]]
        value = "sira-adviser-segou"
        role = "adviser"
        regions = ["segou"]
        [[grants]]
        value = "sira-director"
        role = "director"
        all = true
        "#
    );
    let config: OidcConfig = toml::from_str(&text).unwrap();
    // Long enough that a flood is one fetch, short enough to wait for.
    let config = config.check().unwrap().resolve(&KnownPlaces::default()).unwrap();
    OidcConfig { refetch_every: Duration::from_millis(300), ..config }
}

async fn trusting(engine: &Engine, issuer: &str, clock: &Clock) -> TestApp {
    let oidc = Oidc::new(config(issuer), clock.clone()).unwrap();
    let proxies = TrustedProxies::default();
    let gate = Gate::new(RateLimits::default(), proxies, Some(oidc), clock.clone());
    TestApp::gated(engine, clock.clone(), gate).await
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The claims of a token, not checked.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

crate::on_both_engines! {
    async fn a_token_of_the_issuer_has_the_role_and_scope_of_its_grant(engine) {
        let issuer = Issuer::start().await;
        let app = trusting(engine, &issuer.url, &Clock::System).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let token = issuer.token("adviser-segou").await;
        let path = format!("/v1/beneficiaries/{id}");
        for _ in 0..2 {
            let status = app.get(&token, &path).await;
            status.ok(200);
            assert!(status.header("ratelimit").starts_with("\"token\";"));
        }
        app.command(&token, &id, "add-note", &json!({ "text": "Vue" })).await.ok(200);
        let history = app.get(&token, &format!("{path}/history")).await.ok(200);
        assert_eq!(history["events"][1]["by"], json!("oidc:essai/adviser-segou"), "{history}");
        // Its scope is Ségou, its role adviser.
        let director = issuer.token("director").await;
        let transfer = json!({ "office": "mopti-1", "region": "mopti", "reason": "Déménage" });
        app.hand_over(&id, &transfer).await;
        app.get(&token, &path).await.problem(404, "not-found");
        app.get(&director, &path).await.ok(200);
        app.get(&token, "/v1/tokens").await.problem(403, "forbidden");
    }

    async fn a_new_key_is_taken_without_a_restart(engine) {
        let mut issuer = Issuer::start().await;
        let app = trusting(engine, &issuer.url, &Clock::System).await;
        for algorithm in ["RS256", "ES256", "EdDSA"] {
            issuer.rotate(algorithm).await;
            tokio::time::sleep(Duration::from_millis(350)).await;
            let token = issuer.token("director").await;
            app.get(&token, "/v1/reference").await.ok(200);
        }
    }

    async fn an_issuer_that_is_down_takes_nobody_along(engine) {
        let mut issuer = Issuer::start().await;
        let warm = trusting(engine, &issuer.url, &Clock::System).await;
        let (first, second) = (issuer.token("director").await, issuer.token("adviser-segou").await);
        warm.get(&first, "/v1/reference").await.ok(200);
        issuer.stop().await;
        let cold = trusting(engine, &issuer.url, &Clock::System).await;
        // Its keys are known here: tokens that are new work too.
        warm.get(&second, "/v1/reference").await.ok(200);
        let refused = cold.get(&first, "/v1/reference").await;
        refused.problem(503, "issuer-unavailable");
        assert_eq!(refused.header("retry-after"), "10");
        for app in [&warm, &cold] {
            let own = app.token(Role::Adviser).await;
            app.get(&own, "/v1/reference").await.ok(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_issuer_did_not_mean_for_us_is_refused() {
    let (engine, issuer) = (Engine::sqlite(), Issuer::start().await);
    let clock = Clock::manual(Clock::System.now());
    let app = trusting(&engine, &issuer.url, &clock).await;
    let (good, other) = (issuer.token("director").await, Issuer::start().await);
    let parts: Vec<&str> = good.split('.').collect();
    let mut raised = claims(&good);
    raised["groups"] = json!(["sira-director", "sira-admin"]);
    let raised = encoded(&raised);
    let none = encoded(&json!({ "alg": "none", "typ": "JWT" }));
    let refused = [
        issuer.token_for("director", "urn:other").await,
        other.token("director").await,
        format!("{}.{raised}.{}", parts[0], parts[2]),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{raised}."),
        format!("{}.{}.", parts[0], parts[1]),
        signed_with_a_secret(&issuer, &good).await,
    ];
    for token in &refused {
        app.get(token, "/v1/reference").await.problem(401, "unauthenticated");
    }
    app.get(&good, "/v1/reference").await.ok(200);
    clock.set(Clock::System.now() + TimeDelta::minutes(11));
    app.get(&good, "/v1/reference").await.problem(401, "token-expired");
}

/// HS256 with the issuer's public key as the secret: the oldest trick against a lax library.
async fn signed_with_a_secret(issuer: &Issuer, good: &str) -> String {
    let keys: Value =
        reqwest::get(format!("{}/jwks", issuer.url)).await.unwrap().json().await.unwrap();
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = keys["keys"][0]["kid"].as_str().map(str::to_owned);
    let secret = keys["keys"][0]["n"].as_str().unwrap();
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&header, &claims(good), &key).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_gives_no_role_or_no_name_is_no_matter_of_logging_in_again() {
    let (engine, issuer) = (Engine::sqlite(), Issuer::start().await);
    let app = trusting(&engine, &issuer.url, &Clock::System).await;
    for client in ["no-group", "bad-subject"] {
        let token = issuer.token(client).await;
        app.get(&token, "/v1/reference").await.problem(403, "no-grant");
    }
}

#[test]
fn a_configuration_that_is_not_safe_is_refused() {
    let good = config("https://issuer.example");
    let with = |change: fn(&mut OidcConfig)| {
        let mut config = good.clone();
        change(&mut config);
        config.check().is_ok()
    };
    assert!(with(|_| ()));
    assert!(with(|config| config.issuer = "http://127.0.0.1:9".to_owned()));
    assert!(!with(|config| config.issuer = "http://issuer.example".to_owned()));
    assert!(!with(|config| config.issuer = "http://127.0.0.1.issuer.example".to_owned()));
    assert!(!with(|config| config.audience.clear()));
    assert!(!with(|config| config.grants.clear()));
    assert!(!with(|config| config.grants[0].offices = vec!["segou-1".parse().unwrap()]));
}
