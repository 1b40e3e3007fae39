//! Asked where it is used: std's detection, a cache behind an atomic.
#[cfg(target_arch = "x86_64")]
mod variant {
    use std::arch::x86_64::*;
    pub fn has() -> bool {
        is_x86_feature_detected!("avx2")
    }
    #[target_feature(enable = "avx2")]
    #[inline(never)]
    pub unsafe fn rich(numbers: &[u32; 64]) -> u32 {
        let mut sum = _mm256_setzero_si256();
        for part in numbers.chunks_exact(8) {
            sum = _mm256_add_epi32(sum, _mm256_loadu_si256(part.as_ptr() as *const __m256i));
        }
        let mut lanes = [0u32; 8];
        _mm256_storeu_si256(lanes.as_mut_ptr() as *mut __m256i, sum);
        lanes.iter().fold(0, |a, b| a.wrapping_add(*b))
    }
}
#[cfg(target_arch = "aarch64")]
mod variant {
    pub fn has() -> bool {
        std::arch::is_aarch64_feature_detected!("dotprod")
    }
    #[target_feature(enable = "dotprod")]
    #[inline(never)]
    pub unsafe fn rich(numbers: &[u32; 64]) -> u32 {
        std::arch::asm!("sdot v0.4s, v1.16b, v2.16b", out("v0") _, options(nostack));
        numbers.iter().fold(0, |a, b| a.wrapping_add(*b))
    }
}
#[inline(never)]
fn plain(numbers: &[u32; 64]) -> u32 {
    numbers.iter().fold(0, |a, b| a.wrapping_add(*b))
}
fn main() {
    let mut numbers = [0u32; 64];
    for (i, number) in numbers.iter_mut().enumerate() {
        *number = (i * std::env::args().count()) as u32;
    }
    let sum = if variant::has() { unsafe { variant::rich(&numbers) } } else { plain(&numbers) };
    println!("done {}", sum);
}
