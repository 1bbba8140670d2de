//! The service through its public interface.
