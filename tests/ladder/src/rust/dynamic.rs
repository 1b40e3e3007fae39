//! A trait object of the type that can run, made by one who asks.
trait Worker {
    fn work(&self, x: u32) -> u32;
}
struct Plain(u32);
struct Rich(u32);
impl Worker for Plain {
    fn work(&self, x: u32) -> u32 {
        x + self.0
    }
}
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline(never)]
unsafe fn rich(x: u32) -> u32 {
    std::arch::asm!("vpaddd ymm0, ymm0, ymm1", out("ymm0") _, options(nostack));
    x
}
#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "sve")]
#[inline(never)]
unsafe fn rich(x: u32) -> u32 {
    std::arch::asm!("add z0.s, z1.s, z2.s", out("v0") _, options(nostack));
    x
}
impl Worker for Rich {
    fn work(&self, x: u32) -> u32 {
        unsafe { rich(x) + self.0 }
    }
}
fn has() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("sve");
}
fn make() -> Box<dyn Worker> {
    if has() { Box::new(Rich(2)) } else { Box::new(Plain(2)) }
}
fn main() {
    println!("done {}", make().work(std::env::args().count() as u32));
}
