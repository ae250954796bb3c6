//! Faults of a database server: a proxy before it that knows its protocol, and meddles with one statement.
//!
//! What a client sends is cut into units, each of which the server answers with `ReadyForQuery`: what ends in a
//! `Sync`, a `Query`, or the end of a `COPY`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{Given, Mode};

/// What a client says before its first message: that it wants TLS, GSSAPI, or to cancel something.
const TLS: u32 = 80_877_103;
const GSSAPI: u32 = 80_877_104;

/// How long an answer of the server is waited for before a connection is cut behind it.
const ANSWERED_IN: Duration = Duration::from_secs(5);

/// Words of a statement that writes, or that commits what was written.
const WRITING: [&str; 9] =
    ["insert", "update", "delete", "copy", "create", "drop", "commit", "truncate", "vacuum"];

/// What the proxy's connections share.
struct Steering {
    armed: AtomicBool,
    mode: Mutex<(Mode, u64)>,
    counted: AtomicU64,
    given: AtomicU64,
    /// Whether nobody is let through.
    is_away: AtomicBool,
    at: Mutex<String>,
}

/// The proxy; it lives as long as the test's runtime.
pub struct WireFaults {
    pub port: u16,
    steering: Arc<Steering>,
}

impl WireFaults {
    /// Listens before the server at `port`.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let steering = Arc::new(Steering {
            armed: AtomicBool::new(false),
            mode: Mutex::new((Mode::Count, 0)),
            counted: AtomicU64::new(0),
            given: AtomicU64::new(0),
            is_away: AtomicBool::new(false),
            at: Mutex::new(String::new()),
        });
        let shared = Arc::clone(&steering);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if shared.is_away.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(("localhost", port)).await.unwrap();
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                tokio::spawn(carry(client, server, Arc::clone(&shared)));
            }
        });
        Self { port: own, steering }
    }

    pub fn arm(&self, mode: Mode, first: u64) {
        let first = if mode == Mode::Count { u64::MAX } else { first };
        *self.steering.mode.lock().unwrap() = (mode, first);
        self.steering.at.lock().unwrap().clear();
        self.steering.counted.store(0, Ordering::SeqCst);
        self.steering.given.store(0, Ordering::SeqCst);
        self.steering.armed.store(true, Ordering::SeqCst);
    }

    pub fn disarm(&self) -> Given {
        self.steering.armed.store(false, Ordering::SeqCst);
        self.steering.is_away.store(false, Ordering::SeqCst);
        self.counted()
    }

    pub fn counted(&self) -> Given {
        Given {
            counted: self.steering.counted.load(Ordering::SeqCst),
            faults: self.steering.given.load(Ordering::SeqCst),
            at: self.steering.at.lock().unwrap().clone(),
        }
    }
}

impl Steering {
    /// What happens to a unit.
    fn judge(&self, unit: &Unit) -> Option<Mode> {
        if !self.armed.load(Ordering::SeqCst) {
            return None;
        }
        let (mode, first) = *self.mode.lock().unwrap();
        let number = self.counted.fetch_add(1, Ordering::SeqCst) + 1;
        let strikes = match mode {
            Mode::Away => number >= first,
            // A server whose disk is full reads on.
            Mode::FullForLong => unit.writes && number >= first,
            _ => number == first,
        };
        if !strikes {
            return None;
        }
        if self.given.fetch_add(1, Ordering::SeqCst) == 0 {
            self.at.lock().unwrap().clone_from(&unit.says);
        }
        if mode == Mode::Away {
            self.is_away.store(true, Ordering::SeqCst);
        }
        Some(mode)
    }
}

/// What is sent up to where an answer is due.
#[derive(Default)]
struct Unit {
    bytes: Vec<u8>,
    /// Its statements, cut short.
    says: String,
    writes: bool,
    /// Whether it is the end of a `COPY`, in the midst of which no other statement may come.
    ends_copy: bool,
}

impl Unit {
    fn note(&mut self, sql: &str) {
        let small = sql.to_ascii_lowercase();
        let mut words =
            small.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        self.writes |= words.any(|word| WRITING.contains(&word));
        let short: Vec<&str> = sql.split_whitespace().take(12).collect();
        self.says = format!("{} {}", self.says, short.join(" ")).trim().chars().take(110).collect();
    }
}

/// The first text of a message, and what is behind it.
fn text(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let rest = bytes.get(end + 1..).unwrap_or_default();
    (String::from_utf8_lossy(&bytes[..end]).into_owned(), rest)
}

