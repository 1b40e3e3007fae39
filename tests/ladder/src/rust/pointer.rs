//! A pointer in an atomic: the first call asks and puts the variant there, as the crate memchr does.
use std::sync::atomic::{AtomicPtr, Ordering};
type Work = unsafe fn(u32) -> u32;
static CHOSEN: AtomicPtr<()> = AtomicPtr::new(ask as *mut ());
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline(never)]
unsafe fn rich(x: u32) -> u32 {
    std::arch::asm!("vpaddd ymm0, ymm0, ymm1", out("ymm0") _, options(nostack));
    x + 1
}
#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "lse")]
#[inline(never)]
unsafe fn rich(x: u32) -> u32 {
    let mut cell = x;
    std::arch::asm!("ldadd {0:w}, {1:w}, [{2}]", in(reg) 1, out(reg) _, in(reg) &mut cell, options(nostack));
    cell
}
#[inline(never)]
unsafe fn plain(x: u32) -> u32 {
    x + 1
}
fn has() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("lse");
}
unsafe fn ask(x: u32) -> u32 {
    let chosen: Work = if has() { rich } else { plain };
    CHOSEN.store(chosen as *mut (), Ordering::Relaxed);
    chosen(x)
}
fn main() {
    let mut sum = 0;
    for i in 0..3 {
        let work: Work = unsafe { std::mem::transmute(CHOSEN.load(Ordering::Relaxed)) };
        sum += unsafe { work(i) };
    }
    println!("done {}", sum);
}
