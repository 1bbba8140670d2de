//! For `#[serde(with = …)]` on a field whose sequence is to be stored as a set.
//!
//! ```
//! use std::collections::BTreeSet;
//! use millpond_kv::{AttributeValue, typed::{self, sets}};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Film {
//!     title: String,
//!     #[serde(with = "sets::strings")]
//!     genres: BTreeSet<String>,
//! }
//!
//! let film = Film { title: "Solaris".into(), genres: ["drama".into(), "mystery".into()].into() };
//! assert!(matches!(typed::to_item(&film)?["genres"], AttributeValue::Ss(_)));
//! # Ok::<(), millpond_kv::Error>(())
//! ```

use serde::Serialize;

/// Writes the value under the name that the serializer knows as a set's.
struct Named<'a, T>(&'static str, &'a T);

impl<T: Serialize> Serialize for Named<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(self.0, self.1)
    }
}

macro_rules! set {
    ($module:ident, $name:expr, $what:literal) => {
        #[doc = concat!("A sequence of ", $what, " as a set.")]
        pub mod $module {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            #[doc = concat!("Writes a sequence of ", $what, " as a set.")]
            ///
            /// # Errors
            /// The serializer's: a member of another type, a member twice, or none at all.
            pub fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
                super::Named($name, value).serialize(serializer)
            }

            #[doc = concat!("Reads a set of ", $what, ".")]
            ///
            /// # Errors
            /// The deserializer's.
            pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
                T::deserialize(deserializer)
            }
        }
    };
}

set!(strings, crate::typed::STRING_SET, "strings");
set!(numbers, crate::typed::NUMBER_SET, "numbers");
set!(binaries, crate::typed::BINARY_SET, "byte strings");
