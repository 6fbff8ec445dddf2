//! `key derive`, `key wrap`, `key unwrap`: OpenSSL is the other side.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use p11ctl::codec::hex;

use crate::bench::Bench;

/// A bench with the public keys of both tokens in k1.pem (RSA) and k2.pem (P-256).
fn bench() -> Bench {
    let bench = Bench::new();
    for number in ["1", "2"] {
        let (label, file) = (format!("key {number}"), format!("k{number}.pem"));
        bench.demo(["object", "export", &label, "--class", "public-key", "-o", &file]).expect(0);
    }
    bench
}

/// The same with an AES key on the first token, whose value is in transport.key.
fn bench_with_aes() -> Bench {
    let bench = bench();
    bench.write("transport.key", TRANSPORT);
    bench.tool(
        "openssl",
        &["pkeyutl", "-encrypt", "-pubin", "-inkey", "k1.pem", "-in", "transport.key", "-out", "t.wrapped"],
    );
    unwrap(&bench, &["t.wrapped", "--key", "key 1", "--mechanism", "RSA-PKCS", "--label", "transport"]);
    bench
}

const TRANSPORT: [u8; 32] = [0x5C; 32];

fn unwrap(bench: &Bench, more: &[&str]) {
    let fixed = ["key", "unwrap", "--slot", "0", "--pin", "env:PIN1"];
    bench.demo(fixed.iter().chain(more)).expect(0);
}

fn stranger(bench: &Bench, curve: &str) {
    let curve = format!("ec_paramgen_curve:{curve}");
    bench.tool("openssl", &["genpkey", "-algorithm", "EC", "-pkeyopt", &curve, "-out", "ben.key"]);
    bench.tool("openssl", &["pkey", "-in", "ben.key", "-pubout", "-out", "ben.pem"]);
}

/// The secret that openssl comes to from the other side, in hexadecimal.
fn openssl_agrees(bench: &Bench) -> String {
    bench.tool(
        "openssl",
        &["pkeyutl", "-derive", "-inkey", "ben.key", "-peerkey", "k2.pem", "-out", "theirs.secret"],
    );
    hex::encode(&bench.read("theirs.secret"))
}

fn derive(bench: &Bench, more: &[&str]) -> crate::bench::Run {
    let fixed = ["key", "derive", "--key", "key 2", "--peer", "ben.pem", "--pin", "env:PIN2"];
    bench.demo(fixed.iter().chain(more))
}

#[test]
fn derived_secret_is_that_of_openssl_and_for_its_owner_alone() {
    let bench = bench();
    stranger(&bench, "P-256");
    let secret = openssl_agrees(&bench);
    bench.write("ours.secret", "for all to read");
    derive(&bench, &["-o", "ours.secret"])
        .expect(0)
        .says("warning: this is the shared secret itself")
        .says("wrote ours.secret: a secret, for its owner alone");
    assert_eq!(hex::encode(&bench.read("ours.secret")), secret);
    assert_eq!(fs::metadata(bench.path("ours.secret")).unwrap().permissions().mode() & 0o777, 0o600);
    // The point itself in the place of a file.
    let text = bench.tool("openssl", &["pkey", "-pubin", "-in", "ben.pem", "-outform", "DER"]).stdout;
    let point = hex::encode(&text[text.len() - 65..]);
    let by_point = ["key", "derive", "--key", "key 2", "--peer", &point, "--pin", "env:PIN2", "-o", "-"];
    assert_eq!(hex::encode(&bench.demo(by_point).expect(0).stdout), secret);
    for (name, options, kdf) in [
        ("hkdf-sha256", &["--info", "0a0b", "--salt", "010203"][..], "HKDF"),
        ("hkdf-sha512", &["--info", "0a0b", "--salt", "ff"], "HKDF"),
        ("x963-sha384", &["--info", "0102030405"], "X963KDF"),
    ] {
        let digest = format!("digest:{}", name[5..].to_uppercase());
        let key = format!("{}:{secret}", if kdf == "HKDF" { "hexkey" } else { "hexsecret" });
        let mut arguments = vec!["kdf", "-keylen", "48", "-binary", "-kdfopt", &digest, "-kdfopt", &key];
        let values: Vec<String> = options
            .chunks(2)
            .map(|pair| format!("hex{}:{}", pair[0].trim_start_matches('-'), pair[1]))
            .collect();
        values.iter().for_each(|value| arguments.extend(["-kdfopt", value]));
        arguments.push(kdf);
        let theirs = bench.tool("openssl", &arguments).stdout;
        let ours = [&["--kdf", name, "--length", "48", "-o", "key"][..], options].concat();
        let run = derive(&bench, &ours).expect(0);
        assert!(!run.stderr.contains("warning"), "{}", run.stderr);
        assert_eq!(bench.read("key"), theirs, "{name}");
    }
    let document = {
        let run = derive(&bench, &["--kdf", "hkdf-sha256", "-o", "-"]).expect(0);
        let fixed = ["--json", "key", "derive", "--key", "key 2", "--peer", "ben.pem", "--pin", "env:PIN2"];
        let document =
            bench.demo(fixed.iter().chain(&["--kdf", "hkdf-sha256", "-o", "-"])).expect(0).document();
        assert_eq!(document["secret"], hex::encode(&run.stdout));
        document
    };
    assert_eq!((&document["kdf"], &document["length"]), (&"hkdf-sha256".into(), &32.into()));
}

