/* The functions for messages (PKCS#11 3.0) and for signatures that are there first (3.2), judged by published vectors and
   by OpenSSL. Usage: messages MODULE, with the founding document's card in the first reader. */

#include "later.h"

#include <openssl/evp.h>

#define ROUNDS 200
#define LONGEST 300

static CK_MECHANISM gcm = { CKM_AES_GCM, NULL, 0 };

/* AES in GCM: McGrew and Viega, The Galois/Counter Mode of Operation (submitted to NIST), test case 4. */
static CK_BYTE known_key[] = { 0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c, 0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08 };
static const CK_BYTE known_iv[] = { 0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88 };
static CK_BYTE known_plain[] = {
    0xd9, 0x31, 0x32, 0x25, 0xf8, 0x84, 0x06, 0xe5, 0xa5, 0x59, 0x09, 0xc5, 0xaf, 0xf5, 0x26, 0x9a,
    0x86, 0xa7, 0xa9, 0x53, 0x15, 0x34, 0xf7, 0xda, 0x2e, 0x4c, 0x30, 0x3d, 0x8a, 0x31, 0x8a, 0x72,
    0x1c, 0x3c, 0x0c, 0x95, 0x95, 0x68, 0x09, 0x53, 0x2f, 0xcf, 0x0e, 0x24, 0x49, 0xa6, 0xb5, 0x25,
    0xb1, 0x6a, 0xed, 0xf5, 0xaa, 0x0d, 0xe6, 0x57, 0xba, 0x63, 0x7b, 0x39,
};
static CK_BYTE known_beside[] = {
    0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef, 0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef, 0xab, 0xad, 0xda, 0xd2,
};
static CK_BYTE known_encrypted[] = {
    0x42, 0x83, 0x1e, 0xc2, 0x21, 0x77, 0x74, 0x24, 0x4b, 0x72, 0x21, 0xb7, 0x84, 0xd0, 0xd4, 0x9c,
    0xe3, 0xaa, 0x21, 0x2f, 0x2c, 0x02, 0xa4, 0xe0, 0x35, 0xc1, 0x7e, 0x23, 0x29, 0xac, 0xa1, 0x2e,
    0x21, 0xd5, 0x14, 0xb2, 0x54, 0x66, 0x93, 0x1c, 0x7d, 0x8f, 0x6a, 0x5a, 0xac, 0x84, 0xaa, 0x05,
    0x1b, 0xa3, 0x0b, 0x39, 0x6a, 0x0a, 0xac, 0x97, 0x3d, 0x58, 0xe0, 0x91,
};
static const CK_BYTE known_tag[] = { 0x5b, 0xc9, 0x4f, 0xbc, 0x32, 0x21, 0xa5, 0xdb, 0x94, 0xfa, 0xe9, 0x5a, 0xe7, 0x12, 0x1a, 0x47 };

/* The parameters of a message, and what they point to. */
struct message {
    CK_BYTE iv[64], tag[16];
    CK_GCM_MESSAGE_PARAMS parameters;
};

static void prepare(struct message *message, CK_GENERATOR_FUNCTION generator, CK_ULONG fixed_bits)
{
    memcpy(message->iv, known_iv, sizeof known_iv);
    memset(message->tag, 0, sizeof message->tag);
    message->parameters = (CK_GCM_MESSAGE_PARAMS){ message->iv, 12, fixed_bits, generator, message->tag, 128 };
}

#define PARAMETERS(message) &(message).parameters, sizeof (message).parameters

static CK_OBJECT_HANDLE make_key(CK_SESSION_HANDLE session, CK_KEY_TYPE type, CK_BYTE *value, CK_ULONG len, CK_BBOOL use)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class, sizeof class }, { CKA_KEY_TYPE, &type, sizeof type }, { CKA_PRIVATE, &no, sizeof no },
        { CKA_VALUE, value, len },           { CKA_ENCRYPT, &use, sizeof use },    { CKA_DECRYPT, &use, sizeof use },
        { CKA_SIGN, &use, sizeof use },      { CKA_VERIFY, &use, sizeof use },
    };
    CK_OBJECT_HANDLE key = 0;
    OK(F->C_CreateObject(session, template, 8, &key));
    return key;
}

