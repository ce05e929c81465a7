//! Bytes as text for an address: compressed, with a checksum, in letters that no program changes on the way. Pure. What
//! comes back is what was packed, or nothing: a link that was cut short or changed never opens as another run.

use crc::{CRC_32_ISCSI, Crc, NoTable};
use data_encoding::BASE64URL_NOPAD;
use serde::{Serialize, de::DeserializeOwned};

const CHECKSUM: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISCSI);
const CHECKSUM_BYTES: usize = 4;

/// Packs a value; none if it has more bytes than [`unpack`] would take back.
pub fn pack(value: &impl Serialize, bytes_max: usize) -> Option<String> {
    let bytes = postcard::to_allocvec(value).expect("encoding to memory does not fail");
    if bytes.len() > bytes_max {
        return None;
    }
    let body = lz4_flex::block::compress_prepend_size(&bytes);
    let mut packed = CHECKSUM.checksum(&body).to_le_bytes().to_vec();
    packed.extend(body);
    Some(BASE64URL_NOPAD.encode(&packed))
}

/// Unpacks a value of at most so many bytes; none if the text is not exactly what was packed.
pub fn unpack<T: DeserializeOwned>(text: &str, bytes_max: usize) -> Option<T> {
    let packed = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    let (checksum, body) = packed.split_at_checked(CHECKSUM_BYTES)?;
    if CHECKSUM.checksum(body).to_le_bytes() != checksum {
        return None;
    }
    // Whoever makes a link can make a checksum too: the length is checked before anything is allocated.
    let (length, compressed) = lz4_flex::block::uncompressed_size(body).ok()?;
    if length > bytes_max {
        return None;
    }
    let bytes = lz4_flex::block::decompress(compressed, length).ok()?;
    let (value, rest) = postcard::take_from_bytes(&bytes).ok()?;
    rest.is_empty().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_repeats_take_little() {
        let value: Vec<(u64, String)> = (0..200).map(|at| (at * 1_000, "color".to_owned())).collect();
        let text = pack(&value, 10_000).expect("it is small");
        assert!(text.len() < 1_500, "{} characters", text.len());
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_eq!(unpack(&text, 10_000), Some(value));
    }

    #[test]
    fn whatever_was_changed_on_the_way_is_nothing() {
        let text = pack(&vec!["some words".to_owned(), "and others".to_owned()], 1_000).expect("it is small");
        for at in 0..text.len() {
            let cut: Option<Vec<String>> = unpack(&text[..at], 1_000);
            assert_eq!(cut, None, "cut at {at}");
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed: Option<Vec<String>> = unpack(std::str::from_utf8(&changed).unwrap(), 1_000);
            assert_eq!(changed, None, "changed at {at}");
        }
        assert_eq!(unpack::<Vec<String>>("", 1_000), None);
        assert_eq!(unpack::<Vec<String>>("not base64!", 1_000), None);
    }

    #[test]
    fn what_would_grow_beyond_all_bounds_is_refused() {
        let value = vec![7u8; 100_000];
        assert_eq!(pack(&value, 100_000), None, "with its length it has more");
        let text = pack(&value, 200_000).expect("it fits");
        assert!(text.len() < 1_000);
        assert_eq!(unpack::<Vec<u8>>(&text, 10_000), None);
        assert!(unpack::<Vec<u8>>(&text, 200_000).is_some());
    }
}