#[test]
fn derived_secret_goes_to_a_file_whatever_its_name_is() {
    use std::os::unix::ffi::OsStrExt;
    let bench = bench();
    stranger(&bench, "prime256v1");
    let name = std::ffi::OsStr::from_bytes(b"s\xff");
    let arguments = ["key", "derive", "--key", "key 2", "--pin", "env:PIN2", "--peer", "ben.pem", "-o"];
    bench.demo(arguments.iter().map(std::ffi::OsStr::new).chain([name])).expect(0);
    assert_eq!(std::fs::metadata(bench.path("").join(name)).unwrap().len(), 32);
}

#[test]
fn derive_what_cannot_work_is_told_before_the_pin() {
    let bench = bench();
    stranger(&bench, "P-384");
    let refuse = |more: &[&str], sentence: &str| {
        let fixed = ["key", "derive", "--key", "key 2", "--pin", "env:NO_SUCH", "--peer"];
        bench.demo(fixed.iter().chain(more)).expect(2).says(sentence);
    };
    refuse(&["ben.pem", "-o", "s"], "key \"key 2\" is ec:p256, but the other side's key is ec:p384");
    refuse(&["k1.pem", "-o", "s"], "but the other side's key is rsa:2048");
    refuse(&["04ab", "-o", "s"], "--peer is no public key");
    refuse(&["missing", "-o", "s"], "cannot read missing");
    refuse(&["ben.key", "-o", "s"], "holds no public key and no certificate");
    refuse(&["k2.pem"], "nothing says where the result goes");
    refuse(&["k2.pem", "-o", "s", "--label", "x"], "two places for one secret");
    refuse(&["k2.pem", "--label", "x"], "the shared secret itself is no key yet");
    refuse(&["k2.pem", "-o", "no/such/folder"], "cannot write");
    refuse(&["k2.pem", "-o", "s", "--kdf", "hkdf"], "there is no derivation \"hkdf\"");
    refuse(&["k2.pem", "--label", "x", "--kdf", "hkdf-sha256", "--length", "20"], "AES of");
    let rsa = ["key", "derive", "--key", "key 1", "--peer", "k2.pem", "-o", "s"];
    bench.demo(rsa).expect(1).says("key \"key 1\" may not derive");
    assert!(!bench.path("s").exists());
}

#[test]
fn derived_key_is_on_the_token_and_wraps_what_openssl_unwraps() {
    let bench = bench();
    stranger(&bench, "P-256");
    let secret = openssl_agrees(&bench);
    let key = format!("hexkey:{secret}");
    let fixed = ["kdf", "-keylen", "32", "-binary", "-kdfopt", "digest:SHA256", "-kdfopt", &key];
    let theirs = hex::encode(&bench.tool("openssl", &[&fixed[..], &["HKDF"]].concat()).stdout);
    let run = derive(&bench, &["--kdf", "hkdf-sha256", "--label", "with Ben"]).expect(0);
    run.says("derived key \"with Ben\" onto the token in slot 1");
    bench.write("session.key", [7; 16]);
    let wrap = ["key", "wrap", "session.key", "--key", "with Ben", "--pin", "env:PIN2", "-o", "wrapped"];
    bench.demo(wrap).expect(0);
    openssl_unwraps(&bench, "-id-aes256-wrap", &theirs, &[7; 16]);
}

fn openssl_unwraps(bench: &Bench, cipher: &str, key: &str, expected: &[u8]) {
    let iv = if cipher.ends_with("-pad") { "A65959A6" } else { "A6A6A6A6A6A6A6A6" };
    bench.tool("openssl", &["enc", "-d", cipher, "-K", key, "-iv", iv, "-in", "wrapped", "-out", "theirs"]);
    assert_eq!(bench.read("theirs"), expected, "{cipher}");
}

