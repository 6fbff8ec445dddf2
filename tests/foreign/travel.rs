//! SoftHSM: keys derived, wrapped and unwrapped through `--module`, with OpenSSL on the other side.

use crate::bench::Bench;

const PIN: [&str; 2] = ["--pin", "env:PIN"];

fn with_pin<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &PIN].concat()
}

fn read(bench: &Bench, name: &str) -> Vec<u8> {
    std::fs::read(bench.path(name)).unwrap()
}

/// An AES key `transport` whose value is 32 times 5C, brought in by openssl under the token's RSA key.
fn bench() -> Bench {
    let bench = Bench::with_token();
    bench.ok(&with_pin(&["key", "generate", "--type", "rsa:2048", "--label", "rsa", "-o", "rsa.pem"]));
    bench.write("transport.key", [0x5C; 32]);
    let encrypt = ["pkeyutl", "-encrypt", "-pubin", "-inkey", "rsa.pem", "-in", "transport.key", "-out", "t"];
    bench.tool("openssl", &encrypt);
    let unwrap = ["key", "unwrap", "t", "--key", "rsa", "--mechanism", "RSA-PKCS", "--label", "transport"];
    bench.ok(&with_pin(&[&unwrap[..], &["--extractable"]].concat()));
    bench
}

fn openssl_unwraps(bench: &Bench, cipher: &str, expected: &[u8]) {
    let (key, iv) = ("5c".repeat(32), if cipher.ends_with("-pad") { "A65959A6" } else { "A6A6A6A6A6A6A6A6" });
    bench.tool("openssl", &["enc", "-d", cipher, "-K", &key, "-iv", iv, "-in", "wrapped", "-out", "theirs"]);
    assert_eq!(read(bench, "theirs"), expected, "{cipher}");
}

#[test]
fn shared_secret_is_that_of_openssl() {
    let bench = Bench::with_token();
    bench.ok(&with_pin(&["key", "generate", "--type", "ec:p256", "--label", "ec", "-o", "ours.pem"]));
    let curve = "ec_paramgen_curve:P-256";
    bench.tool("openssl", &["genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", "ben.key"]);
    bench.tool("openssl", &["pkey", "-in", "ben.key", "-pubout", "-out", "ben.pem"]);
    let agree = ["pkeyutl", "-derive", "-inkey", "ben.key", "-peerkey", "ours.pem", "-out", "theirs"];
    bench.tool("openssl", &agree);
    bench.ok(&with_pin(&["key", "derive", "--key", "ec", "--peer", "ben.pem", "-o", "ours"]));
    assert_eq!(read(&bench, "ours"), read(&bench, "theirs"));
    let derive = ["key", "derive", "--key", "ec", "--peer", "ben.pem", "--kdf", "hkdf-sha256"];
    bench.ok(&with_pin(&[&derive[..], &["--label", "with Ben"]].concat()));
    let found = bench.json(&with_pin(&["find", "with Ben", "--login", "--token", "HSM"]));
    assert_eq!(found["objects"][0]["algorithm"], "aes:256", "{found}");
    assert_eq!(found["objects"].as_array().unwrap().len(), 1, "the secret itself left nothing behind");
}

#[test]
fn keys_are_wrapped_by_the_module_and_openssl_unwraps_them() {
    let bench = bench();
    bench.write("session.key", [7; 32]);
    let wrap = ["key", "wrap", "session.key", "--key", "transport", "-o", "wrapped"];
    bench.ok(&with_pin(&wrap));
    openssl_unwraps(&bench, "-id-aes256-wrap", &[7; 32]);
    // Of the token itself: one that may leave it, and one that stays.
    let wrap = ["key", "wrap", "pkcs11:object=transport", "--key", "transport", "-o", "wrapped"];
    bench.ok(&with_pin(&wrap));
    openssl_unwraps(&bench, "-id-aes256-wrap", &[0x5C; 32]);
    bench.ok(&with_pin(&["key", "generate", "--type", "aes:256", "--label", "stays"]));
    let wrap = ["-v", "key", "wrap", "stays", "--key", "transport", "-o", "wrapped"];
    bench.run(&with_pin(&wrap)).expect(1).says("CKR_KEY_UNEXTRACTABLE");
    // Under a public key of the token.
    bench.ok(&with_pin(&["key", "wrap", "transport", "--key", "rsa", "--mechanism", "RSA-PKCS", "-o", "w"]));
    bench.ok(&with_pin(&[
        "key",
        "unwrap",
        "w",
        "--key",
        "rsa",
        "--mechanism",
        "RSA-PKCS",
        "--label",
        "again",
    ]));
    bench.ok(&with_pin(&["key", "wrap", "session.key", "--key", "again", "-o", "wrapped"]));
    openssl_unwraps(&bench, "-id-aes256-wrap", &[7; 32]);
}

