//! The key store on both engines, black box, with a look at its files where files are the point.

mod destruction;
mod place;
mod store;