#[test]
fn card_wraps_under_its_aes_key_and_openssl_unwraps() {
    let bench = bench_with_aes();
    let key = hex::encode(&TRANSPORT);
    let wrap = |more: &[&str]| {
        let fixed = ["key", "wrap", "--key", "transport", "--pin", "env:PIN1", "-o", "wrapped"];
        bench.demo(fixed.iter().chain(more)).expect(0)
    };
    for len in [16, 24, 32] {
        bench.write("session.key", vec![len; usize::from(len)]);
        wrap(&["session.key"]);
        openssl_unwraps(&bench, "-id-aes256-wrap", &key, &vec![len; usize::from(len)]);
        wrap(&["session.key", "--mechanism", "AES-KEY-WRAP-PAD"]);
        openssl_unwraps(&bench, "-id-aes256-wrap-pad", &key, &vec![len; usize::from(len)]);
    }
    // A private key travels as PKCS#8.
    stranger(&bench, "P-256");
    wrap(&["ben.key"]);
    let iv = ["-iv", "A65959A6", "-in", "wrapped", "-out", "theirs"];
    bench.tool("openssl", &[&["enc", "-d", "-id-aes256-wrap-pad", "-K", &key][..], &iv].concat());
    bench.tool("openssl", &["pkey", "-inform", "DER", "-in", "theirs", "-pubout", "-out", "theirs.pem"]);
    assert_eq!(bench.read("theirs.pem"), bench.read("ben.pem"));
}

#[test]
fn key_that_openssl_wrapped_is_a_key_of_the_token() {
    let bench = bench_with_aes();
    let key = hex::encode(&TRANSPORT);
    // An AES key: it wraps what openssl unwraps with its value.
    bench.write("inner.key", [9; 16]);
    let enc = ["enc", "-e", "-id-aes256-wrap", "-K", &key, "-iv", "A6A6A6A6A6A6A6A6"];
    bench.tool("openssl", &[&enc[..], &["-in", "inner.key", "-out", "inner.wrapped"]].concat());
    unwrap(&bench, &["inner.wrapped", "--key", "transport", "--label", "inner"]);
    bench.write("session.key", [1; 32]);
    bench
        .demo(["key", "wrap", "session.key", "--key", "inner", "--pin", "env:PIN1", "-o", "wrapped"])
        .expect(0);
    openssl_unwraps(&bench, "-id-aes128-wrap", &hex::encode(&[9; 16]), &[1; 32]);
    // A private key: it signs what openssl verifies.
    stranger(&bench, "P-256");
    bench.tool(
        "openssl",
        &["pkcs8", "-topk8", "-nocrypt", "-in", "ben.key", "-outform", "DER", "-out", "ben.der"],
    );
    let enc = ["enc", "-e", "-id-aes256-wrap-pad", "-K", &key, "-iv", "A65959A6"];
    bench.tool("openssl", &[&enc[..], &["-in", "ben.der", "-out", "ben.wrapped"]].concat());
    let document = bench.json([
        "key",
        "unwrap",
        "ben.wrapped",
        "--key",
        "transport",
        "--type",
        "ec",
        "--label",
        "Ben",
        "--slot",
        "0",
        "--pin",
        "env:PIN1",
    ]);
    assert_eq!((&document["label"], &document["mechanism"]), (&"Ben".into(), &"CKM_AES_KEY_WRAP_PAD".into()));
    bench
        .demo(["sign", "--key", "Ben", "--pin", "env:PIN1", "--format", "der", "-o", "s", "k1.pem"])
        .expect(0);
    bench.tool("openssl", &["dgst", "-sha256", "-verify", "ben.pem", "-signature", "s", "k1.pem"]);
    // The wrong type, a damaged file, another key.
    let wrong = |more: &[&str], code: i32| {
        let fixed = ["key", "unwrap", "--slot", "0", "--pin", "env:PIN1", "--key", "transport"];
        bench.demo(fixed.iter().chain(more)).expect(code).says("see --type, --mechanism, --hash");
    };
    wrong(&["ben.wrapped", "--type", "rsa"], 2);
    let mut damaged = bench.read("inner.wrapped");
    damaged[3] ^= 1;
    bench.write("damaged", damaged);
    wrong(&["damaged"], 1);
    let found = bench.json(["find", "--login", "--slot", "0", "--pin", "env:PIN1"]);
    let secret = found["objects"].as_array().unwrap().iter().filter(|each| each["class"] == "secret-key");
    assert_eq!(secret.count(), 2, "what failed left nothing behind");
}

