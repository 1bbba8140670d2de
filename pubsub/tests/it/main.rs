//! The service through its public interface.

mod filters;
