//! How the module is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // Code of the module may still run when a program unloads it: a thread that waits for a card which another
        // program holds, the end of a thread that used it. So it stays where it is, and a second load finds it again.
        println!("cargo:rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