static void published_vector(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE key = make_key(session, CKK_AES, known_key, sizeof known_key, CK_TRUE);
    struct message message;
    CK_BYTE output[sizeof known_plain];
    CK_ULONG len = sizeof output, part = 0;
    prepare(&message, CKG_NO_GENERATE, 0);
    OK(M_EncryptInit(session, &gcm, key));
    OK(M_DecryptInit(session, &gcm, key));
    for (int round = 0; round < 2; round++) {
        OK(M_Encrypt(session, PARAMETERS(message), known_beside, 20, known_plain, sizeof known_plain, output, &len));
        TRUE_THAT(len == sizeof output && !memcmp(output, known_encrypted, len));
        TRUE_THAT(!memcmp(message.tag, known_tag, 16) && !memcmp(message.iv, known_iv, 12));
        memset(output, 0, len);
        OK(M_Decrypt(session, PARAMETERS(message), known_beside, 20, known_encrypted, len, output, &len));
        TRUE_THAT(len == sizeof output && !memcmp(output, known_plain, len));
    }
    /* A shorter tag is the beginning of the whole one. */
    prepare(&message, CKG_NO_GENERATE, 0);
    message.parameters.ulTagBits = 96;
    OK(M_Encrypt(session, PARAMETERS(message), known_beside, 20, known_plain, sizeof known_plain, output, &len));
    TRUE_THAT(!memcmp(message.tag, known_tag, 12) && !message.tag[12] && !message.tag[15]);
    /* In parts. */
    prepare(&message, CKG_NO_GENERATE, 0);
    OK(M_EncryptBegin(session, PARAMETERS(message), known_beside, 20));
    for (CK_ULONG at = 0; at < 50; at += 25) {
        len = sizeof output - part;
        OK(M_EncryptNext(session, PARAMETERS(message), known_plain + at, 25, output + part, &len, 0));
        part += len;
    }
    len = sizeof output - part;
    OK(M_EncryptNext(session, PARAMETERS(message), known_plain + 50, 10, output + part, &len, CKF_END_OF_MESSAGE));
    TRUE_THAT(part + len == sizeof output && !memcmp(output, known_encrypted, sizeof output));
    TRUE_THAT(!memcmp(message.tag, known_tag, 16));
    OK(M_DecryptBegin(session, PARAMETERS(message), known_beside, 20));
    len = sizeof output;
    OK(M_DecryptNext(session, PARAMETERS(message), known_encrypted, 33, output, &len, 0));
    TRUE_THAT(len == 0);
    len = sizeof output;
    OK(M_DecryptNext(session, PARAMETERS(message), known_encrypted + 33, 27, output, &len, CKF_END_OF_MESSAGE));
    TRUE_THAT(len == sizeof output && !memcmp(output, known_plain, len));
    OK(M_EncryptFinal(session));
    OK(M_DecryptFinal(session));
    OK(F->C_DestroyObject(session, key));
}

/* What OpenSSL makes of the same message. */
static void by_openssl(const CK_BYTE *key, struct message *message, const CK_BYTE *beside, int beside_len,
                       const CK_BYTE *data, int len, CK_BYTE *output, CK_BYTE *tag)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int some = 0;
    TRUE_THAT(EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, NULL, NULL));
    TRUE_THAT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, (int)message->parameters.ulIvLen, NULL));
    TRUE_THAT(EVP_EncryptInit_ex(context, NULL, NULL, key, message->iv));
    TRUE_THAT(EVP_EncryptUpdate(context, NULL, &some, beside, beside_len));
    TRUE_THAT(EVP_EncryptUpdate(context, output, &some, data, len));
    TRUE_THAT(EVP_EncryptFinal_ex(context, output + some, &some));
    TRUE_THAT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag));
    EVP_CIPHER_CTX_free(context);
}