#[test]
fn private_key_travels_into_the_module_and_signs() {
    let bench = bench();
    bench.write("document", "what is signed\n");
    let curve = "ec_paramgen_curve:P-256";
    bench.tool("openssl", &["genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", "ben.key"]);
    bench.tool("openssl", &["pkey", "-in", "ben.key", "-pubout", "-out", "ben.pem"]);
    bench.ok(&with_pin(&["key", "wrap", "ben.key", "--key", "transport", "-o", "wrapped"]));
    bench.ok(&with_pin(&[
        "key",
        "unwrap",
        "wrapped",
        "--key",
        "transport",
        "--type",
        "ec",
        "--label",
        "Ben",
    ]));
    bench.ok(&with_pin(&["sign", "--key", "Ben", "--format", "der", "-o", "sig", "document"]));
    bench.openssl_verifies("-sha256", "ben.pem", "sig", &[]);
    bench.write("damaged", [0; 40]);
    let damaged = bench.run(&with_pin(&["key", "unwrap", "damaged", "--key", "transport"]));
    // SoftHSM has but CKR_GENERAL_ERROR for it.
    assert!(damaged.code != 0 && damaged.stderr.contains("C_UnwrapKey"), "{}", damaged.stderr);
}

#[test]
fn file_goes_through_a_secret_key_of_the_module_as_through_openssl() {
    let bench = bench();
    let iv = "000102030405060708090a0b0c0d0e0f";
    let key = "5c".repeat(32);
    bench.write("document", vec![9; 200_001]);
    let encrypt =
        ["encrypt", "document", "--format", "raw", "--key", "pkcs11:object=transport;type=secret-key"];
    bench.ok(&with_pin(&[&encrypt[..], &["--iv", iv, "-o", "ours"]].concat()));
    let openssl = ["enc", "-aes-256-cbc", "-K", &key, "-iv", iv, "-in"];
    bench.tool("openssl", &[&openssl[..], &["document", "-out", "theirs"]].concat());
    assert!(read(&bench, "ours") == read(&bench, "theirs"));
    let decrypt = ["decrypt", "theirs", "--mechanism", "AES-CBC-PAD", "--iv", iv, "--key", "transport"];
    bench.ok(&with_pin(&[&decrypt[..], &["-o", "plain"]].concat()));
    assert!(read(&bench, "plain") == read(&bench, "document"));
}

#[test]
fn message_under_a_secret_key_of_the_module_goes_both_ways_with_openssl() {
    let bench = Bench::with_token();
    bench.write("document", "what is secret\n");
    bench.ok(&with_pin(&["key", "generate", "--type", "ec:p256", "--label", "ec", "-o", "ours.pem"]));
    // A key that both sides know: the module keeps what the file has.
    let derive = ["key", "derive", "--key", "ec", "--peer", "ours.pem", "--kdf", "hkdf-sha256"];
    bench.ok(&with_pin(&[&derive[..], &["-o", "value"]].concat()));
    bench.ok(&with_pin(&[&derive[..], &["--label", "team", "--id", "77"]].concat()));
    let key = p11ctl::codec::hex::encode(&read(&bench, "value"));
    let secret = ["-secretkey", &key, "-secretkeyid", "77", "-binary"];
    let named = "pkcs11:object=team;type=secret-key";
    bench.ok(&with_pin(&["encrypt", "document", "--key", named, "-o", "message"]));
    let open = ["cms", "-decrypt", "-inform", "DER", "-in", "message", "-out", "theirs"];
    bench.tool("openssl", &[&open[..], &secret].concat());
    assert_eq!(read(&bench, "theirs"), read(&bench, "document"));
    let seal = ["cms", "-encrypt", "-aes-256-gcm", "-outform", "DER", "-in", "document", "-out", "message"];
    bench.tool("openssl", &[&seal[..], &secret].concat());
    bench.ok(&with_pin(&["decrypt", "message", "-o", "plain"]));
    assert_eq!(read(&bench, "plain"), read(&bench, "document"));
    // SoftHSM's answer to what does not unwrap is CKR_GENERAL_ERROR: it is of that message alone.
    let mut damaged = read(&bench, "message");
    // The wrapped key: an octet string of 40 bytes.
    let wrapped = damaged.windows(2).position(|header| header == [0x04, 40]).unwrap();
    damaged[wrapped + 10] ^= 1;
    bench.write("damaged.cms", damaged);
    bench.write("good.cms", read(&bench, "message"));
    let run = bench.run(&with_pin(&["decrypt", "damaged.cms", "good.cms"]));
    assert!(run.stderr.contains("damaged.cms does not decrypt"), "{}", run.stderr);
    assert_eq!(read(&bench, "good"), read(&bench, "document"));
}
