//! What an operator does with the real binary: stop it, save it, restore it.

mod shutdown;
