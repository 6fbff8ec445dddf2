/* A reader with keys, for tests: vpcd's driver below, and on top the PIN entry of PC/SC part 10 (features 06 and 07).
 * What the holder types stands in the file that PINPAD_KEYS names, one line for each entry: digits, "cancel",
 * or "timeout". Written for p11ctl after pcsc-lite's public headers, whose structures it reads what it is told by. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <PCSC/ifdhandler.h>
#include <PCSC/reader.h>

#define VERIFY_CODE SCARD_CTL_CODE(3406)
#define MODIFY_CODE SCARD_CTL_CODE(3407)
#define BLOCK_FILLED 0x82 /* bytes, left-justified, ASCII */

static void *below(const char *name) {
    static void *library;
    if (library == NULL) {
        library = dlopen("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) {
            fprintf(stderr, "pinpad: %s\n", dlerror());
            abort();
        }
    }
    return dlsym(library, name);
}
#define BELOW(name, ...) (((RESPONSECODE(*)())below(#name))(__VA_ARGS__))

RESPONSECODE IFDHCreateChannelByName(DWORD lun, LPSTR name) { return BELOW(IFDHCreateChannelByName, lun, name); }
RESPONSECODE IFDHCreateChannel(DWORD lun, DWORD channel) { return BELOW(IFDHCreateChannel, lun, channel); }
RESPONSECODE IFDHCloseChannel(DWORD lun) { return BELOW(IFDHCloseChannel, lun); }
RESPONSECODE IFDHGetCapabilities(DWORD lun, DWORD tag, PDWORD len, PUCHAR value) {
    return BELOW(IFDHGetCapabilities, lun, tag, len, value);
}
RESPONSECODE IFDHSetCapabilities(DWORD lun, DWORD tag, DWORD len, PUCHAR value) {
    return BELOW(IFDHSetCapabilities, lun, tag, len, value);
}
RESPONSECODE IFDHSetProtocolParameters(DWORD lun, DWORD protocol, UCHAR flags, UCHAR a, UCHAR b, UCHAR c) {
    return BELOW(IFDHSetProtocolParameters, lun, protocol, flags, a, b, c);
}
RESPONSECODE IFDHPowerICC(DWORD lun, DWORD action, PUCHAR atr, PDWORD len) {
    return BELOW(IFDHPowerICC, lun, action, atr, len);
}
RESPONSECODE IFDHTransmitToICC(DWORD lun, SCARD_IO_HEADER send, PUCHAR tx, DWORD tx_len, PUCHAR rx, PDWORD rx_len,
                               PSCARD_IO_HEADER receive) {
    return BELOW(IFDHTransmitToICC, lun, send, tx, tx_len, rx, rx_len, receive);
}
RESPONSECODE IFDHICCPresence(DWORD lun) { return BELOW(IFDHICCPresence, lun); }

/* The next entry; what is left of the file stays for the one after it. */
static const char *typed(char *line, size_t room) {
    char rest[512];
    const char *path = getenv("PINPAD_KEYS");
    FILE *keys = path == NULL ? NULL : fopen(path, "r");
    if (keys == NULL || fgets(line, (int)room, keys) == NULL) {
        if (keys != NULL) fclose(keys);
        return "timeout";
    }
    size_t len = fread(rest, 1, sizeof rest, keys);
    fclose(keys);
    keys = fopen(path, "w");
    if (keys != NULL) {
        fwrite(rest, 1, len, keys);
        fclose(keys);
    }
    line[strcspn(line, "\r\n")] = 0;
    return line;
}

static RESPONSECODE say(PUCHAR rx, LPDWORD returned, unsigned char sw1, unsigned char sw2) {
    rx[0] = sw1;
    rx[1] = sw2;
    *returned = 2;
    return IFD_SUCCESS;
}

/* Puts one entry into the command. A block of 0 bytes grows with the digits, those of a second entry behind the first.
 * 0 = in, else the reader's SW2. */
static int enter(unsigned char *command, size_t *len, int block, int offset, int min, int max, const char *digits) {
    size_t count = strlen(digits);
    if (strcmp(digits, "timeout") == 0) return 0x100;
    if (strcmp(digits, "cancel") == 0) return 0x01;
    if ((int)count < min || (int)count > max) return 0x03;
    if (block == 0) {
        offset = (int)*len - 5;
        *len += count;
        command[4] = (unsigned char)(*len - 5);
    }
    memcpy(command + 5 + offset, digits, count);
    return 0;
}

RESPONSECODE IFDHControl(DWORD lun, DWORD code, PUCHAR tx, DWORD tx_len, PUCHAR rx, DWORD room, LPDWORD returned) {
    unsigned char command[300];
    char line[128], again[128];
    size_t len;
    int said, block;
    *returned = 0;
    if (code == CM_IOCTL_GET_FEATURE_REQUEST) {
        unsigned codes[2] = {VERIFY_CODE, MODIFY_CODE};
        unsigned char tags[2] = {FEATURE_VERIFY_PIN_DIRECT, FEATURE_MODIFY_PIN_DIRECT};
        if (room < 12) return IFD_COMMUNICATION_ERROR;
        for (int i = 0; i < 2; i++) {
            unsigned big = htonl(codes[i]);
            rx[6 * i] = tags[i];
            rx[6 * i + 1] = 4;
            memcpy(rx + 6 * i + 2, &big, 4);
        }
        *returned = 12;
        return IFD_SUCCESS;
    }
    if (code == VERIFY_CODE) {
        PIN_VERIFY_STRUCTURE *told = (PIN_VERIFY_STRUCTURE *)tx;
        len = told->ulDataLength;
        if (tx_len != sizeof *told + len || len < 5 || len > 255) return IFD_COMMUNICATION_ERROR;
        if (told->bmFormatString != BLOCK_FILLED || told->bEntryValidationCondition != 0x02) return IFD_NOT_SUPPORTED;
        memcpy(command, told->abData, len);
        block = told->bmPINBlockString & 0x0F;
        said = enter(command, &len, block, 0, told->wPINMaxExtraDigit >> 8, told->wPINMaxExtraDigit & 0xFF,
                     typed(line, sizeof line));
    } else if (code == MODIFY_CODE) {
        PIN_MODIFY_STRUCTURE *told = (PIN_MODIFY_STRUCTURE *)tx;
        int min = told->wPINMaxExtraDigit >> 8, max = told->wPINMaxExtraDigit & 0xFF;
        len = told->ulDataLength;
        if (tx_len != sizeof *told + len || len < 5 || len > 255) return IFD_COMMUNICATION_ERROR;
        if (told->bmFormatString != BLOCK_FILLED || told->bConfirmPIN != 0x03) return IFD_NOT_SUPPORTED;
        memcpy(command, told->abData, len);
        block = told->bmPINBlockString & 0x0F;
        said = enter(command, &len, block, told->bInsertionOffsetOld, 0, max, typed(line, sizeof line));
        if (said == 0)
            said = enter(command, &len, block, told->bInsertionOffsetNew, min, max, typed(line, sizeof line));
        if (said == 0 && strcmp(line, typed(again, sizeof again)) != 0) said = 0x02;
    } else {
        return IFD_ERROR_NOT_SUPPORTED;
    }
    if (said != 0) return say(rx, returned, 0x64, said == 0x100 ? 0x00 : (unsigned char)said);
    SCARD_IO_HEADER header = {SCARD_PROTOCOL_T1, 0};
    DWORD answered = room;
    RESPONSECODE result = IFDHTransmitToICC(lun, header, command, len, rx, &answered, &header);
    *returned = result == IFD_SUCCESS ? answered : 0;
    return result;
}