static void against_openssl(CK_SESSION_HANDLE session)
{
    static const CK_GENERATOR_FUNCTION generators[] = {
        CKG_NO_GENERATE, CKG_GENERATE, CKG_GENERATE_COUNTER, CKG_GENERATE_RANDOM, CKG_GENERATE_COUNTER_XOR,
    };
    CK_BYTE value[32], data[LONGEST], beside[LONGEST], ours[LONGEST + 1], theirs[LONGEST + 1], tag[16];
    unsigned seed = (unsigned)time(NULL), state = seed;
    int before = failures;
    for (int round = 0; round < ROUNDS; round++) {
        CK_GENERATOR_FUNCTION generator = generators[round % 5];
        CK_ULONG len = chance(&state) % LONGEST, beside_len = chance(&state) % LONGEST, done = 0, more;
        CK_OBJECT_HANDLE key;
        struct message message;
        prepare(&message, generator, generator == CKG_NO_GENERATE ? 0 : chance(&state) % 33);
        for (int i = 0; i < LONGEST; i++) {
            value[i % 32] = (CK_BYTE)chance(&state);
            data[i] = (CK_BYTE)chance(&state);
            beside[i] = (CK_BYTE)chance(&state);
        }
        /* A nonce of the caller's own can have any length. */
        if (generator == CKG_NO_GENERATE && round % 2) {
            message.parameters.ulIvLen = 1 + chance(&state) % sizeof message.iv;
            memcpy(message.iv, beside, sizeof message.iv);
        }
        key = make_key(session, CKK_AES, value, 32, CK_TRUE);
        OK(M_EncryptInit(session, &gcm, key));
        if (round & 8) {
            CK_ULONG cut = len ? chance(&state) % len : 0;
            OK(M_EncryptBegin(session, PARAMETERS(message), beside, beside_len));
            more = sizeof ours;
            OK(M_EncryptNext(session, PARAMETERS(message), data, cut, ours, &more, 0));
            done = more;
            more = sizeof ours - done;
            OK(M_EncryptNext(session, PARAMETERS(message), data + cut, len - cut, ours + done, &more, CKF_END_OF_MESSAGE));
            done += more;
        } else {
            done = sizeof ours;
            OK(M_Encrypt(session, PARAMETERS(message), beside, beside_len, data, len, ours, &done));
        }
        OK(M_EncryptFinal(session));
        by_openssl(value, &message, beside, (int)beside_len, data, (int)len, theirs, tag);
        TRUE_THAT(done == len && !memcmp(ours, theirs, len) && !memcmp(message.tag, tag, 16));
        OK(M_DecryptInit(session, &gcm, key));
        done = sizeof ours;
        OK(M_Decrypt(session, PARAMETERS(message), beside, beside_len, theirs, len, ours, &done));
        TRUE_THAT(done == len && !memcmp(ours, data, len));
        OK(M_DecryptFinal(session));
        OK(F->C_DestroyObject(session, key));
    }
    if (failures > before)
        fprintf(stderr, "seed %u\n", seed);
}

/* A damaged message shows nothing, and does not end the others. */
static void damaged(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE key = make_key(session, CKK_AES, known_key, sizeof known_key, CK_TRUE);
    struct message message;
    CK_BYTE output[64] = { 0 }, nothing[64] = { 0 };
    CK_ULONG len = 60;
    OK(M_DecryptInit(session, &gcm, key));
    prepare(&message, CKG_NO_GENERATE, 0);
    memcpy(message.tag, known_tag, 16);
    message.tag[15] ^= 1;
    IS(CKR_AEAD_DECRYPT_FAILED, M_Decrypt(session, PARAMETERS(message), known_beside, 20, known_encrypted, 60, output, &len));
    OK(M_DecryptBegin(session, PARAMETERS(message), known_beside, 20));
    len = 60;
    IS(CKR_AEAD_DECRYPT_FAILED,
       M_DecryptNext(session, PARAMETERS(message), known_encrypted, 60, output, &len, CKF_END_OF_MESSAGE));
    IS(CKR_OPERATION_NOT_INITIALIZED,
       M_DecryptNext(session, PARAMETERS(message), known_encrypted, 60, output, &len, CKF_END_OF_MESSAGE));
    message.tag[15] ^= 1;
    IS(CKR_AEAD_DECRYPT_FAILED, M_Decrypt(session, PARAMETERS(message), known_beside, 19, known_encrypted, 60, output, &len));
    TRUE_THAT(!memcmp(output, nothing, sizeof output));
    len = 60;
    OK(M_Decrypt(session, PARAMETERS(message), known_beside, 20, known_encrypted, 60, output, &len));
    OK(M_DecryptFinal(session));
    OK(F->C_DestroyObject(session, key));
}