#[test]
fn key_wrapped_for_a_public_key_opens_with_openssl_and_on_the_card() {
    let bench = bench();
    bench.write("session.key", [3; 32]);
    bench.tool("openssl", &["genrsa", "-out", "own.key", "2048"]);
    bench.tool("openssl", &["rsa", "-in", "own.key", "-pubout", "-out", "own.pem"]);
    for (mechanism, hash, options) in [
        ("rsa-oaep", "sha256", &["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"][..]),
        ("RSA-PKCS-OAEP", "sha512", &["rsa_padding_mode:oaep", "rsa_oaep_md:sha512", "rsa_mgf1_md:sha512"]),
        ("rsa-pkcs", "", &["rsa_padding_mode:pkcs1"]),
    ] {
        let hash: &[&str] = if hash.is_empty() { &[] } else { &["--hash", hash] };
        let wrap =
            ["key", "wrap", "session.key", "--recipient", "own.pem", "--mechanism", mechanism, "-o", "w"];
        bench.run(wrap.iter().chain(hash)).expect(0);
        let mut open = vec!["pkeyutl", "-decrypt", "-inkey", "own.key", "-in", "w", "-out", "opened"];
        options.iter().for_each(|option| open.extend(["-pkeyopt", option]));
        bench.tool("openssl", &open);
        assert_eq!(bench.read("opened"), [3; 32], "{mechanism}");
        // The card's own key, for which no PIN is needed.
        let wrap = ["key", "wrap", "session.key", "--key", "key 1", "--mechanism", mechanism, "-o", "w"];
        bench.demo(wrap.iter().chain(hash)).expect(0);
        let label = format!("by {mechanism}");
        let more = [&["w", "--key", "key 1", "--mechanism", mechanism, "--label", &label][..], hash].concat();
        unwrap(&bench, &more);
        bench.write("cargo", [4; 16]);
        let wrap = ["key", "wrap", "cargo", "--key", &label, "--pin", "env:PIN1", "-o", "wrapped"];
        bench.demo(wrap).expect(0);
        openssl_unwraps(&bench, "-id-aes256-wrap", &hex::encode(&[3; 32]), &[4; 16]);
    }
    // What does not travel so.
    bench
        .run(["key", "wrap", "own.key", "--recipient", "own.pem"])
        .expect(2)
        .says("too short for a private key");
    bench.run(["key", "wrap", "session.key", "-o", "w"]).expect(2).says("no key is named");
    bench.run(["key", "wrap", "own.pem", "--recipient", "own.pem"]).expect(2).says("16, 24 or 32 bytes");
    bench
        .demo(["key", "wrap", "session.key", "--key", "key 1", "--mechanism", "AES-KEY-WRAP"])
        .expect(2)
        .says("does not wrap under this key");
    // Keys of a card stay there.
    let stays =
        ["key", "wrap", "key 2", "--key", "by rsa-oaep", "--slot", "0", "--pin", "env:PIN1", "-o", "w"];
    let run = bench.demo(stays);
    assert_ne!(run.code, 0, "{}", run.stderr);
}

#[test]
fn key_that_asks_for_the_pin_each_time_derives_and_unwraps() {
    let bench = bench();
    stranger(&bench, "P-256");
    let generate = ["key", "generate", "--slot", "0", "--pin", "env:PIN1", "--always-authenticate"];
    bench.demo(generate.iter().chain(&["--type", "ec:p256", "--label", "careful", "-o", "k2.pem"])).expect(0);
    let secret = openssl_agrees(&bench);
    let derive =
        ["key", "derive", "--key", "careful", "--peer", "ben.pem", "--pin", "env:PIN1", "-o", "ours"];
    bench.demo(derive).expect(0);
    assert_eq!(hex::encode(&bench.read("ours")), secret);
    let derive = ["key", "derive", "--key", "careful", "--peer", "ben.pem", "--pin", "env:PIN1"];
    bench.demo(derive.iter().chain(&["--kdf", "x963-sha256", "--label", "derived"])).expect(0);
    bench.demo(generate.iter().chain(&["--type", "rsa:2048", "--label", "rsa", "-o", "rsa.pem"])).expect(0);
    bench.write("session.key", [3; 32]);
    bench.run(["key", "wrap", "session.key", "--recipient", "rsa.pem", "-o", "w"]).expect(0);
    unwrap(&bench, &["w", "--key", "rsa", "--label", "opened"]);
    bench.write("cargo", [4; 16]);
    bench.demo(["key", "wrap", "cargo", "--key", "opened", "--pin", "env:PIN1", "-o", "wrapped"]).expect(0);
    openssl_unwraps(&bench, "-id-aes256-wrap", &hex::encode(&[3; 32]), &[4; 16]);
}
