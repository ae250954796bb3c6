//! A connection whose other end takes nothing is given up.
//!
//! Requests have their time limits; an answer has none, since a long one over a poor connection may
//! take its time. But whoever takes not a byte of it for long holds a connection, and maybe a stream's
//! place, for nothing.

use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_io_timeout::TimeoutStream;

/// A connection that fails with `TimedOut` when nothing could be written for so long.
pub(super) type Stalling<T> = Pin<Box<TimeoutStream<T>>>;

/// Watches a connection.
pub(super) fn stalling<T: AsyncRead + AsyncWrite>(inner: T, limit: Duration) -> Stalling<T> {
    let mut stream = TimeoutStream::new(inner);
    stream.set_write_timeout(Some(limit));
    Box::pin(stream)
}

#[cfg(test)]
mod tests {
    use std::io;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn who_takes_nothing_is_given_up_and_who_takes_slowly_is_not() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let mut ours = stalling(ours, Duration::from_secs(1));
        let writing = tokio::spawn(async move { ours.write_all(&[1; 32]).await });
        let mut taken = [0; 4];
        for _ in 0..6 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            theirs.read_exact(&mut taken).await.unwrap();
        }
        assert!(!writing.is_finished());
        let ended = writing.await.unwrap();
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
