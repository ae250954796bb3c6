//! Replay for people, over HTTP and as it is typed.

mod history;
mod person;
mod retention;
mod typed;
mod watch;
