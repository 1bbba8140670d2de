//! Attribute values: the ten types an attribute can have, their sizes and limits, and how items are stored.

mod attribute;
pub(crate) mod codec;
mod number;
mod order_key;
mod view;

pub use attribute::{AttributeValue, Item, MAX_DEPTH, ValueError, item_size_bytes};
pub(crate) use attribute::{MAX_ATTRIBUTE_NAME_BYTES, MAX_ITEM_BYTES};
pub use codec::CodecError;
pub use number::Number;
pub use view::ItemView;
