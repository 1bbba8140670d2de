use super::Error;

/// What an item begins with. A length that is `None` is told by a break at the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Head {
    Unsigned(u64),
    /// What is to be taken from -1.
    Negative(u64),
    Bytes(Option<u64>),
    Text(Option<u64>),
    List(Option<u64>),
    Map(Option<u64>),
    Tag,
    Bool(bool),
    /// Null or undefined.
    Null,
    Float(f64),
    Break,
}

impl Head {
    /// Takes a head from the front of `rest`.
    ///
    /// # Errors
    /// [`Error::Malformed`]
    pub(super) fn take(rest: &mut &[u8]) -> Result<Head, Error> {
        let [first] = take_array(rest)?;
        let (major, info) = (first >> 5, first & 31);
        let argument = match info {
            0..=23 => Some(u64::from(info)),
            24 => Some(u64::from(u8::from_be_bytes(take_array(rest)?))),
            25 => Some(u64::from(u16::from_be_bytes(take_array(rest)?))),
            26 => Some(u64::from(u32::from_be_bytes(take_array(rest)?))),
            27 => Some(u64::from_be_bytes(take_array(rest)?)),
            31 => None,
            _ => return Err(Error::Malformed("a reserved head")),
        };
        Ok(match (major, argument) {
            (0, Some(value)) => Head::Unsigned(value),
            (1, Some(value)) => Head::Negative(value),
            (2, length) => Head::Bytes(length),
            (3, length) => Head::Text(length),
            (4, length) => Head::List(length),
            (5, length) => Head::Map(length),
            (6, Some(_)) => Head::Tag,
            (7, None) => Head::Break,
            (7, Some(value)) => match (info, value) {
                (20, _) => Head::Bool(false),
                (21, _) => Head::Bool(true),
                (22 | 23, _) => Head::Null,
                (25, bits) => Head::Float(half(bits as u16)),
                (26, bits) => Head::Float(f64::from(f32::from_bits(bits as u32))),
                (27, bits) => Head::Float(f64::from_bits(bits)),
                _ => return Err(Error::Malformed("an unknown simple value")),
            },
            _ => return Err(Error::Malformed("an item without a length")),
        })
    }
}

fn take_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Error> {
    let (taken, left) = rest.split_first_chunk().ok_or(Error::Malformed("an item that ends early"))?;
    *rest = left;
    Ok(*taken)
}

/// A float of 16 bits.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 0x3ff));
    let value = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (fraction + 1024.0) * 2_f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_of_16_bits_are_those_of_the_rfc() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0x3e00, 1.5),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x0400, 6.103_515_625e-5),
            (0xc400, -4.0),
            (0x7c00, f64::INFINITY),
        ] {
            assert_eq!(half(bits), value, "{bits:x}");
        }
        assert!(half(0x7e00).is_nan());
    }
}