/// Carries one connection.
async fn carry(mut client: TcpStream, mut server: TcpStream, steering: Arc<Steering>) {
    if begin(&mut client, &mut server).await.is_none() {
        return;
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (answered, answers) = watch::channel(0);
    let muted = Arc::new(AtomicBool::new(false));
    let back = tokio::spawn(answer(from_server, to_client, answered, Arc::clone(&muted)));
    let mut connection =
        Forwards { to_server, answers, muted, sent: 0, statements: HashMap::new() };
    let _ = connection.run(from_client, &steering).await;
    // Both sides see it go.
    back.abort();
}

/// The first words of a connection: TLS is refused, the rest goes on as it is.
async fn begin(client: &mut TcpStream, server: &mut TcpStream) -> Option<()> {
    loop {
        let length = client.read_u32().await.ok()?;
        let code = client.read_u32().await.ok()?;
        if code == TLS || code == GSSAPI {
            client.write_all(b"N").await.ok()?;
            continue;
        }
        let mut rest = vec![0; (length as usize).checked_sub(8)?];
        client.read_exact(&mut rest).await.ok()?;
        server.write_u32(length).await.ok()?;
        server.write_u32(code).await.ok()?;
        return server.write_all(&rest).await.ok();
    }
}

/// Hands the server's messages on, unless they are kept back, and counts what was answered.
async fn answer(
    mut from_server: OwnedReadHalf,
    mut to_client: OwnedWriteHalf,
    answered: watch::Sender<u64>,
    muted: Arc<AtomicBool>,
) {
    while let Some((kind, message)) = message(&mut from_server).await {
        let is_muted = muted.load(Ordering::SeqCst);
        if !is_muted && to_client.write_all(&message).await.is_err() {
            return;
        }
        if kind == b'Z' {
            answered.send_modify(|count| *count += 1);
        }
    }
}

/// One typed message, whole.
async fn message(from: &mut OwnedReadHalf) -> Option<(u8, Vec<u8>)> {
    let kind = from.read_u8().await.ok()?;
    let length = from.read_u32().await.ok()?;
    let mut whole = vec![kind];
    whole.extend(length.to_be_bytes());
    let start = whole.len();
    whole.resize(start + (length as usize).checked_sub(4)?, 0);
    from.read_exact(&mut whole[start..]).await.ok()?;
    Some((kind, whole))
}

/// The way from a client to the server.
struct Forwards {
    to_server: OwnedWriteHalf,
    answers: watch::Receiver<u64>,
    muted: Arc<AtomicBool>,
    /// Units sent, each of which is answered; before them comes the answer to the connection itself.
    sent: u64,
    statements: HashMap<String, String>,
}

impl Forwards {
    async fn run(&mut self, mut from: OwnedReadHalf, steering: &Steering) -> Option<()> {
        let mut unit = Unit::default();
        loop {
            let (kind, whole) = message(&mut from).await?;
            self.look(kind, &whole[5..], &mut unit);
            unit.bytes.extend(&whole);
            match kind {
                b'S' | b'Q' | b'c' => {
                    unit.ends_copy = kind == b'c';
                    let unit = std::mem::take(&mut unit);
                    match steering.judge(&unit) {
                        None => self.send(&unit.bytes, &unit).await?,
                        Some(fault) => self.meddle(fault, &unit).await?,
                    }
                }
                // The password, rows of a COPY, the end.
                b'p' | b'd' | b'f' | b'X' | b'H' => {
                    self.to_server.write_all(&std::mem::take(&mut unit).bytes).await.ok()?;
                }
                _ => {}
            }
        }
    }

    /// Learns what a message is about.
    fn look(&mut self, kind: u8, body: &[u8], unit: &mut Unit) {
        match kind {
            b'Q' => unit.note(&text(body).0),
            b'P' => {
                let (name, rest) = text(body);
                let sql = text(rest).0;
                unit.note(&sql);
                self.statements.insert(name, sql);
            }
            b'B' => {
                let name = text(text(body).1).0;
                let sql = self.statements.get(&name).cloned().unwrap_or_default();
                unit.note(&sql);
            }
            b'c' => unit.note("COPY"),
            _ => {}
        }
    }

    /// The end of a `COPY` is answered together with its beginning.
    async fn send(&mut self, bytes: &[u8], unit: &Unit) -> Option<()> {
        self.sent += u64::from(!unit.ends_copy);
        self.to_server.write_all(bytes).await.ok()
    }

    /// Waits until everything that was sent is answered, the beginning of the connection among it.
    async fn answered(&mut self, unit: &Unit) -> Option<()> {
        if unit.ends_copy {
            return Some(());
        }
        self.all_answered().await
    }

    async fn all_answered(&mut self) -> Option<()> {
        let due = self.sent + 1;
        let waits = self.answers.wait_for(|count| *count >= due);
        tokio::time::timeout(ANSWERED_IN, waits).await.ok()?.ok().map(drop)
    }

    /// None when the connection is to go.
    async fn meddle(&mut self, fault: Mode, unit: &Unit) -> Option<()> {
        match fault {
            Mode::CutBefore | Mode::Away => None,
            Mode::CutAfter => {
                self.answered(unit).await?;
                self.muted.store(true, Ordering::SeqCst);
                self.send(&unit.bytes, unit).await?;
                let _ = self.all_answered().await;
                None
            }
            Mode::Full | Mode::FullForLong => self.refuse("53100", unit).await,
            Mode::Cancelled => self.refuse("57014", unit).await,
            other => panic!("no fault of a connection: {other:?}"),
        }
    }

    /// Has the server refuse something in the place of a unit, so that a transaction is really aborted.
    async fn refuse(&mut self, code: &str, unit: &Unit) -> Option<()> {
        self.answered(unit).await?;
        let (kind, sql) = if unit.ends_copy {
            (b'f', code.to_owned())
        } else {
            let raise =
                format!("DO $$ BEGIN RAISE EXCEPTION 'fault' USING ERRCODE='{code}'; END $$");
            (b'Q', raise)
        };
        let mut bytes = vec![kind];
        bytes.extend(u32::try_from(sql.len() + 5).unwrap().to_be_bytes());
        bytes.extend(sql.as_bytes());
        bytes.push(0);
        self.send(&bytes, unit).await
    }
}
