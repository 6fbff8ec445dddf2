/* A PKCS#11 module that lies, in the way that the environment variable HOSTILE names; without it, it is a small honest
   one: slot 7, one token, a key pair, PIN 1234. Written for these tests; the structures are those of PKCS#11 2.40. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long U;
typedef struct { unsigned char major, minor; } Version;
typedef struct { U type; void *value; U length; } Attribute;
typedef struct { unsigned char description[64], manufacturer[32]; U flags; Version hardware, firmware; } SlotInfo;
typedef struct {
    unsigned char label[32], manufacturer[32], model[16], serial[16];
    U flags, numbers[10];
    Version hardware, firmware;
    unsigned char time[16];
} TokenInfo;
typedef struct { U least, most, flags; } MechanismInfo;
typedef struct { U slot, state, flags, error; } SessionInfo;

enum { OK = 0, GENERAL = 5, INVALID = 0x12, TOO_SMALL = 0x150, PIN_INCORRECT = 0xA0, VENDOR = 0x80001234 };
static U calls, logged_in, handed_out;

static int is(const char *name) {
    const char *way = getenv("HOSTILE");
    return way && !strcmp(way, name);
}

static void pad(unsigned char *field, size_t size, const char *text) {
    memset(field, ' ', size);
    memcpy(field, text, strlen(text) < size ? strlen(text) : size);
}

static U initialize(void *arguments) { (void)arguments; return is("no-init") ? GENERAL : OK; }
static U finalize(void *reserved) { (void)reserved; return OK; }
static U get_info(void *info) { (void)info; return OK; }

static U slot_list(unsigned char present, U *slots, U *count) {
    (void)present;
    calls++;
    if (is("hang")) for (;;) pause();
    if (is("count-unknown")) { *count = ~0UL; return OK; }
    if (is("count-huge")) { *count = 1UL << 40; return OK; }
    if (is("count-grows")) {
        if (slots) { *count += 1; return TOO_SMALL; }
        *count = calls; return OK;
    }
    if (is("count-overfull")) { *count = slots ? 1000 : 1; return OK; }
    if (is("count-shrinks")) { *count = slots ? 0 : 3; return OK; }
    if (is("slot-twice")) { if (slots) slots[0] = slots[1] = 7; *count = 2; return OK; }
    if (is("slot-huge")) { if (slots) { slots[0] = 1UL << 40; slots[1] = 7; } *count = 2; return OK; }
    if (slots) slots[0] = 7;
    *count = 1;
    return OK;
}

static U slot_info(U slot, SlotInfo *info) {
    (void)slot;
    pad(info->description, 64, "Hostile reader");
    pad(info->manufacturer, 32, "tests");
    info->flags = 1;
    return OK;
}

static U token_info(U slot, TokenInfo *info) {
    (void)slot;
    pad(info->label, 32, is("not-utf8") ? "\xFF\xFE\x1B[2J" : "hostile");
    pad(info->manufacturer, 32, "tests");
    pad(info->model, 16, "liar");
    pad(info->serial, 16, "1");
    info->flags = 0x400 | 0x8 | 0x4;
    if (is("final-try")) info->flags |= 0x20000;
    if (is("locked")) info->flags |= 0x40000;
    if (is("pad")) info->flags |= 0x100;
    info->numbers[4] = 8;
    info->numbers[5] = 4;
    return OK;
}

static U mechanism_list(U slot, U *list, U *count) {
    (void)slot;
    if (is("mechanisms-lie")) { *count = list ? 99 : 1; return OK; }
    if (list) list[0] = 0x40;
    *count = 1;
    return OK;
}

static U mechanism_info(U slot, U type, MechanismInfo *info) {
    (void)slot;
    if (type != 0x40) return 0x70;
    info->least = 1024; info->most = 4096; info->flags = 0x800 | 0x2000;
    return OK;
}

static U open_session(U slot, U flags, void *data, void *notify, U *session) {
    (void)slot; (void)flags; (void)data; (void)notify;
    *session = is("session-zero") ? 0 : 1;
    return OK;
}

static U close_session(U session) { (void)session; return OK; }

static U login(U session, U user, const char *pin, U length) {
    (void)session; (void)user;
    if (is("vendor-error")) return VENDOR;
    if (!pin) return is("pad") ? (logged_in = 1, OK) : 0x7;
    if (length != 4 || memcmp(pin, "1234", 4)) return PIN_INCORRECT;
    logged_in = 1;
    return OK;
}

static U wanted_class;
static U find_init(U session, Attribute *attributes, U count) {
    (void)session;
    wanted_class = ~0UL; handed_out = 0;
    for (U index = 0; index < count; index++)
        if (attributes[index].type == 0) wanted_class = *(U *)attributes[index].value;
    return OK;
}

static U find(U session, U *objects, U room, U *count) {
    (void)session;
    *count = 0;
    if (wanted_class != 2 && wanted_class != 3) return OK;
    if (is("handles-repeat")) { objects[0] = 20; *count = 1; return OK; }
    if (is("handles-endless")) { for (U i = 0; i < room; i++) objects[i] = ++calls; *count = room; return OK; }
    if (is("handles-overfull")) { *count = room + 1; return OK; }
    if (handed_out++ || (wanted_class == 3 && !logged_in)) return OK;
    objects[0] = wanted_class == 2 ? 20 : 30;
    *count = 1;
    return OK;
}

static U find_final(U session) { (void)session; return OK; }

static U attribute_value(U session, U object, Attribute *attributes, U count) {
    (void)session;
    static unsigned char modulus[256];
    static const unsigned char exponent[] = { 1, 0, 1 };
    static unsigned char yes = 1;
    static U rsa = 0, class_public = 2, class_private = 3;
    U answer = OK;
    memset(modulus, 0xC3, sizeof modulus);
    calls++;
    for (U index = 0; index < count; index++) {
        Attribute *it = &attributes[index];
        const void *value; U length;
        switch (it->type) {
        case 0x000: value = object == 30 ? &class_private : &class_public; length = sizeof(U); break;
        case 0x003: value = is("not-utf8") ? "\xFFkey" : "key"; length = 4 - !is("not-utf8"); break;
        case 0x102: value = "\x01"; length = 1; break;
        case 0x100: value = &rsa; length = is("short-number") ? 3 : sizeof(U); break;
        case 0x120: value = modulus; length = sizeof modulus; break;
        case 0x122: value = exponent; length = sizeof exponent; break;
        case 0x108: value = &yes; length = 1; break;
        default: it->length = ~0UL; answer = INVALID; continue;
        }
        if (is("value-unknown")) { it->length = ~0UL; continue; }
        if (is("value-huge")) { it->length = 1UL << 45; continue; }
        if (is("value-grows")) { if (it->value) answer = TOO_SMALL; it->length = calls * 16; continue; }
        if (it->value && is("value-overfull")) { it->length += 4096; continue; }
        if (it->value && it->length < length) { it->length = ~0UL; answer = TOO_SMALL; continue; }
        if (it->value) memcpy(it->value, value, length);
        it->length = length;
    }
    return answer;
}

static U sign_init(U session, void *mechanism, U key) { (void)session; (void)mechanism; (void)key; return OK; }
static U sign_update(U session, void *part, U length) { (void)session; (void)part; (void)length; return OK; }

static U signature(unsigned char *out, U *length) {
    if (is("signature-overfull")) { *length += 100000; return OK; }
    if (is("signature-grows")) { *length += 1; return TOO_SMALL; }
    if (is("signature-unknown")) { *length = ~0UL; return TOO_SMALL; }
    if (*length < 256) { *length = 256; return TOO_SMALL; }
    memset(out, 1, 256);
    *length = 256;
    return OK;
}

static U sign(U session, void *data, U size, unsigned char *out, U *length) {
    (void)session; (void)data; (void)size;
    return signature(out, length);
}

static U sign_final(U session, unsigned char *out, U *length) { (void)session; return signature(out, length); }

typedef U (*Function)();
/* The order of the standard: C_Initialize is 0, C_WaitForSlotEvent 67. */
static struct { Version version; Function functions[68]; } list;

U C_GetFunctionList(void **out) {
    if (is("list-null")) { *out = 0; return OK; }
    if (is("list-fails")) return GENERAL;
    list.version.major = is("version-99") ? 99 : 2;
    list.version.minor = 40;
    Function *f = list.functions;
    f[0] = (Function)initialize; f[1] = (Function)finalize; f[2] = (Function)get_info;
    f[3] = (Function)C_GetFunctionList; f[4] = (Function)slot_list; f[5] = (Function)slot_info;
    f[6] = (Function)token_info; f[7] = (Function)mechanism_list; f[8] = (Function)mechanism_info;
    f[12] = (Function)open_session; f[13] = (Function)close_session; f[18] = (Function)login;
    f[24] = (Function)attribute_value;
    f[26] = (Function)find_init; f[27] = is("entry-null") ? 0 : (Function)find; f[28] = (Function)find_final;
    f[42] = (Function)sign_init; f[43] = (Function)sign; f[44] = (Function)sign_update; f[45] = (Function)sign_final;
    *out = &list;
    return OK;
}
