//! What is handed on of the Lab: a link that holds a whole run, and files. First what is pure: the link and its packing,
//! the tables; then the dialog that offers them.

pub mod packed;
pub mod link;
pub mod csv;

pub mod dialog;