/* I.58: asking for the length and a buffer that is too short leave everything as it is, and cost no nonce. */
static void room(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE key = make_key(session, CKK_AES, known_key, sizeof known_key, CK_TRUE);
    struct message message;
    CK_BYTE output[64];
    CK_ULONG len = 0;
    OK(M_EncryptInit(session, &gcm, key));
    prepare(&message, CKG_GENERATE_COUNTER, 64);
    OK(M_Encrypt(session, PARAMETERS(message), NULL, 0, known_plain, 33, NULL, &len));
    TRUE_THAT(len == 33);
    len = 32;
    IS(CKR_BUFFER_TOO_SMALL, M_Encrypt(session, PARAMETERS(message), NULL, 0, known_plain, 33, output, &len));
    TRUE_THAT(len == 33 && !memcmp(message.iv, known_iv, 12));
    OK(M_Encrypt(session, PARAMETERS(message), NULL, 0, known_plain, 33, output, &len));
    TRUE_THAT(!memcmp(message.iv, known_iv, 8) && !memcmp(message.iv + 8, "\0\0\0\0", 4));
    OK(M_EncryptBegin(session, PARAMETERS(message), NULL, 0));
    TRUE_THAT(!memcmp(message.iv + 8, "\0\0\0\1", 4));
    OK(M_EncryptNext(session, PARAMETERS(message), known_plain, 33, NULL, &len, CKF_END_OF_MESSAGE));
    TRUE_THAT(len == 33);
    len = 31;
    IS(CKR_BUFFER_TOO_SMALL, M_EncryptNext(session, PARAMETERS(message), known_plain, 33, output, &len, 0));
    IS(CKR_BUFFER_TOO_SMALL,
       M_EncryptNext(session, PARAMETERS(message), known_plain, 33, output, &len, CKF_END_OF_MESSAGE));
    OK(M_EncryptNext(session, PARAMETERS(message), known_plain, 33, output, &len, CKF_END_OF_MESSAGE));
    /* The count goes on with the key: another operation makes no nonce again. */
    OK(M_EncryptInit(session, NULL, 0));
    OK(M_EncryptInit(session, &gcm, key));
    OK(M_Encrypt(session, PARAMETERS(message), NULL, 0, known_plain, 33, output, &len));
    TRUE_THAT(!memcmp(message.iv + 8, "\0\0\0\2", 4));
    OK(M_EncryptFinal(session));
    OK(F->C_DestroyObject(session, key));
}

/* A new operation with the key, and one message in it. The nonce that was made stands in the parameters. */
static CK_RV one_message(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, struct message *message)
{
    CK_BYTE output[64];
    CK_ULONG len = sizeof output;
    CK_RV answer;
    OK(M_EncryptInit(session, &gcm, key));
    answer = M_Encrypt(session, PARAMETERS(*message), NULL, 0, known_plain, 33, output, &len);
    OK(M_EncryptFinal(session));
    return answer;
}

/* The nonces of a key and its copies all come about in the way of the first, whatever the operation: none is made twice. */
static void nonces(CK_SESSION_HANDLE session)
{
    static const CK_GENERATOR_FUNCTION generators[] = { CKG_GENERATE_COUNTER, CKG_GENERATE_COUNTER_XOR, CKG_GENERATE_RANDOM };
    for (int first = 0; first < 3; first++) {
        CK_OBJECT_HANDLE key = make_key(session, CKK_AES, known_key, sizeof known_key, CK_TRUE), copy = 0;
        /* Three bits that are free count to eight; chance has enough with many. */
        CK_ULONG fixed_bits = generators[first] == CKG_GENERATE_RANDOM ? 32 : 93;
        CK_BYTE made[8][12];
        struct message message, other;
        OK(F->C_CopyObject(session, key, NULL, 0, &copy));
        prepare(&message, generators[first], fixed_bits);
        for (int i = 0; i < 8; i++) {
            /* What was made last stands where the first was given. */
            OK(one_message(session, i % 2 ? copy : key, &message));
            memcpy(made[i], message.iv, 12);
            for (int before = 0; before < i; before++)
                TRUE_THAT(memcmp(made[i], made[before], 12));
            for (int second = 0; second < 3; second++) {
                prepare(&other, generators[second], second == first ? 64 : fixed_bits);
                IS(CKR_MECHANISM_PARAM_INVALID, one_message(session, copy, &other));
            }
            prepare(&other, generators[first], fixed_bits);
            other.iv[0] ^= 1;
            IS(CKR_MECHANISM_PARAM_INVALID, one_message(session, key, &other));
            prepare(&other, CKG_NO_GENERATE, 0);
            IS(CKR_MECHANISM_PARAM_INVALID, one_message(session, key, &other));
        }
        if (generators[first] == CKG_GENERATE_COUNTER_XOR)
            TRUE_THAT(!memcmp(made[0], known_iv, 12) && made[1][11] == (known_iv[11] ^ 1) && made[2][11] == (known_iv[11] ^ 2));
        /* Before one would come again it ends. */
        if (generators[first] != CKG_GENERATE_RANDOM)
            IS(CKR_MECHANISM_PARAM_INVALID, one_message(session, key, &message));
        OK(F->C_DestroyObject(session, key));
        OK(F->C_DestroyObject(session, copy));
    }
}

