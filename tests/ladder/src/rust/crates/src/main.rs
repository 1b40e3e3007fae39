//! Four crates that ask the processor, each in its own way.
use sha2::{Digest, Sha256};
fn main() {
    let text: Vec<u8> = (0..100_000u32).map(|x| (x * 7 % 251) as u8).collect();
    let sum = Sha256::digest(&text);
    let crc = crc32fast::hash(&text);
    let found = memchr::memchr_iter(42, &text).count() + memchr::memmem::find_iter(&text, b"\x07\x0e\x15").count();
    let words = aho_corasick::AhoCorasick::new(["\x07\x0e", "\x15\x1c", "none", "also none"]).unwrap();
    println!("done {:x} {:x} {} {}", sum, crc, found, words.find_iter(&text).count());
}
