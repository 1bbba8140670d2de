//! What names, attributes and messages may be.
