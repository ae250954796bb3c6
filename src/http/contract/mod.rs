//! The contract: what a route is, how a request is read into types and an answer written from them, which
//! problem each error is, and the OpenAPI document that all of it makes.

pub mod access;
pub mod answer;
pub mod caller;
mod components;
pub mod cursor;
pub mod document;
pub mod endpoint;
pub mod envelope;
pub mod error;
pub mod etag;
pub mod feed_cursor;
pub mod input;
mod labels;
pub mod listing;
pub mod moment;
pub mod operation;
pub mod paging;
pub mod parameter;
pub mod problem;
pub mod query;
pub mod reading;
mod schema;
pub mod shown;
mod text;
pub mod wording;