/* I.62, I.63, I.67: states, keys and parameters. */
static void refusals(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE key = make_key(session, CKK_AES, known_key, sizeof known_key, CK_TRUE);
    CK_OBJECT_HANDLE useless = make_key(session, CKK_AES, known_key, sizeof known_key, CK_FALSE);
    CK_MECHANISM cbc = { CKM_AES_CBC_PAD, known_plain, 16 }, odd = { CKM_AES_GCM, known_plain, 3 };
    CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
    struct message message;
    CK_BYTE output[64];
    CK_ULONG len = sizeof output;
    prepare(&message, CKG_NO_GENERATE, 0);
    IS(CKR_OPERATION_NOT_INITIALIZED, M_Encrypt(session, PARAMETERS(message), NULL, 0, known_plain, 1, output, &len));
    IS(CKR_OPERATION_NOT_INITIALIZED, M_EncryptBegin(session, PARAMETERS(message), NULL, 0));
    IS(CKR_OPERATION_NOT_INITIALIZED, M_EncryptFinal(session));
    IS(CKR_OPERATION_NOT_INITIALIZED, M_DecryptFinal(session));
    IS(CKR_ARGUMENTS_BAD, M_EncryptInit(session, NULL, key));
    IS(CKR_MECHANISM_INVALID, M_EncryptInit(session, &sha256, key));
    IS(CKR_MECHANISM_PARAM_INVALID, M_EncryptInit(session, &cbc, key));
    cbc.ulParameterLen = 0;
    IS(CKR_MECHANISM_INVALID, M_EncryptInit(session, &cbc, key));
    IS(CKR_MECHANISM_PARAM_INVALID, M_EncryptInit(session, &odd, key));
    IS(CKR_KEY_HANDLE_INVALID, M_EncryptInit(session, &gcm, 0));
    IS(CKR_KEY_FUNCTION_NOT_PERMITTED, M_EncryptInit(session, &gcm, useless));
    IS(CKR_KEY_TYPE_INCONSISTENT, M_EncryptInit(session, &gcm, find(session, CKO_PUBLIC_KEY)));
    OK(M_EncryptInit(session, &gcm, key));
    IS(CKR_OPERATION_ACTIVE, M_EncryptInit(session, &gcm, key));
    IS(CKR_OPERATION_NOT_INITIALIZED,
       M_EncryptNext(session, PARAMETERS(message), known_plain, 1, output, &len, CKF_END_OF_MESSAGE));
    IS(CKR_MECHANISM_PARAM_INVALID, M_Encrypt(session, NULL, 0, NULL, 0, known_plain, 1, output, &len));
    IS(CKR_MECHANISM_PARAM_INVALID,
       M_Encrypt(session, &message.parameters, sizeof message.parameters - 1, NULL, 0, known_plain, 1, output, &len));
    IS(CKR_ARGUMENTS_BAD, M_Encrypt(session, PARAMETERS(message), NULL, 1, known_plain, 1, output, &len));
    IS(CKR_ARGUMENTS_BAD, M_Encrypt(session, PARAMETERS(message), NULL, 0, NULL, 1, output, &len));
    IS(CKR_ARGUMENTS_BAD, M_Encrypt(session, PARAMETERS(message), NULL, 0, known_plain, 1, output, NULL));
    for (int wrong = 0; wrong < 6; wrong++) {
        CK_GCM_MESSAGE_PARAMS good = message.parameters;
        switch (wrong) {
        case 0: message.parameters.ulTagBits = 64; break;
        case 1: message.parameters.ulIvLen = 0; break;
        case 2: message.parameters.ivGenerator = 77; break;
        case 3: message.parameters.pTag = NULL; break;
        case 4: message.parameters.pIv = NULL; break;
        case 5: message.parameters.ulIvFixedBits = 96, message.parameters.ivGenerator = CKG_GENERATE; break;
        }
        IS(CKR_MECHANISM_PARAM_INVALID, M_Encrypt(session, PARAMETERS(message), NULL, 0, known_plain, 1, output, &len));
        message.parameters = good;
    }
    OK(M_EncryptBegin(session, PARAMETERS(message), NULL, 0));
    IS(CKR_OPERATION_ACTIVE, M_EncryptBegin(session, PARAMETERS(message), NULL, 0));
    IS(CKR_OPERATION_ACTIVE, M_Encrypt(session, PARAMETERS(message), NULL, 0, known_plain, 1, output, &len));
    IS(CKR_ARGUMENTS_BAD, M_EncryptNext(session, PARAMETERS(message), known_plain, 1, output, &len, 2));
    /* A tag of another length would have nowhere to go. */
    message.parameters.ulTagBits = 96;
    IS(CKR_MECHANISM_PARAM_INVALID,
       M_EncryptNext(session, PARAMETERS(message), known_plain, 1, output, &len, CKF_END_OF_MESSAGE));
    prepare(&message, CKG_NO_GENERATE, 0);
    /* An ordinary encryption goes on beside the messages. */
    IS(CKR_OPERATION_NOT_INITIALIZED, F->C_Encrypt(session, known_plain, 1, output, &len));
    OK(Cancel(session, CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT));
    IS(CKR_OPERATION_NOT_INITIALIZED, M_EncryptFinal(session));
    /* A key that is gone encrypts no more. */
    OK(M_EncryptInit(session, &gcm, key));
    OK(F->C_DestroyObject(session, key));
    IS(CKR_KEY_HANDLE_INVALID, M_Encrypt(session, PARAMETERS(message), NULL, 0, known_plain, 1, output, &len));
    OK(M_EncryptFinal(session));
    IS(CKR_SESSION_HANDLE_INVALID, M_EncryptFinal(0));
}

