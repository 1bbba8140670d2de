//! The document store through its public interface.
