//! What every reader of foreign bytes keeps, whatever it is given: it does not panic, what it reads it
//! writes again alike, and what is not written in the one form is refused, or read as what has it.
//!
//! Each is a function that panics when its reader does not keep it. The property tests beside this file
//! call them with what looks nearly right, the fuzz targets (`fuzz/`) with what the coverage leads to.

mod evidence;
mod server;

pub use evidence::*;
pub use server::*;
