//! JWS by the vectors of the standards, of every algorithm, and altered ones. Another implementation judges in tests/cli.

use super::*;
use crate::crypto::digest::digest;
use crate::crypto::{EcPrivateKey, Ed25519PrivateKey, PrivateKey, RsaPrivateKey};

const CONTENT: &[u8] = b"a document\n";

fn input(jws: &Jws, content: &[u8]) -> SigningInput {
    let mut encoder = PayloadEncoder::new(jws.header.encoded);
    let mut whole = jws.prefix();
    for part in content.chunks(5) {
        whole.extend_from_slice(&encoder.push(part));
    }
    whole.extend(encoder.finish());
    match jws.header.algorithm.digest() {
        Some(hash) => SigningInput::Digest(digest(hash, &whole)),
        None => SigningInput::Whole(whole),
    }
}

fn is_good(text: &[u8], public: &PublicKey) -> bool {
    let Ok(jws) = Jws::parse(text) else { return false };
    let content = jws.content.as_deref().unwrap_or(CONTENT).to_vec();
    jws.is_by(public, &input(&jws, &content)) == Ok(true)
}

fn sign(key: &PrivateKey, algorithm: SignatureAlgorithm, attached: bool, encoded: bool) -> String {
    let header = JwsHeader::new(algorithm, &key.public(), Vec::new(), encoded).unwrap();
    let protected = header.protected().unwrap();
    let mut message = format!("{protected}.").into_bytes();
    let mut encoder = PayloadEncoder::new(encoded);
    message.extend_from_slice(&encoder.push(CONTENT));
    message.extend(encoder.finish());
    let signature = key.sign_message(algorithm, &message).unwrap();
    Jws::compact(&protected, Some(CONTENT).filter(|_| attached), &signature)
}

#[test]
fn example_of_rfc7515_is_verified() {
    // RFC 7515, appendix A.3: ES256 over the claims of A.1.
    let key = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let key = from_jwk(&key).unwrap();
    let text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    assert!(Jws::is_likely(text.as_bytes()));
    assert!(is_good(text.as_bytes(), &key));
    let jws = Jws::parse(text.as_bytes()).unwrap();
    assert!(jws.content.unwrap().starts_with(b"{\"iss\":\"joe\""));
}

#[test]
fn thumbprint_of_rfc8037_is_the_same() {
    // RFC 8037, appendix A.3.
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let key = from_jwk(&key).unwrap();
    assert_eq!(thumbprint(&key).unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    // RFC 8037, appendix A.4 and A.5.
    let text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
                hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert!(is_good(text.as_bytes(), &key));
}

#[test]
fn every_algorithm_goes_both_ways() {
    let rsa = PrivateKey::from(RsaPrivateKey::generate(2048).unwrap());
    for (name, algorithm, curve) in ALGORITHMS {
        let key = match (algorithm, curve) {
            (_, Some(curve)) => EcPrivateKey::generate(curve).unwrap().into(),
            (SignatureAlgorithm::Ed25519, None) => {
                PrivateKey::Ed25519(Ed25519PrivateKey::generate().unwrap())
            }
            _ => rsa.clone(),
        };
        let public = key.public();
        assert_eq!(from_jwk(&to_jwk(&public).unwrap()), Ok(public.clone()), "{name}");
        for (attached, encoded) in [(true, true), (false, true), (false, false)] {
            let text = sign(&key, algorithm, attached, encoded);
            assert!(is_good(text.as_bytes(), &public), "{name}");
            assert!(is_good(format!("{text}\n").as_bytes(), &public), "{name}");
            let jws = Jws::parse(text.as_bytes()).unwrap();
            assert_eq!(jws.header.key, Some(public.clone()));
            assert_eq!(jws.is_by(&public, &input(&jws, b"another")), Ok(false), "{name}");
        }
    }
}

#[test]
fn algorithm_and_key_that_do_not_belong_together_are_never_good() {
    let p256 = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
    let k1 = PrivateKey::from(EcPrivateKey::generate(Curve::Secp256k1).unwrap());
    assert!(
        JwsHeader::new(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha384), &p256.public(), vec![], true)
            .is_err()
    );
    let text = sign(&p256, SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256), false, true);
    assert!(!is_good(text.as_bytes(), &k1.public()));
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":1}"#,
        r#"{}"#,
        r#"[]"#,
        r#"{"alg":"ES256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","crit":["b64"]}"#,
        r#"{"alg":"ES256","b64":false}"#,
        r#"{"alg":"ES256","b64":"false","crit":["b64"]}"#,
        r#"{"alg":"ES256","x5c":[]}"#,
        r#"{"alg":"ES256","x5c":["AAAA"]}"#,
        r#"{"alg":"ES256","jwk":{"kty":"oct","k":"AA"}}"#,
    ] {
        let text = format!("{}..AA", Base64UrlUnpadded::encode_string(header.as_bytes()));
        assert!(Jws::parse(text.as_bytes()).is_err(), "{header}");
    }
}

#[test]
fn altered_or_cut_at_any_byte_is_never_good() {
    let key = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
    let algorithm = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256);
    let public = key.public();
    for (attached, encoded) in [(true, true), (false, true), (false, false)] {
        let text = sign(&key, algorithm, attached, encoded).into_bytes();
        for end in 0..text.len() {
            assert!(!is_good(&text[..end], &public), "cut at {end}");
        }
        for index in 0..text.len() {
            for flip in [0x01, 0x02, 0x20, 0x80, 0xFF] {
                let mut altered = text.clone();
                altered[index] ^= flip;
                assert!(!is_good(&altered, &public), "byte {index} with {flip:#x}");
            }
        }
    }
}