/* The same signature as C_Sign makes, message after message: with a key of the card, and a code with one of the session. */
static void signatures(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE verifier, CK_MECHANISM_TYPE type)
{
    CK_MECHANISM mechanism = { type, NULL, 0 };
    CK_BYTE expected[512], made[512];
    CK_ULONG expected_len = sizeof expected, len = 0;
    OK(F->C_SignInit(session, &mechanism, key));
    OK(F->C_Sign(session, known_plain, 60, expected, &expected_len));
    OK(M_SignInit(session, &mechanism, key));
    IS(CKR_OPERATION_ACTIVE, M_SignInit(session, &mechanism, key));
    OK(M_Sign(session, NULL, 0, known_plain, 60, NULL, &len));
    TRUE_THAT(len == expected_len);
    len--;
    IS(CKR_BUFFER_TOO_SMALL, M_Sign(session, NULL, 0, known_plain, 60, made, &len));
    IS(CKR_MECHANISM_PARAM_INVALID, M_Sign(session, known_plain, 1, known_plain, 60, made, &len));
    for (int round = 0; round < 2; round++) {
        len = sizeof made;
        OK(M_Sign(session, NULL, 0, known_plain, 60, made, &len));
        TRUE_THAT(len == expected_len && !memcmp(made, expected, len));
    }
    IS(CKR_OPERATION_NOT_INITIALIZED, M_SignNext(session, NULL, 0, known_plain, 7, NULL, NULL));
    OK(M_SignBegin(session, NULL, 0));
    IS(CKR_OPERATION_ACTIVE, M_Sign(session, NULL, 0, known_plain, 60, made, &len));
    OK(M_SignNext(session, NULL, 0, known_plain, 7, NULL, NULL));
    OK(M_SignNext(session, NULL, 0, known_plain + 7, 53, NULL, &len));
    memset(made, 0, sizeof made);
    len = sizeof made;
    OK(M_SignNext(session, NULL, 0, known_plain + 7, 53, made, &len));
    TRUE_THAT(len == expected_len && !memcmp(made, expected, len));
    OK(M_SignFinal(session));
    IS(CKR_OPERATION_NOT_INITIALIZED, M_SignFinal(session));

    OK(M_VerifyInit(session, &mechanism, verifier));
    OK(M_Verify(session, NULL, 0, known_plain, 60, made, len));
    IS(CKR_SIGNATURE_INVALID, M_Verify(session, NULL, 0, known_plain, 59, made, len));
    IS(CKR_SIGNATURE_LEN_RANGE, M_Verify(session, NULL, 0, known_plain, 60, made, len - 1));
    OK(M_VerifyBegin(session, NULL, 0));
    OK(M_VerifyNext(session, NULL, 0, known_plain, 30, NULL, 0));
    OK(M_VerifyNext(session, NULL, 0, known_plain + 30, 30, made, len));
    IS(CKR_OPERATION_NOT_INITIALIZED, M_VerifyNext(session, NULL, 0, known_plain, 30, NULL, 0));
    OK(M_VerifyFinal(session));
    IS(CKR_OPERATION_NOT_INITIALIZED, M_Verify(session, NULL, 0, known_plain, 60, made, len));

    /* 3.2: the signature first. It is the same operation as a verification, of the other kind. */
    OK(V_Init(session, &mechanism, verifier, made, len));
    IS(CKR_OPERATION_ACTIVE, F->C_VerifyInit(session, &mechanism, verifier));
    IS(CKR_OPERATION_NOT_INITIALIZED, F->C_Verify(session, known_plain, 60, made, len));
    OK(V_Verify(session, known_plain, 60));
    IS(CKR_OPERATION_NOT_INITIALIZED, V_Verify(session, known_plain, 60));
    OK(V_Init(session, &mechanism, verifier, made, len));
    OK(V_Update(session, known_plain, 60));
    OK(V_Final(session));
    OK(V_Init(session, &mechanism, verifier, made, len));
    OK(V_Update(session, known_plain, 59));
    IS(CKR_SIGNATURE_INVALID, V_Final(session));
    IS(CKR_OPERATION_NOT_INITIALIZED, V_Final(session));
    OK(V_Init(session, &mechanism, verifier, made, len));
    OK(V_Init(session, NULL, 0, NULL, 0));
    IS(CKR_OPERATION_NOT_INITIALIZED, V_Final(session));
    OK(F->C_VerifyInit(session, &mechanism, verifier));
    IS(CKR_OPERATION_NOT_INITIALIZED, V_Update(session, known_plain, 60));
    OK(F->C_Verify(session, known_plain, 60, made, len));
    OK(M_SignInit(session, &mechanism, key));
    OK(M_VerifyInit(session, &mechanism, verifier));
    OK(Cancel(session, CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY));
    IS(CKR_OPERATION_NOT_INITIALIZED, M_SignFinal(session));
    IS(CKR_OPERATION_NOT_INITIALIZED, M_VerifyFinal(session));
}

