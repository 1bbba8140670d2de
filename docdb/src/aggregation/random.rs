//! Random numbers for `$sample` and `$meta: "randVal"`.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
};

/// A random number from 0 below 1.
pub(crate) fn random() -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "53 bits are exact")]
    let bits = (next() >> 11) as f64;
    bits / 9_007_199_254_740_992.0
}

/// A random number below `below`, which is not 0.
pub(super) fn random_below(below: u64) -> u64 {
    u64::try_from((u128::from(next()) * u128::from(below)) >> 64).unwrap_or(0)
}

/// SplitMix64, seeded once a thread by the randomness of the standard library's hash maps.
fn next() -> u64 {
    thread_local!(static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(0)));
    STATE.with(|state| {
        let mixed = state.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        state.set(mixed);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    })
}
