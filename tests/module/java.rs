//! Java's SunPKCS11: keytool and jarsigner.

use crate::bench::{Bench, PINS, module};

#[test]
fn java_lists_the_key_and_signs_an_archive() {
    Bench::each(|bench| {
        let provider = format!("name = p11ctl\nlibrary = {}\nslot = 0\n", module());
        bench.write("provider", provider.as_bytes());
        bench.write("text", b"some text\n");
        let store = [
            ["-keystore", "NONE"],
            ["-storetype", "PKCS11"],
            ["-storepass", PINS[0]],
            ["-addprovider", "SunPKCS11"],
            ["-providerArg", "provider"],
        ]
        .concat();
        let listed = bench.expect("keytool", &[&["-list"], &store[..]].concat());
        assert!(listed.contains("certificate 1, PrivateKeyEntry"), "{listed}");
        bench.expect("jar", &["cf", "archive.jar", "text"]);
        let told = bench.expect("jarsigner", &[&store[..], &["archive.jar", "certificate 1"]].concat());
        assert!(told.contains("jar signed."), "{told}");
        let told = bench.expect("jarsigner", &["-verify", "archive.jar"]);
        assert!(told.contains("jar verified."), "{told}");
    });
}
