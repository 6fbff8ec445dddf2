//! The numbers of elliptic curves (SEC 2, RFC 5639): the applet knows no curve by name and wants them with each new key.

use crate::codec::{Secret, hex, tlv};
use crate::crypto::Curve;

/// A curve over a prime field: y² = x³ + ax + b modulo p, with base point G of order n. Hexadecimal, as long as the field.
struct Numbers {
    p: &'static str,
    a: &'static str,
    b: &'static str,
    g: &'static str,
    n: &'static str,
}

/// The parameters as key generation wants them; with the secret scalar, as an import does.
pub fn parameters(curve: Curve, scalar: Option<&Secret>) -> Secret {
    let numbers = numbers(curve);
    let mut data = Vec::with_capacity(PARAMETERS_LEN);
    for (tag, number) in
        [(0x81, numbers.p), (0x82, numbers.a), (0x83, numbers.b), (0x84, numbers.g), (0x85, numbers.n)]
    {
        tlv::write(&mut data, tag, &hex::decode(number).unwrap_or_default());
    }
    tlv::write(&mut data, 0x87, &COFACTOR);
    if let Some(scalar) = scalar {
        tlv::write(&mut data, 0x88, scalar.expose());
    }
    Secret::new(data)
}

const COFACTOR: [u8; 2] = [0x00, 0x01];
/// Room for the numbers of the largest curve: a growing vector would leave copies of the scalar behind.
const PARAMETERS_LEN: usize = 1024;

fn numbers(curve: Curve) -> &'static Numbers {
    match curve {
        Curve::P256 => &P256,
        Curve::P384 => &P384,
        Curve::P521 => &P521,
        Curve::Secp256k1 => &SECP256K1,
        Curve::BrainpoolP256r1 => &BRAINPOOLP256R1,
        Curve::BrainpoolP384r1 => &BRAINPOOLP384R1,
    }
}

static P256: Numbers = Numbers {
    p: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    a: "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
    b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
    g: "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb\
        4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    n: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
};

static P384: Numbers = Numbers {
    p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000\
        ffffffff",
    a: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000\
        fffffffc",
    b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8ed\
        d3ec2aef",
    g: "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e\
        3872760ab73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e81\
        9d7a431d7c90ea0e5f",
    n: "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196a\
        ccc52973",
};

static P521: Numbers = Numbers {
    p: "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
        ffffffffffffffffffffffffffffffffffffffffffff",
    a: "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
        fffffffffffffffffffffffffffffffffffffffffffc",
    b: "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652\
        c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
    g: "0400c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe\
        1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66011839296a789a3bc0045c8a5fb42c7d1bd998f544\
        49579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd166\
        50",
    n: "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc\
        0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
};

static SECP256K1: Numbers = Numbers {
    p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
    a: "0000000000000000000000000000000000000000000000000000000000000000",
    b: "0000000000000000000000000000000000000000000000000000000000000007",
    g: "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fb\
        fc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
    n: "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
};

static BRAINPOOLP256R1: Numbers = Numbers {
    p: "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
    a: "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
    b: "26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6",
    g: "048bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262547ef835c3dac4fd97f846\
        1a14611dc9c27745132ded8e545c1d54c72f046997",
    n: "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7",
};

static BRAINPOOLP384R1: Numbers = Numbers {
    p: "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123acd3a729901d1a7187470013\
        3107ec53",
    a: "7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f8aa5814a503ad4eb04a8c7dd\
        22ce2826",
    b: "04a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57cb4390295dbc9943ab78696\
        fa504c11",
    g: "041d1c64f068cf45ffa2a63a81b7c13f6b8847a3e77ef14fe3db7fcafe0cbd10e8e826e03436d646aaef87b2\
        e247d4af1e8abe1d7520f9c2a45cb1eb8e95cfd55262b70b29feec5864e19c054ff99129280e464621779181\
        1142820341263c5315",
    n: "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202\
        e9046565",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::PublicKey;

    #[test]
    fn numbers_are_as_long_as_the_field_and_the_base_point_is_on_the_curve() {
        for curve in Curve::ALL {
            let numbers = numbers(curve);
            for number in [numbers.p, numbers.a, numbers.b, numbers.n] {
                assert_eq!(hex::decode(number).unwrap().len(), curve.field_len(), "{curve}");
            }
            PublicKey::from_ec_point(curve, &hex::decode(numbers.g).unwrap()).unwrap();
            assert!(parameters(curve, None).len() + 2 + curve.field_len() < PARAMETERS_LEN, "{curve}");
        }
    }
}
