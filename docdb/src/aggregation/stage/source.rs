//! Stages that documents come from.

/// What a pipeline reads instead of its collection.
#[derive(Debug)]
pub(crate) enum Source {
    /// `$documents`.
    Documents,
    /// `$collStats` and its kin.
    Statistics(Statistics),
}

/// What is asked about a collection.
#[derive(Debug)]
pub(crate) enum Statistics {
    /// `$collStats`.
    Collection,
    /// `$indexStats`.
    Indexes,
}