static CK_FLAGS mechanism_flags(CK_MECHANISM_TYPE type)
{
    CK_MECHANISM_INFO info = { 0 };
    OK(F->C_GetMechanismInfo(0, type, &info));
    return info.flags & (CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT | CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY | CKF_MULTI_MESSAGE);
}

int main(int count, char **arguments)
{
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE code;
    if (count != 2)
        return 2;
    load_later(arguments[1]);
    OK(F->C_Initialize(NULL));
    TRUE_THAT(mechanism_flags(CKM_AES_GCM) == (CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT | CKF_MULTI_MESSAGE));
    TRUE_THAT(mechanism_flags(CKM_SHA256_HMAC) == (CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY | CKF_MULTI_MESSAGE));
    TRUE_THAT(mechanism_flags(CKM_AES_CBC_PAD) == 0 && mechanism_flags(CKM_SHA256) == 0);
    session = open_session(0, CKF_RW_SESSION);
    published_vector(session);
    against_openssl(session);
    damaged(session);
    room(session);
    nonces(session);
    code = make_key(session, CKK_GENERIC_SECRET, known_key, sizeof known_key, CK_TRUE);
    signatures(session, code, code, CKM_SHA256_HMAC);
    OK(login(session, CKU_USER, PIN_1));
    refusals(session);
    signatures(session, find(session, CKO_PRIVATE_KEY), find(session, CKO_PUBLIC_KEY), CKM_SHA256_RSA_PKCS);
    OK(F->C_Finalize(NULL));
    return result();
}
