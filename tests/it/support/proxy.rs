//! A proxy before the database server that breaks a connection on purpose, at its commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to the next COMMIT that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// It passes.
    None = 0,
    /// It never reaches the server; the connection breaks.
    CommitLost = 1,
    /// The server commits, its answer is lost with the connection.
    AnswerLost = 2,
    /// As `AnswerLost`, and no new connection is let through until the fault is lifted.
    AnswerLostAndAway = 3,
    /// No connection is let through.
    Away = 4,
}

impl Fault {
    fn of(number: u8) -> Self {
        match number {
            1 => Self::CommitLost,
            2 => Self::AnswerLost,
            3 => Self::AnswerLostAndAway,
            4 => Self::Away,
            _ => Self::None,
        }
    }
}

/// The proxy; it lives as long as the test's runtime.
pub struct Proxy {
    pub port: u16,
    fault: Arc<AtomicU8>,
}

impl Proxy {
    /// Listens before the server at `port`.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fault = Arc::new(AtomicU8::new(0));
        let proxy = Self { port: listener.local_addr().unwrap().port(), fault: Arc::clone(&fault) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if Fault::of(fault.load(Ordering::SeqCst)) == Fault::Away {
                    continue;
                }
                let server = TcpStream::connect(("localhost", port)).await.unwrap();
                tokio::spawn(carry(client, server, Arc::clone(&fault)));
            }
        });
        proxy
    }

    /// Sets what happens to the next COMMIT.
    pub fn set(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }
}

async fn carry(client: TcpStream, server: TcpStream, fault: Arc<AtomicU8>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    });
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
        let message = &buffer[..read];
        let commits = message.windows(8).any(|window| window == b"; COMMIT");
        let fault = if commits { take(&fault) } else { Fault::None };
        if fault != Fault::None {
            back.abort();
        }
        if fault != Fault::CommitLost && to_server.write_all(message).await.is_err() {
            break;
        }
        if fault != Fault::None {
            // Time for the server to commit before it sees its client gone.
            tokio::time::sleep(Duration::from_millis(100)).await;
            break;
        }
    }
    back.abort();
}

/// Takes the fault that waits for a commit, if one does.
fn take(fault: &AtomicU8) -> Fault {
    let found = Fault::of(fault.load(Ordering::SeqCst));
    let left = if found == Fault::AnswerLostAndAway { Fault::Away } else { Fault::None };
    if found != Fault::Away {
        fault.store(left as u8, Ordering::SeqCst);
    }
    found
}
