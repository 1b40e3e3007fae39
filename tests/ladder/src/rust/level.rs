//! Work that the compiler does with what the level it builds for has.
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
#[inline(never)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 8];
    for (x, y) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for i in 0..8 {
            sums[i] = x[i].mul_add(1.0, y[i] * 0.5) + sums[i];
        }
    }
    sums.iter().sum()
}
#[inline(never)]
fn bits(numbers: &[u64]) -> u32 {
    numbers.iter().map(|x| x.count_ones() + x.leading_zeros() + (x.swap_bytes() & 7) as u32).sum()
}
fn main() {
    let count = AtomicU32::new(0);
    let a: Vec<f32> = (0..512).map(|x| x as f32).collect();
    let numbers: Vec<u64> = (0..512u64).map(|x| x * 0x123456789).collect();
    let mut words: HashMap<String, u32> = HashMap::new();
    for x in &numbers {
        count.fetch_add(1, Ordering::SeqCst);
        *words.entry(format!("{}", x % 37)).or_default() += 1;
    }
    println!("done {} {} {} {}", dot(&a, &a), bits(&numbers), words.len(), count.load(Ordering::SeqCst));
}
